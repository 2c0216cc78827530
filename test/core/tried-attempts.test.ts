import { describe, expect, it } from "vitest";
import type { EventOf } from "../../src/core/events/event.ts";
import type { WrapperLayer } from "../../src/core/layer.ts";
import type { RecoveryChoice } from "../../src/core/recovery-settings.ts";
import type { AnyRunnable } from "../../src/core/runnable.ts";
import { breaker } from "../../src/errors/steps/breaker.ts";
import { fallback } from "../../src/errors/steps/fallback.ts";
import { hedge } from "../../src/errors/steps/hedge.ts";
import { retry } from "../../src/errors/steps/retry.ts";
import { Flock } from "../../src/flock.ts";
import { RunRecorder } from "../../src/introspection/record/run-recorder.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { runnable } from "./make-environment.ts";

const busy = () => Object.assign(new Error("busy"), { status: 503 });

/** A model that takes so long for each of its requests, and fails where the time is below 0. */
function model(name: string, times: readonly number[]): AnyRunnable {
  let asked = 0;
  const costOf = () => ({
    usage: { inputTokens: 1, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    costMicroUsd: name === "first" ? 7 : 3,
  });
  return runnable(
    name,
    async (_: object, context) => {
      const ms = times[asked++ % times.length]!;
      await context.runtime.sleep(Math.abs(ms), context.signal);
      if (ms < 0) throw busy();
      return { from: name };
    },
    { kind: "model", costOf },
  );
}

async function triedOf(asked: AnyRunnable, recovery: RecoveryChoice) {
  const runtime = createTestRuntime();
  const recorder = new RunRecorder();
  await using flock = new Flock({ runtime, recovery });
  flock.events.add(recorder);
  const running = flock.run(asked, {} as never).catch(() => undefined);
  await runtime.clock.advance(60_000);
  await running;
  return recorder.calls(asked.name)[0]!;
}

const quick = { baseMs: 0, maxDelayMs: 0 };

describe("the attempts of a recorded call", () => {
  it("are not there when the first answered", async () => {
    expect(await triedOf(model("first", [100]), retry())).toMatchObject({ attempts: 1, tried: undefined });
    expect(await triedOf(model("first", [100]), hedge({ afterMs: 200 }))).toMatchObject({
      attempts: 1,
      tried: undefined,
    });
    expect(await triedOf(model("first", [-100]), false)).toMatchObject({ attempts: 1, tried: undefined });
  });

  it("tell of retries and of what was called instead, each with its times, its failure and its cost", async () => {
    const recovery = [retry({ ...quick, maxAttempts: 2 }), fallback(model("second", [40]))];
    const { tried, attempts, costMicroUsd } = await triedOf(model("first", [-100, -200]), recovery);
    const failed = { outcome: "error", code: "unknown", costMicroUsd: undefined };
    expect(tried).toEqual([
      { name: "first", ...failed, beganMs: 0, endedMs: 100 },
      { name: "first", ...failed, beganMs: 100, endedMs: 300 },
      { name: "second", outcome: "ok", code: undefined, beganMs: 300, endedMs: 340, costMicroUsd: 3 },
    ]);
    expect([attempts, costMicroUsd]).toEqual([3, 3]);
  });

  it("tell who won a race", async () => {
    const { tried } = await triedOf(model("first", [500, 50]), hedge({ afterMs: 200 }));
    expect(tried).toMatchObject([
      { name: "first", outcome: "ok", beganMs: 200, endedMs: 250, costMicroUsd: 7 },
      { name: "first", outcome: "cancelled", beganMs: 0, endedMs: 250, costMicroUsd: undefined },
    ]);
    const late = await triedOf(model("first", [300, 500]), hedge({ afterMs: 200 }));
    expect(late.tried).toMatchObject([
      { outcome: "ok", beganMs: 0, endedMs: 300 },
      { outcome: "cancelled", beganMs: 200, endedMs: 300 },
    ]);
  });

  it("are 32 at most: the first and the last", async () => {
    const budget = { budgetReserve: 1_000, budgetPerSuccess: 1 };
    const recovery = [
      retry({ ...quick, ...budget, maxAttempts: 50 }),
      breaker({ consecutiveFailures: 100, minimumCalls: 100 }),
    ];
    const { tried, attempts } = await triedOf(model("first", [-10]), recovery);
    expect(attempts).toBe(50);
    expect(tried).toHaveLength(32);
    const began = tried!.map(({ beganMs }) => beganMs);
    expect(began).toEqual([...began].sort((a, b) => a - b));
    expect(tried![0]).toMatchObject({ beganMs: 0, endedMs: 10 });
  });

  it("count a wrapper's pass to a hedge as none of them, and can be changed by nobody who is told", async () => {
    const runtime = createTestRuntime();
    const wrapper = { form: "wrapper", name: "w", wrap: (call, next) => next(call) } as const satisfies WrapperLayer;
    await using flock = new Flock({
      ...{ runtime, recovery: [hedge({ afterMs: 300 }), retry(quick)], layers: (stack) => [wrapper, ...stack] },
    });
    const told: EventOf<"call-end">[] = [];
    flock.events.subscribe((event) => void told.push(event as EventOf<"call-end">), { types: ["call-end"] });
    const asked = model("first", [100, -100, 50]);
    for (let run = 0; run < 2; run++) {
      const running = flock.run(asked, {} as never);
      await runtime.clock.advance(1_000);
      await running;
    }
    expect(told.map(({ attempts, tried }) => [attempts, tried?.length])).toEqual([
      [1, undefined],
      [2, 2],
    ]);
    expect([told[1]!.tried, ...told[1]!.tried!].every(Object.isFrozen)).toBe(true);
  });
});
