import { expect, it } from "vitest";
import { breakerKnob } from "../../../src/layers/recovery/breaker/breaker-knob.ts";
import { CircuitBreaker } from "../../../src/layers/recovery/breaker/circuit-breaker.ts";
import { BackoffWaits } from "../../../src/layers/recovery/budget/backoff-waits.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

it("waits between attempts end in time, all at once, or with the signal's own reason, and leave no timer", async () => {
  const runtime = createTestRuntime();
  const waits = new BackoffWaits(runtime);
  const controller = new AbortController();
  const reason = new Error("enough");
  const inTime = waits.wait(100, new AbortController().signal);
  const aborted = expect(waits.wait(500, controller.signal)).rejects.toBe(reason);
  const sentOn = waits.wait(1000, new AbortController().signal);
  await runtime.clock.advance(100);
  expect(await inTime).toBe(true);
  controller.abort(reason);
  await aborted;
  await expect(waits.wait(1, controller.signal)).rejects.toBe(reason);
  waits.endAll();
  expect(await sentOn).toBe(false);
  expect(runtime.clock.pendingTimers).toBe(0);
});

it("a breaker's knob reads null where nothing is set, and takes it back as it was", () => {
  const breaker = new CircuitBreaker({ consecutiveFailures: 3 }, { runtime: createTestRuntime() });
  const knob = breakerKnob("m", breaker);
  expect(knob.read()).toMatchObject({ state: "closed", consecutiveFailures: 3, failureRate: null });
  expect(knob.check(knob.read())).toBeUndefined();
  knob.change(knob.read());
  expect(breaker.settings.failureRate).toBe(Number.POSITIVE_INFINITY);
});
