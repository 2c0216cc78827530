/** One of several processes that share limits; tells what it got, by the server's clock, when it ends. */

import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { systemRuntime } from "../../../src/core/runtime/system-runtime.ts";
import { type ResourceLimits, ResourceManager } from "../../../src/entries/resources.ts";
import { RedisLimits, type RedisScriptClient } from "../../../src/entries/store.ts";

/** What a worker does. */
export interface WorkerTask {
  readonly url: string;
  readonly prefix: string;
  readonly work: "rate" | "concurrency" | "budget" | "hold";
  readonly limits: ResourceLimits;
  readonly leaseMs: number;
  readonly forMs: number;
  /** How many ask at a time. */
  readonly parallel: number;
  /** The process's own clocks are far off. */
  readonly wrongClock: boolean;
}

/** What it tells. */
export interface WorkerReport {
  /** Milliseconds on the server's clock at which something was granted. */
  readonly grants: readonly number[];
  mostAtATime: number;
  spentMicroUsd: number;
  failures: string[];
}

const task = JSON.parse(process.argv[2] ?? "{}") as WorkerTask;
const grants = new Map<string, number>();
const report: Omit<WorkerReport, "grants"> = { mostAtATime: 0, spentMicroUsd: 0, failures: [] };
const redis = new Redis(task.url);
redis.on("error", () => {});

/** Asks for the time in the same step, so that a grant's time is exactly that of the script. */
const timed: RedisScriptClient = {
  evalsha: (sha, keys, ...args) => withTime(redis.multi().evalsha(sha, keys, ...args), args),
  eval: (script, keys, ...args) => withTime(redis.multi().eval(script, keys, ...args), args),
  duplicate: () => redis.duplicate(),
};

async function withTime(multi: ReturnType<Redis["multi"]>, args: readonly string[]): Promise<unknown> {
  const answers = (await multi.time().exec()) as [Error | null, unknown][];
  const [[error, answer], [, time]] = answers as [[Error | null, unknown], [Error | null, [string, string]]];
  if (error !== null) throw error;
  const isGrant = Array.isArray(answer) && answer.length === 1 && answer[0] === 1 && args.length > 8;
  if (isGrant) grants.set(args[1]!, Number(time[0]) * 1_000 + Number(time[1]) / 1_000);
  // What nobody waited for any more was given back, and others may have it.
  for (const [index, arg] of args.entries()) if (arg === "cancelled") grants.delete(args[index - 1]!);
  return answer;
}

const off = 1e9;
const runtime = task.wrongClock
  ? { ...systemRuntime, now: () => Date.now() - off, monotonic: () => performance.now() + off }
  : systemRuntime;
const limits = new RedisLimits({ client: timed, prefix: task.prefix, leaseMs: task.leaseMs, runtime });
const manager = new ResourceManager(task.limits, { shared: limits, name: "gpt", runtime });
const end = performance.now() + task.forMs;

const works: Readonly<Record<WorkerTask["work"], () => Promise<void>>> = {
  async rate() {
    while (performance.now() < end) {
      try {
        using _ = await manager.acquire({ requests: 1 }, { timeoutMs: Math.max(0, end - performance.now()) });
      } catch {
        return;
      }
    }
  },
  async concurrency() {
    while (performance.now() < end) {
      const lease = await manager.acquire({ concurrency: 1 });
      report.mostAtATime = Math.max(report.mostAtATime, await redis.incr("running"));
      await sleep(2 + 8 * Math.random());
      await redis.decr("running");
      lease.release();
    }
  },
  async budget() {
    for (;;) {
      try {
        using lease = await manager.acquire({ usd: 0.001 });
        const used = Math.ceil(1_000 * Math.random());
        await sleep(1);
        lease.settle({ usd: used / 1e6 });
        report.spentMicroUsd += used;
      } catch (error) {
        report.failures.push((error as { code: string }).code);
        return;
      }
    }
  },
  async hold() {
    await manager.acquire({ concurrency: 1 });
  },
};

await Promise.all(Array.from({ length: task.parallel }, works[task.work]));
if (task.work === "hold") {
  process.stdout.write("held\n");
  await sleep(60_000);
}
await manager[Symbol.asyncDispose]();
await limits[Symbol.asyncDispose]();
redis.disconnect();
process.stdout.write(`${JSON.stringify({ ...report, grants: [...grants.values()] })}\n`);
