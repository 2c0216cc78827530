/** Runs random schedules of many owners against a ResourceManager, beside a naive model that looks at every instant. */

import { isFlockError } from "../../../src/core/errors/errors.ts";
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
  settled: { readonly tokens: number; readonly microUsd: number; readonly at: number } | undefined;
  over: boolean;
}

type Capacity = { concurrency: number; gpu: number; requests: number; tokens: number; microUsd: number };

/**
 * Runs one schedule on two nested managers.
 *
 * @throws when more is held, taken in a window or spent than a limit allows, or when somebody is never answered.
 */
export async function runSchedule(seed: number, steps: number): Promise<ScheduleCounts> {
  const runtime = createTestRuntime({ seed });
  const random = (below: number) => Math.floor(runtime.random() * below);
  const outerMost: Capacity = { concurrency: 5, gpu: 2, requests: 12, tokens: 400, microUsd: 900_000 };
  const innerMost: Capacity = { concurrency: 3, gpu: 2, requests: 9, tokens: 300, microUsd: 500_000 };
  const capacities = [outerMost, innerMost];
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
    check(capacities, held, one, runtime.monotonic(), seed);
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
    // Some work turns out dearer than was reserved for it.
    const times = random(8) === 0 ? 2 : 1;
    const tokens = random(times * one.request.tokens + 1);
    const microUsd = random(times * Math.round(one.request.usd * 1e6) + 1);
    one.settled = { tokens, microUsd, at: runtime.monotonic() };
    one.lease.settle({ tokens, usd: microUsd / 1e6 });
  };
  const release = (): void => {
    const one = pick(live, random);
    if (one === undefined) return;
    one.over = true;
    live.delete(one);
    one.lease.release();
  };

  const configure = (): void => {
    const level = random(2);
    const capacity = capacities[level]!;
    capacity.concurrency = 2 + random(4);
    capacity.tokens = 150 + random(300);
    managers[level]!.configure({ concurrency: capacity.concurrency, tokens: { perSecond: capacity.tokens } });
  };

  for (let step = 0; step < steps; step++) {
    const choice = random(10);
    if (random(20) === 0) configure();
    else if (choice < 4) ask();
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

function limitsOf(capacity: Capacity) {
  return {
    concurrency: capacity.concurrency,
    requests: { perSecond: capacity.requests },
    tokens: { perSecond: capacity.tokens },
    usd: { total: capacity.microUsd / 1e6 },
    custom: { gpu: capacity.gpu },
  };
}

/** Looks at everything that is held, was taken in the last second, or is spent, at the instant something is given. */
function check(capacities: readonly Capacity[], held: readonly Held[], given: Held, now: number, seed: number): void {
  const asked = { ...given.request, gpu: given.request.custom.gpu, microUsd: given.request.usd };
  for (let at = 0; at <= given.level; at++) {
    const sums: Capacity = { concurrency: 0, gpu: 0, requests: 0, tokens: 0, microUsd: 0 };
    for (const one of held) {
      if (one.level < at) continue;
      if (!one.over) {
        sums.concurrency += one.request.concurrency;
        sums.gpu += one.request.custom.gpu;
      }
      sums.microUsd += one.settled?.microUsd ?? Math.round(one.request.usd * 1e6);
      const overrun = Math.max(0, (one.settled?.tokens ?? 0) - one.request.tokens);
      if (one.settled !== undefined && one.settled.at >= now - 1_000) sums.tokens += overrun;
      if (one.takenAt < now - 1_000) continue;
      sums.requests += one.request.requests;
      sums.tokens += (one.settled?.tokens ?? one.request.tokens) - overrun;
    }
    for (const key of Object.keys(sums) as (keyof Capacity)[]) {
      // After an overrun or a lowered limit there may be more, but nothing more of it may be given.
      if (asked[key] === 0 || sums[key] <= capacities[at]![key]) continue;
      throw new Error(`seed ${seed}, ${now} ms: ${sums[key]} of ${capacities[at]![key]} ${key} at level ${at}`);
    }
  }
}

function pick<Member>(set: ReadonlySet<Member>, random: (below: number) => number): Member | undefined {
  const at = random(set.size);
  let index = 0;
  for (const member of set) if (index++ === at) return member;
  return undefined;
}
