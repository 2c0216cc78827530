/** Prints what permits, windows and budgets cost beside two libraries of permits, and what an overload leaves: `npm run bench:resources`. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { Sema } from "async-sema";
import pLimit from "p-limit";
import { ResourceManager } from "../src/entries/resources.ts";
import { RedisLimits } from "../src/entries/store.ts";
import { createTestRuntime } from "../src/testing/test-runtime.ts";

/** Best of nine rounds, since other work on the machine only ever adds. */
function nanoseconds(count: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 9; round++) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < count; index++) work();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / count);
  }
  return best;
}

async function awaitedNanoseconds(count: number, work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 9; round++) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < count; index++) await work();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / count);
  }
  return best;
}

function print(label: string, figure: number, note = ""): void {
  console.log(`${label.padEnd(58)}${figure.toFixed(0).padStart(8)} ns  ${note}`);
}

const request = { concurrency: 1 };
const manager = new ResourceManager({ concurrency: 8 });
const nested = new ResourceManager({ concurrency: 100 }).child({ concurrency: 50 }).child({ concurrency: 8 });
const full = new ResourceManager({
  concurrency: 8,
  requests: { perMinute: 1e12 },
  tokens: { perMinute: 1e15 },
  usd: { total: 1e9 },
});
const sema = new Sema(8);
const limited = pLimit(8);
const nothing = async (): Promise<void> => {};

print(
  "permit: tryAcquire + release",
  nanoseconds(300_000, () => manager.tryAcquire(request)!.release()),
  "goal 80",
);
print(
  "async-sema: tryAcquire + release, no lease and no owner",
  nanoseconds(300_000, () => {
    sema.tryAcquire();
    sema.release();
  }),
);
print(
  "the clock alone: performance.now",
  nanoseconds(300_000, () => void performance.now()),
);
print(
  "permit: await acquire, release",
  await awaitedNanoseconds(100_000, async () => (await manager.acquire(request)).release()),
);
print(
  "async-sema: await acquire, release",
  await awaitedNanoseconds(100_000, async () => {
    await sema.acquire();
    sema.release();
  }),
);
print("p-limit: await an empty function", await awaitedNanoseconds(50_000, () => limited(nothing)));
print(
  "permit with an owner",
  nanoseconds(300_000, () => manager.tryAcquire(request, { owner: "run/agent#0" })!.release()),
);
print(
  "permit in three nested managers",
  nanoseconds(300_000, () => nested.tryAcquire(request)!.release()),
);
const whole = { concurrency: 1, requests: 1, tokens: 1_200, usd: 0.000_002 };
print(
  "permit, two windows and a budget, settled",
  nanoseconds(100_000, () => {
    const lease = full.tryAcquire(whole)!;
    lease.settle({ tokens: 800, usd: 0.000_001 });
    lease.release();
  }),
);

for (const waiting of [1_000, 9_000]) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 9; round++) {
    const busy = new ResourceManager({ concurrency: 1 });
    const first = busy.tryAcquire(request)!;
    const start = process.hrtime.bigint();
    const all = Array.from({ length: waiting }, async (_, index) => {
      (await busy.acquire(request, { owner: `owner-${index % 100}` })).release();
    });
    first.release();
    await Promise.all(all);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / waiting);
  }
  print(`a wait among ${waiting} of 100 owners, queued and served`, best);
}

globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
const wide = new ResourceManager({ concurrency: 200_000 });
const held = Array.from({ length: 100_000 }, () => wide.tryAcquire(request)!);
globalThis.gc?.();
console.log(
  `a held lease takes ${((process.memoryUsage().heapUsed - before) / held.length).toFixed(0)} bytes (needs --expose-gc)`,
);

await overload();
await overRedis();

/** Permits, and permits with a window and a budget, from a Redis server of its own on this machine. */
async function overRedis(): Promise<void> {
  if (spawnSync("redis-server", ["--version"]).status !== 0) {
    console.log("over Redis: skipped, redis-server is not installed");
    return;
  }
  const port = 36_379;
  const options = ["--port", `${port}`, "--save", "", "--bind", "127.0.0.1"];
  const server = spawn("redis-server", options, { stdio: "ignore" });
  try {
    await using shared = new RedisLimits({ url: `redis://127.0.0.1:${port}`, commandTimeoutMs: 10_000 });
    const limits = { concurrency: 1_000, requests: { perMinute: 1e12 }, usd: { total: 1e9 } };
    await using limiter = new ResourceManager(limits, { shared });
    const needs = { concurrency: 1, requests: 1, usd: 0.000_002 };
    (await limiter.acquire(request, { timeoutMs: 10_000 })).release();
    for (const [label, need] of [
      ["permit", request],
      ["permit, window and budget, settled", needs],
    ] as const) {
      for (const parallel of [1, 32]) {
        const count = parallel === 1 ? 2_000 : 300;
        const start = performance.now();
        const work = async (): Promise<void> => {
          for (let index = 0; index < count; index++) {
            const lease = await limiter.acquire(need);
            if (need === needs) lease.settle({ usd: 0.000_001 });
            lease.release();
          }
        };
        await Promise.all(Array.from({ length: parallel }, work));
        const perSecond = (1_000 * count * parallel) / (performance.now() - start);
        console.log(
          `over Redis, ${label}, ${parallel} at a time: ${perSecond.toFixed(0)} acquired and released a second`,
        );
      }
    }
  } finally {
    server.kill();
    await once(server, "exit");
  }
}

/** Ten times what the server bears, in simulated time: answers within 500 ms are good, each takes 50 ms. */
async function overload(): Promise<void> {
  const runtime = createTestRuntime({ seed: 11 });
  const limiter = new ResourceManager({ concurrency: 20 }, { runtime, maxQueue: 150 });
  const seconds = 5;
  const perSecond = (20 * 1_000) / 50;
  let good = 0;
  let refused = 0;
  const call = async (index: number): Promise<void> => {
    const startedAt = runtime.monotonic();
    try {
      using _ = await limiter.acquire(request, { owner: `user-${index % 50}`, timeoutMs: 430 });
      await runtime.sleep(50);
      if (runtime.monotonic() - startedAt <= 500) good += 1;
    } catch {
      refused += 1;
    }
  };
  for (let tick = 0; tick < seconds * 100; tick++) {
    for (let index = 0; index < perSecond / 10; index++) void call(index);
    await runtime.clock.advance(10);
  }
  await runtime.clock.advance(1_000);
  // What waits when the load ends is served in half a second more.
  const share = (100 * good) / (perSecond * (seconds + 0.5));
  console.log(
    `ten times the load: ${share.toFixed(1)} % of what the server bears was good, ${refused} refused; goal 90 %`,
  );
}
