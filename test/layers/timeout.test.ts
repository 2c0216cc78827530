import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { executeRun } from "../../src/core/door/run.ts";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { deadlineQueue } from "../../src/core/runtime/deadline-queue.ts";
import { defaultStack } from "../../src/layers/default-stack.ts";
import { attemptTimeoutLayer } from "../../src/layers/recovery/attempt/attempt-timeout-layer.ts";
import { deadlineLayer } from "../../src/layers/timeout.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { makeEnvironment, runnable, tryAgain } from "../core/make-environment.ts";

const hang = (policy: object = {}, kind: "agent" | "model" = "agent") =>
  runnable("hang", () => new Promise<object>(() => {}), { policy, kind });

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

describe("the default stack", () => {
  it("has its layers in the order that gives them meaning, each with its reason", () => {
    const names = ["deadline", "cache", "recovery", "breaker", "resources", "attempt-timeout"];
    expect(defaultStack().map((layer) => layer.name)).toEqual(names);
    for (const layer of defaultStack()) expect((layer as { reason: string }).reason.length).toBeGreaterThan(20);
  });
});

describe("the deadline", () => {
  it("ends a run after its timeoutMs with a typed error, cancels what is below, and leaves no timer", async () => {
    const flock = makeEnvironment(defaultStack());
    let below: AbortSignal | undefined;
    const inner = runnable("inner", (_: object, context) => {
      below = context.signal;
      return new Promise<object>(() => {});
    });
    const outer = runnable("outer", (_: object, context) => context.call(inner, {}));
    const failed = failure(executeRun(outer, {}, { flock, timeoutMs: 500 }));
    await flock.runtime.clock.advance(499);
    expect(below?.aborted).toBe(false);
    await flock.runtime.clock.advance(1);
    const error = await failed;
    expect(isFlockError(error, "timeout") && error.details).toEqual({
      limit: "deadline",
      timeoutMs: 500,
      name: "outer",
    });
    expect(below?.reason).toBe(error);
    expect(flock.runtime.clock.pendingTimers).toBe(0);
  });

  it("of a runnable holds in every run, and the shorter of two wins at the root", async () => {
    const flock = makeEnvironment(defaultStack());
    const nested = runnable("nested", (_: object, context) => context.call(hang({ timeoutMs: 100 }), {} as never));
    const first = failure(executeRun(nested, {}, { flock }));
    await flock.runtime.clock.advance(100);
    expect(await first).toMatchObject({ code: "timeout", path: "run/nested#0/hang#0" });
    const second = failure(executeRun(hang({ timeoutMs: 100 }), {}, { flock, timeoutMs: 50 }));
    await flock.runtime.clock.advance(50);
    expect(await second).toMatchObject({ details: { timeoutMs: 50 } });
    const third = failure(executeRun(hang({ timeoutMs: 30 }), {}, { flock, timeoutMs: 50 }));
    await flock.runtime.clock.advance(30);
    expect(await third).toMatchObject({ details: { timeoutMs: 30 } });
  });

  it("covers retries and their waiting", async () => {
    const endless = tryAgain(Number.POSITIVE_INFINITY, 40);
    const flock = makeEnvironment([deadlineLayer(), endless, attemptTimeoutLayer()]);
    let tries = 0;
    const broken = runnable("broken", async () => Promise.reject(new Error(`no ${++tries}`)));
    const failed = failure(executeRun(broken, {}, { flock, timeoutMs: 100 }));
    await flock.runtime.clock.advance(100);
    expect(await failed).toMatchObject({ code: "timeout" });
    expect(tries).toBe(3);
    expect(flock.runtime.clock.pendingTimers).toBe(0);
  });
});

describe("the attempt timeout", () => {
  it("is 120 s on models, as declared elsewhere, and off for the rest", async () => {
    const flock = makeEnvironment([attemptTimeoutLayer()]);
    const model = failure(executeRun(hang({}, "model"), {}, { flock }));
    await flock.runtime.clock.advance(120_000);
    expect(await model).toMatchObject({ details: { limit: "attempt", timeoutMs: 120_000 } });
    const agent = failure(executeRun(hang({ attemptTimeoutMs: 70 }), {}, { flock }));
    await flock.runtime.clock.advance(70);
    expect(await agent).toMatchObject({ details: { limit: "attempt", timeoutMs: 70 } });
    const plan = flock.planFor(runnable("plain", async () => ({}), { kind: "tool" }));
    expect(plan.guards).toEqual([]);
  });

  it("ends the attempt, and recovery may try again; the late answer of the first is ignored", async () => {
    const once = tryAgain(2, 1);
    const flock = makeEnvironment([once, attemptTimeoutLayer()]);
    const answers: ((value: object) => void)[] = [];
    const slow = runnable("slow", () => new Promise<object>((resolve) => answers.push(resolve)), {
      policy: { attemptTimeoutMs: 10 },
    });
    const run = executeRun(slow, {}, { flock });
    await flock.runtime.clock.advance(12);
    expect(answers).toHaveLength(2);
    answers[0]?.({ from: "first" });
    await flock.runtime.clock.settle();
    answers[1]?.({ from: "second" });
    expect(await run).toEqual({ from: "second" });
    expect(flock.seen.filter((event) => event.type === "call-end")).toHaveLength(1);
  });

  it("is changed live by its knob, refuses nonsense, and is put back by undo", async () => {
    const flock = makeEnvironment(defaultStack());
    const target = hang({ attemptTimeoutMs: 70 });
    flock.planFor(target);
    const undo = flock.knobs.change("attempt-timeout:hang", 20);
    const short = failure(executeRun(target, {}, { flock }));
    await flock.runtime.clock.advance(20);
    expect(await short).toMatchObject({ details: { timeoutMs: 20 } });
    for (const wrong of [0, -1, Number.NaN, "5", null]) {
      expect(() => flock.knobs.change("attempt-timeout:hang", wrong)).toThrow("a timeout is milliseconds above 0");
    }
    undo();
    expect(flock.knobs.read("attempt-timeout:hang")).toBe(70);
    const long = failure(executeRun(target, {}, { flock }));
    await flock.runtime.clock.advance(70);
    expect(await long).toMatchObject({ details: { timeoutMs: 70 } });
  });
});

describe("a deadline queue", () => {
  it("expires exactly the limits that were not cancelled, each at its time, with one timer", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ startAfter: fc.nat(40), cancelAfter: fc.option(fc.nat(150)) }), { maxLength: 30 }),
        async (plans) => {
          const runtime = createTestRuntime();
          const queue = deadlineQueue(runtime, 100);
          const expired: [number, number][] = [];
          const expected: [number, number][] = [];
          let at = 0;
          for (const [index, plan] of plans.entries()) {
            await runtime.clock.advance(plan.startAfter);
            at += plan.startAfter;
            const deadline = queue.start(runtime.monotonic(), index, () => expired.push([index, runtime.monotonic()]));
            if (plan.cancelAfter === null) expected.push([index, at + 100]);
            else {
              runtime.setTimer(() => deadline.cancel(), plan.cancelAfter);
              if (plan.cancelAfter > 100) expected.push([index, at + 100]);
              if (plan.cancelAfter === 100) return;
            }
            expect(runtime.clock.pendingTimers).toBeLessThanOrEqual(1 + plans.length);
          }
          await runtime.clock.advance(400);
          expect(expired).toEqual(expected);
          expect(runtime.clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is one for each duration of a runtime", () => {
    const runtime = createTestRuntime();
    expect(deadlineQueue(runtime, 5)).toBe(deadlineQueue(runtime, 5));
    expect(deadlineQueue(runtime, 5)).not.toBe(deadlineQueue(runtime, 6));
    expect(deadlineQueue(createTestRuntime(), 5)).not.toBe(deadlineQueue(runtime, 5));
    const first = deadlineQueue(runtime, 5);
    for (let i = 0; i < 1_100; i++) deadlineQueue(runtime, 1_000 + i);
    expect(deadlineQueue(runtime, 5)).not.toBe(first);
  });
});
