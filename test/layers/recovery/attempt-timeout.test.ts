import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { executeRun } from "../../../src/core/door/run.ts";
import { DeadlineQueue } from "../../../src/core/runtime/deadline-queue.ts";
import { defaultStack } from "../../../src/layers/default-stack.ts";
import { AnswerTimes } from "../../../src/layers/recovery/attempt/answer-times.ts";
import type { LearntLimit } from "../../../src/layers/recovery/attempt/learnt-limit.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { makeEnvironment, runnable } from "../../core/make-environment.ts";
import { hangingHouse, timeout } from "./hanging-house.ts";

const once = { step: "retry", maxAttempts: 1, baseMs: 1, maxDelayMs: 1, on: undefined } as const;
const noRetry = { ...once, budgetPerSuccess: 0, budgetReserve: 1 };

describe("the attempt timeout of a model", () => {
  it("is 120 s while fewer than 50 answers are known", async () => {
    const house = hangingHouse(() => "hang", { modelRecovery: noRetry });
    await house.teach(49, 200);
    const run = house.run();
    await house.runtime.clock.advance(119_999);
    expect(house.requests[49]?.signal.aborted).toBe(false);
    await house.runtime.clock.advance(1);
    expect(await run).toMatchObject({ ms: 120_000, error: { details: { limit: "attempt", timeoutMs: 120_000 } } });
  });

  it("is five times the 99th percentile once 50 are known, and at least 5 s", async () => {
    for (const [answerMs, limitMs] of [
      [200, 5_000],
      [4_000, 20_000],
      [100_000, 500_000],
    ] as const) {
      const house = hangingHouse(() => "hang", { modelRecovery: noRetry });
      await house.teach(50, answerMs);
      const run = house.run();
      await house.runtime.clock.advance(limitMs * 1.1);
      const { ms, error } = await run;
      expect(error).toMatchObject({ code: "timeout", details: { limit: "attempt", name: "model" } });
      expect(ms).toBeGreaterThanOrEqual(limitMs * 0.97);
      expect(ms).toBeLessThanOrEqual(limitMs * 1.03);
      expect(house.knobs.read("attempt-timeout:model")).toBe(ms);
    }
  });

  it("cuts attempts in flight when it drops", async () => {
    const house = hangingHouse(() => "hang", { modelRecovery: noRetry });
    const hung = house.run();
    await house.runtime.clock.advance(1_000);
    await house.teach(50, 200);
    await house.runtime.clock.advance(10_000);
    expect(await hung).toMatchObject({ ms: 5_000, error: { code: "timeout" } });
  });

  it("cuts at once what has run for longer than it drops to", async () => {
    const house = hangingHouse(() => "hang", { modelRecovery: noRetry });
    const hung = house.run();
    await house.runtime.clock.advance(30_000);
    await house.teach(50, 200);
    await house.runtime.clock.settle();
    expect((await hung).ms).toBe(30_200);
  });

  it("is learnt for each agent alone", async () => {
    const house = hangingHouse(() => "hang", { modelRecovery: noRetry });
    await house.teach(60, 200);
    const other = house.run("other");
    await house.runtime.clock.advance(119_999);
    expect(house.requests[60]?.signal.aborted).toBe(false);
    await house.runtime.clock.advance(1);
    expect((await other).ms).toBe(120_000);
  });

  it("doubles with each attempt that it cut, so that a long answer still gets through", async () => {
    const house = hangingHouse(() => 50);
    await house.teach(50, 200);
    house.behave(() => 35_000);
    const run = house.run();
    await house.runtime.clock.advance(200_000);
    const { value } = await run;
    expect(value).toBeDefined();
    const own = house.requests.slice(50);
    const times = own.map(({ startedAt, endedAt }) => endedAt! - startedAt);
    expect(times).toEqual([5_000, 10_000, 10_000, 10_000, 10_000, 35_000]);
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("never doubles beyond 120 s", async () => {
    const house = hangingHouse(() => "hang");
    const run = house.run();
    await house.runtime.clock.advance(1_000_000);
    expect((await run).error).toMatchObject({ code: "timeout", attempts: { length: 6 } });
    for (const { startedAt, endedAt } of house.requests) expect(endedAt! - startedAt).toBe(120_000);
  });

  it("follows a model that became slower", async () => {
    const house = hangingHouse(() => 50);
    await house.teach(2_000, 200);
    await house.teach(600, 4_000);
    expect(house.knobs.read("attempt-timeout:model")).toBeGreaterThan(19_000);
    await house.teach(9_000, 200);
    expect(house.knobs.read("attempt-timeout:model")).toBe(5_000);
  });

  it("stays at 120 s where failures are not recovered from", async () => {
    const house = hangingHouse(() => "hang", { modelRecovery: false });
    await house.teach(60, 200);
    const run = house.run();
    await house.runtime.clock.advance(120_000);
    expect(await run).toMatchObject({ ms: 120_000, error: { code: "timeout" } });
  });

  it("is what is declared: nearest first, and a turned knob before all", async () => {
    const cases = [
      [{ recovery: timeout({ attemptMs: 3_000 }) }, 3_000],
      [{ recovery: timeout({ attemptMs: 3_000 }), agentRecovery: [timeout({ attemptMs: 2_000 }), noRetry] }, 2_000],
      [{ agentRecovery: timeout({ attemptMs: 2_000 }), modelRecovery: [noRetry, timeout({ attemptMs: 700 })] }, 700],
      [{ agentRecovery: timeout({ attemptMs: 2_000 }), modelRecovery: timeout({ firstTokenMs: 60_000 }) }, 2_000],
    ] as const;
    for (const [options, limitMs] of cases) {
      const house = hangingHouse(() => "hang", options);
      await house.teach(60, 100);
      const run = house.run(undefined, { timeoutMs: 100_000 });
      await house.runtime.clock.advance(limitMs);
      const own = house.requests.slice(60);
      expect(own[0]).toMatchObject({ endedAt: own[0]!.startedAt + limitMs });
      house.knobs.change("attempt-timeout:model", 50);
      await house.runtime.clock.advance(200_000);
      const last = house.requests.at(-1)!;
      if (house.requests.length > 63) expect(last.endedAt! - last.startedAt).toBe(50);
      await run;
      expect(house.runtime.clock.pendingTimers).toBe(0);
    }
  });

  it("remembers 64 agents of a model and lets the oldest go", async () => {
    const house = hangingHouse(() => "hang", { modelRecovery: noRetry });
    await house.teach(60, 200);
    house.behave(() => 10);
    const others = Array.from({ length: 64 }, (_, i) => house.run(`other ${i}`));
    await house.runtime.clock.advance(10);
    await Promise.all(others);
    house.behave(() => "hang");
    const run = house.run();
    await house.runtime.clock.advance(120_000);
    expect((await run).ms).toBe(120_000);
  });

  it("leaves nothing behind when the run is aborted or its time is over", async () => {
    const house = hangingHouse(() => "hang");
    await house.teach(50, 200);
    const controller = new AbortController();
    const reason = new Error("enough");
    const aborted = house.run(undefined, { signal: controller.signal });
    const timed = house.run(undefined, { timeoutMs: 5_700 });
    await house.runtime.clock.advance(5_700);
    expect(house.requests.length).toBeGreaterThan(53);
    controller.abort(reason);
    await house.runtime.clock.settle();
    expect((await aborted).error).toBe(reason);
    expect((await timed).error).toMatchObject({ details: { limit: "deadline" } });
    for (const { signal } of house.requests.slice(50)) expect(signal.aborted).toBe(true);
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });
});

describe("the learnt limits", () => {
  const limits = (): LearntLimit[] => [
    { percentile: 99, factor: 5, leastMs: 5_000, queue: new DeadlineQueue(createTestRuntime(), 1) },
    { percentile: 95, factor: 1, leastMs: 1, queue: new DeadlineQueue(createTestRuntime(), 1) },
  ];

  it("know percentiles within 5 % and never let the limit of attempts below 5 s, whatever the answers take", () => {
    const shapes = fc.oneof(
      fc.array(fc.double({ min: 1, max: 600_000, noNaN: true }), { minLength: 50, maxLength: 900 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 50, maxLength: 900 }),
      fc.array(fc.constantFrom(200, 200, 200, 9_000), { minLength: 50, maxLength: 900 }),
    );
    fc.assert(
      fc.property(shapes, (times) => {
        const known = limits();
        const answers = new AnswerTimes(known, times.slice(0, 50));
        for (const ms of times.slice(50)) answers.note(ms);
        answers.follow();
        const sorted = times.toSorted((a, b) => a - b);
        for (const percent of [50, 95, 99]) {
          const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1]!;
          expect(Math.abs(answers.percentile(percent) / exact - 1)).toBeLessThan(0.05);
        }
        expect(known[0]?.queue.timeoutMs).toBeGreaterThanOrEqual(5_000);
      }),
    );
  });

  it("take times that no clock gives", () => {
    const answers = new AnswerTimes(limits(), [0, -5, 1e12]);
    expect(answers.percentile(50)).toBeLessThan(1.05);
    expect(answers.percentile(100)).toBeGreaterThan(4e6);
  });
});

describe("a deadline queue whose limit changes", () => {
  it("ends each limit at the time it has by then, at once when that is over", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ afterMs: fc.nat(50), change: fc.option(fc.integer({ min: 1, max: 200 })) }), {
          maxLength: 20,
        }),
        async (moves) => {
          const runtime = createTestRuntime();
          const queue = new DeadlineQueue(runtime, Number.POSITIVE_INFINITY);
          const open = new Map<number, number>();
          for (const [index, { afterMs, change }] of moves.entries()) {
            await runtime.clock.advance(afterMs);
            if (change !== null) queue.change(change);
            else {
              open.set(index, runtime.clock.elapsedMs);
              queue.start(runtime.monotonic(), index, (one) => open.delete(one));
            }
            await runtime.clock.advance(0);
            const now = runtime.clock.elapsedMs;
            for (const startedAt of open.values()) expect(startedAt + queue.timeoutMs).toBeGreaterThan(now);
          }
          queue.change(5);
          await runtime.clock.advance(5);
          expect(open.size).toBe(0);
          expect(runtime.clock.pendingTimers).toBe(0);
        },
      ),
    );
  });
});

describe("the attempt timeout of a tool", () => {
  it("is what the tool itself declares, and nothing that is declared around it", async () => {
    const flock = makeEnvironment(defaultStack(), createTestRuntime(), timeout({ attemptMs: 50 }));
    const hang = () => new Promise<object>(() => {});
    const own = runnable("own", hang, { kind: "tool", policy: { recovery: timeout({ attemptMs: 30 }) } });
    const plain = runnable("plain", hang, { kind: "tool", policy: { idempotent: true } });
    const first = executeRun(own, {}, { flock }).catch((error: unknown) => error);
    while (flock.runtime.clock.pendingTimers === 0) await flock.runtime.clock.settle();
    await flock.runtime.clock.advance(30);
    expect(await first).toMatchObject({ code: "timeout", details: { limit: "attempt", timeoutMs: 30, name: "own" } });
    expect(flock.knobs.read("attempt-timeout:own")).toBe(30);
    const agent = runnable("agent", (_: object, context) => context.call(plain, {}));
    const second = executeRun(agent, {}, { flock, timeoutMs: 500 }).catch((error: unknown) => error);
    await flock.runtime.clock.advance(500);
    expect(await second).toMatchObject({ details: { limit: "deadline" } });
  });
});
