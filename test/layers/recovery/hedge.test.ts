import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { executeRun } from "../../../src/core/door/run.ts";
import { FlockError } from "../../../src/core/errors/errors.ts";
import type { RetryStep } from "../../../src/core/recovery-settings.ts";
import { defaultStack } from "../../../src/layers/default-stack.ts";
import { makeEnvironment, runnable, story } from "../../core/make-environment.ts";
import { hangingHouse, hedge } from "./hanging-house.ts";

const retry = (changes: Partial<RetryStep> = {}): RetryStep => ({
  step: "retry",
  maxAttempts: 6,
  baseMs: 1,
  maxDelayMs: 1,
  on: undefined,
  budgetPerSuccess: 0.3,
  budgetReserve: 50,
  ...changes,
});

const busy = () =>
  new FlockError("model_failed", "busy", { details: { model: "model", retryable: true, status: 503 } });

describe("a hedge", () => {
  it("sends a second request after its time; the first to answer wins and the other is aborted at once", async () => {
    const house = hangingHouse((index) => (index === 0 ? 5_000 : 100), { recovery: hedge({ afterMs: 300 }) });
    const run = house.run();
    await house.runtime.clock.advance(400);
    expect(await run).toMatchObject({ ms: 400, value: { from: "run/agent#0/model#0@2" } });
    expect(house.requests.map(({ startedAt, endedAt }) => [startedAt, endedAt])).toEqual([
      [0, 400],
      [300, 400],
    ]);
    expect(house.requests[0]?.signal.aborted).toBe(true);
    expect(story(house.seen.filter(({ path }) => path.includes("model")))).toEqual([
      "call-start run/agent#0/model#0",
      "attempt-start run/agent#0/model#0",
      "attempt-start run/agent#0/model#0@2",
      "attempt-end run/agent#0/model#0@2 ok",
      "attempt-end run/agent#0/model#0 cancelled",
      "recovery-applied run/agent#0/model#0",
      "call-end run/agent#0/model#0 ok",
    ]);
    expect(house.seen.find(({ type }) => type === "recovery-applied")).toMatchObject({
      strategy: "hedge",
      healed: true,
    });
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("sends none when the first answers in time, and leaves no timer", async () => {
    const house = hangingHouse(() => 100, { recovery: hedge({ afterMs: 300 }) });
    const run = house.run();
    await house.runtime.clock.advance(100);
    expect(await run).toMatchObject({ ms: 100, value: { from: "run/agent#0/model#0" } });
    expect(house.requests).toHaveLength(1);
    expect(house.runtime.clock.pendingTimers).toBe(0);
    expect(house.seen.some(({ type }) => type === "recovery-applied")).toBe(false);
  });

  it("takes the first when that is quicker after all", async () => {
    const house = hangingHouse((index) => (index === 0 ? 350 : 100), { recovery: hedge({ afterMs: 300 }) });
    const run = house.run();
    await house.runtime.clock.advance(350);
    expect(await run).toMatchObject({ ms: 350, value: { from: "run/agent#0/model#0" } });
    expect(house.requests[1]?.signal.aborted).toBe(true);
    expect(house.seen.find(({ type }) => type === "recovery-applied")).toMatchObject({ healed: false });
  });

  it("waits for the learnt percentile, also when that becomes known on the way, and not before 50 answers", async () => {
    const house = hangingHouse((index) => (index === 0 ? "hang" : 100), { recovery: hedge() });
    const first = house.run();
    await house.runtime.clock.settle();
    await house.teach(49, 200);
    await house.runtime.clock.advance(3_000);
    expect(house.requests).toHaveLength(50);
    await house.teach(1, 200);
    await house.runtime.clock.advance(200);
    expect(await first).toMatchObject({ ms: 3_600 });
    house.behave((index) => (index === 52 ? "hang" : 100));
    const second = house.run();
    await house.runtime.clock.advance(400);
    const { ms } = await second;
    expect(ms).toBeGreaterThan(290);
    expect(ms).toBeLessThan(310);
  });

  it("does not believe that answers became quick because it ended the slow ones", async () => {
    const house = hangingHouse(() => 100, { recovery: hedge() });
    await house.teach(50, 200);
    house.behave((_, random) => (random() < 0.05 ? 2_000 : 150 + Math.floor(random() * 100)));
    for (let i = 0; i < 40; i++) {
      const runs = Array.from({ length: 50 }, () => house.run());
      await house.runtime.clock.advance(20_000);
      await Promise.all(runs);
    }
    const hedged = house.requests.length - 50 - 2_000;
    expect(hedged / 2_000).toBeLessThan(0.09);
    expect(hedged / 2_000).toBeGreaterThan(0.02);
  });

  it("waits for the other when one fails, and gives its value", async () => {
    for (const firstFails of [true, false]) {
      const house = hangingHouse(() => 10, { recovery: hedge({ afterMs: 300 }) });
      const late = Object.assign(busy(), { afterMs: 350 });
      house.behave((index) => ((index === 0) === firstFails ? late : 500));
      const run = house.run();
      await house.runtime.clock.advance(900);
      expect((await run).error).toBeUndefined();
      expect(house.requests).toHaveLength(2);
    }
  });

  it("leaves it to recovery when all fail, which lists every attempt", async () => {
    const house = hangingHouse((index) => (index === 0 ? "hang" : busy()), {
      recovery: [hedge({ afterMs: 300 }), retry({ maxAttempts: 4 })],
    });
    const run = house.run();
    await house.runtime.clock.advance(300_000);
    const { error } = await run;
    expect(error).toMatchObject({ code: "model_failed" });
    expect((error as FlockError).attempts.map(({ attempt, code }) => `${attempt} ${code}`)).toEqual([
      "2 model_failed",
      "1 timeout",
      "3 model_failed",
      "4 model_failed",
    ]);
    expect(house.seen.filter(({ type, path }) => type === "call-end" && path.endsWith("model#0"))).toHaveLength(1);
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("gives recovery the failure when no other was sent", async () => {
    const house = hangingHouse((index) => (index === 0 ? busy() : 10), {
      recovery: [hedge({ afterMs: 300 }), retry()],
    });
    const run = house.run();
    await house.runtime.clock.advance(100);
    expect((await run).value).toEqual({ from: "run/agent#0/model#0@2" });
  });

  it("sends nothing the budget of retries does not pay for, and asks it again", async () => {
    const recovery = [hedge({ afterMs: 100 }), retry({ budgetReserve: 50, budgetPerSuccess: 0.5 })];
    const house = hangingHouse((_, random) => 1_000 + Math.floor(random() * 3), { recovery });
    const runs = Array.from({ length: 120 }, () => house.run());
    await house.runtime.clock.advance(500);
    expect(house.requests).toHaveLength(170);
    await house.runtime.clock.advance(10_000);
    await Promise.all(runs);
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("never repeats what acted, nor a tool that may not be repeated", async () => {
    const flock = makeEnvironment(defaultStack(), undefined, hedge({ afterMs: 10 }));
    let calls = 0;
    const slow = async (_: object, context: { runtime: { sleep(ms: number): Promise<void> } }) => {
      calls += 1;
      await context.runtime.sleep(100);
      return {};
    };
    const own = hedge({ afterMs: 10 });
    const charging = runnable("charge", slow, { kind: "tool", policy: { recovery: own } });
    const reading = runnable("read", slow, { kind: "tool", policy: { recovery: own, idempotent: true } });
    const lookup = runnable("look", slow, { kind: "tool", policy: { idempotent: true } });
    for (const [tool, expected] of [
      [charging, 1],
      [reading, 2],
      [lookup, 1],
    ] as const) {
      calls = 0;
      const agent = runnable("agent", (_: object, context) => context.call(tool, {}));
      const run = executeRun(agent, {}, { flock });
      await flock.runtime.clock.advance(200);
      await run;
      expect(calls, tool.name).toBe(expected);
    }
  });

  it("of a call that hangs through all its requests goes on as after a timeout, once times are known", async () => {
    const house = hangingHouse(() => 10, { recovery: hedge() });
    await house.teach(60, 200);
    house.behave((index) => (index < 63 ? "hang" : 100));
    const run = house.run();
    await house.runtime.clock.advance(2_000);
    const { ms } = await run;
    expect(ms).toBeGreaterThan(1_250);
    expect(ms).toBeLessThan(1_350);
    expect(house.requests).toHaveLength(60 + 1 + 1 + 1 + 2);
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("keeps to the deadline, and ends with an abort, leaving nothing", async () => {
    for (const end of ["deadline", "abort"]) {
      const house = hangingHouse(() => "hang", { recovery: hedge({ afterMs: 100, maxExtra: 3 }) });
      const controller = new AbortController();
      const run = house.run(undefined, end === "abort" ? { signal: controller.signal } : { timeoutMs: 250 });
      await house.runtime.clock.advance(250);
      controller.abort(new Error("enough"));
      await house.runtime.clock.settle();
      const { error, ms } = await run;
      expect(ms).toBe(250);
      expect(error).toMatchObject(end === "abort" ? { message: "enough" } : { details: { limit: "deadline" } });
      expect(house.requests).toHaveLength(3);
      for (const { signal } of house.requests) expect(signal.aborted).toBe(true);
      await house.runtime.clock.advance(10_000);
      expect(house.requests).toHaveLength(3);
      expect(house.runtime.clock.pendingTimers).toBe(0);
    }
  });

  it("keeps its promises in any schedule", async () => {
    const behaviour = fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.constantFrom("hang" as const, busy()));
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { minLength: 12, maxLength: 30 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 400 }),
        fc.option(fc.integer({ min: 1, max: 3_000 })),
        fc.integer({ min: 0, max: 12 }),
        async (behaviours, maxExtra, afterMs, abortAfterMs, reserve) => {
          const house = hangingHouse((index) => behaviours[index % behaviours.length]!, {
            recovery: [hedge({ afterMs, maxExtra }), retry({ maxAttempts: 1, budgetReserve: reserve })],
          });
          const controller = new AbortController();
          if (abortAfterMs !== null) house.runtime.setTimer(() => controller.abort(new Error("stop")), abortAfterMs);
          const runs = Array.from({ length: 4 }, () => house.run(undefined, { signal: controller.signal }));
          await house.runtime.clock.advance(130_000);
          await Promise.all(runs);
          const extra = house.requests.length - 4;
          expect(extra).toBeLessThanOrEqual(4 * maxExtra);
          for (const { endedAt } of house.requests) expect(endedAt).toBeDefined();
          const ends = house.seen.filter(({ type, path }) => type === "call-end" && path.endsWith("model#0"));
          expect(ends).toHaveLength(4);
          const started = house.seen.filter(({ type }) => type === "attempt-start").length;
          expect(house.seen.filter(({ type }) => type === "attempt-end")).toHaveLength(started);
          expect(house.runtime.clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
