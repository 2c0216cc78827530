/** Runs random schedules of many owners against a ResourceManager, beside a naive model that looks at every instant. */

import { isFlockError } from "../../../src/core/errors.ts";
import { type Lease, ResourceManager, type ResourceRequest } from "../../../src/entries/resources.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

/** What one schedule did. */
export interface ScheduleCounts {
  steps: number;
  asked: number;
  granted: number;
  refused: number;
}

interface Held {
  readonly lease: Lease;
  readonly level: number;
  readonly request: Required<Omit<ResourceRequest, "custom">> & { readonly custom: { readonly gpu: number } };
  readonly takenAt: number;
  settled: { readonly tokens: number; readonly microUsd: number } | undefined;
  over: boolean;
}

const capacities = [
  { concurrency: 5, gpu: 2, requests: 12, tokens: 400, microUsd: 900_000 },
  { concurrency: 3, gpu: 2, requests: 9, tokens: 300, microUsd: 500_000 },
];

/**
 * Runs one schedule on two nested managers.
 *
 * @throws when more is held, taken in a window or spent than a limit allows, or when somebody is never answered.
 */
export async function runSchedule(seed: number, steps: number): Promise<ScheduleCounts> {
  const runtime = createTestRuntime({ seed });
  const random = (below: number) => Math.floor(runtime.random() * below);
  const [outerMost, innerMost] = capacities as [(typeof capacities)[0], (typeof capacities)[0]];
  const outer = new ResourceManager(limitsOf(outerMost), { runtime, maxQueue: 12, ageingMs: 200 });
  const inner = outer.child(limitsOf(innerMost), { maxQueue: 6 });
  const managers = [outer, inner];
  const counts: ScheduleCounts = { steps, asked: 0, granted: 0, refused: 0 };
  const held: Held[] = [];
  const live = new Set<Held>();
  let open = 0;

  const granted = (lease: Lease, level: number, request: Held["request"]): void => {
    const one: Held = { lease, level, request, takenAt: runtime.monotonic(), settled: undefined, over: false };
    held.push(one);
    live.add(one);
    counts.granted += 1;
    check(held, live, level, runtime.monotonic(), seed);
  };
  const ask = (): void => {
    const level = random(2);
    const request = {
      concurrency: random(4) === 0 ? 0 : 1 + random(2),
      requests: random(2),
      tokens: random(3) === 0 ? 0 : random(120),
      usd: random(3) === 0 ? 0 : random(60_000) / 1e6,
      custom: { gpu: random(5) === 0 ? 1 + random(2) : 0 },
    };
    const controller = new AbortController();
    counts.asked += 1;
    const manager = managers[level]!;
    const owner = `owner-${random(4)}`;
    if (random(5) === 0) {
      const lease = manager.tryAcquire(request, { owner });
      if (lease !== undefined) granted(lease, level, request);
      return;
    }
    const timeoutMs = random(6) === 0 ? random(800) : undefined;
    open += 1;
    manager.acquire(request, { owner, priority: random(3), timeoutMs, signal: controller.signal }).then(
      (lease) => {
        open -= 1;
        granted(lease, level, request);
      },
      (error) => {
        open -= 1;
        counts.refused += 1;
        if (!isFlockError(error) && error !== "enough") throw error;
      },
    );
    if (random(8) === 0) controller.abort("enough");
  };
  const settle = (): void => {
    const one = pick(live, random);
    if (one === undefined || one.settled !== undefined) return;
    const tokens = random(one.request.tokens + 1);
    const microUsd = random(Math.round(one.request.usd * 1e6) + 1);
    one.settled = { tokens, microUsd };
    one.lease.settle({ tokens, usd: microUsd / 1e6 });
  };
  const release = (): void => {
    const one = pick(live, random);
    if (one === undefined) return;
    one.over = true;
    live.delete(one);
    one.lease.release();
  };

  for (let step = 0; step < steps; step++) {
    const choice = random(10);
    if (choice < 4) ask();
    else if (choice < 6) settle();
    else if (choice < 9) release();
    else await runtime.clock.advance(random(400));
    // Served promises continue before the next step, as they would between two turns.
    await null;
    await null;
  }
  for (let round = 0; open > 0 || live.size > 0; round++) {
    if (round > 2_000) throw new Error(`seed ${seed}: ${open} were never answered, ${live.size} held`);
    while (live.size > 0) release();
    await runtime.clock.advance(100);
  }
  if (outer.queued !== 0 || outer.holders().length !== 0) throw new Error(`seed ${seed}: something was left behind`);
  return counts;
}

function limitsOf(capacity: (typeof capacities)[0]) {
  return {
    concurrency: capacity.concurrency,
    requests: { perSecond: capacity.requests },
    tokens: { perSecond: capacity.tokens },
    usd: { total: capacity.microUsd / 1e6 },
    custom: { gpu: capacity.gpu },
  };
}

function check(held: Held[], live: ReadonlySet<Held>, level: number, now: number, seed: number): void {
  for (let at = 0; at <= level; at++) {
    const sums = { concurrency: 0, gpu: 0, requests: 0, tokens: 0, microUsd: 0 };
    for (const one of live) {
      if (one.level < at) continue;
      sums.concurrency += one.request.concurrency;
      sums.gpu += one.request.custom.gpu;
    }
    for (const one of held) {
      if (one.level < at) continue;
      sums.microUsd += one.settled?.microUsd ?? Math.round(one.request.usd * 1e6);
      // Any interval of a second: those that end where something is taken hold the most.
      if (one.takenAt < now - 1_000) continue;
      sums.requests += one.request.requests;
      sums.tokens += one.settled?.tokens ?? one.request.tokens;
    }
    for (const [key, sum] of Object.entries(sums)) {
      const capacity = capacities[at]![key as keyof (typeof capacities)[0]];
      if (sum > capacity) throw new Error(`seed ${seed}, ${now} ms: ${sum} of ${capacity} ${key} at level ${at}`);
    }
  }
}

function pick<Member>(set: ReadonlySet<Member>, random: (below: number) => number): Member | undefined {
  const at = random(set.size);
  let index = 0;
  for (const member of set) if (index++ === at) return member;
  return undefined;
}
