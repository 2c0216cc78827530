import { describe, expect, it } from "vitest";
import { executeRun } from "../../../src/core/door/run.ts";
import { EventDispatcher } from "../../../src/core/events/event-dispatcher.ts";
import type { RecoveryChoice } from "../../../src/core/recovery-settings.ts";
import { DeclarativeAgent, Flock } from "../../../src/entries/index.ts";
import { scriptedModel } from "../../../src/entries/testing.ts";
import { defaultStack } from "../../../src/layers/default-stack.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { makeEnvironment, runnable } from "../../core/make-environment.ts";
import { hedge, timeout } from "./hanging-house.ts";

/** One attempt: milliseconds before each piece, then before the end; a missing end never comes. */
interface Attempt {
  readonly pieces: readonly number[];
  readonly endMs?: number;
}

function streamingHouse(attempts: readonly Attempt[], recovery?: RecoveryChoice) {
  // Nobody listens for deltas here, so that a model streams only where it must.
  const flock = { ...makeEnvironment(defaultStack(), createTestRuntime(), recovery), events: new EventDispatcher() };
  const signals: AbortSignal[] = [];
  const streamed: boolean[] = [];
  const model = runnable(
    "model",
    async (_: object, context) => {
      const { pieces, endMs } = attempts[Math.min(signals.push(context.signal), attempts.length) - 1]!;
      const number = signals.length;
      streamed.push(context.wants("delta"));
      for (const ms of pieces) {
        await context.runtime.sleep(ms, context.signal);
        if (context.wants("delta")) context.delta({ kind: "text", text: `${number}` });
      }
      if (endMs === undefined) return new Promise<object>(() => {});
      await context.runtime.sleep(endMs, context.signal);
      return { number };
    },
    { kind: "model" },
  );
  const agent = runnable("agent", (_: object, context) => context.call(model, {}));
  const run = async (options: { listens?: boolean; timeoutMs?: number } = {}) => {
    const { listens, timeoutMs } = options;
    const deltas: string[] = [];
    const onEvent = (event: { type: string; delta?: { kind: string; text?: string } }) => {
      if (event.type === "delta") deltas.push(event.delta?.text ?? event.delta?.kind ?? "");
    };
    const listening = listens ? { onEvent, events: ["delta"] as const } : {};
    const began = flock.runtime.clock.elapsedMs;
    const ending = await executeRun(agent, {}, { flock, ...listening, ...(timeoutMs ? { timeoutMs } : {}) }).then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    );
    return { ...ending, deltas, ms: flock.runtime.clock.elapsedMs - began };
  };
  return { ...flock, run, signals, streamed };
}

const noRetry = {
  step: "retry",
  maxAttempts: 1,
  baseMs: 1,
  maxDelayMs: 1,
  on: undefined,
  budgetPerSuccess: 0,
  budgetReserve: 1,
} as const;

describe("the limit of the first token", () => {
  it("ends an attempt that says nothing, and the model is asked to stream for it", async () => {
    const house = streamingHouse([{ pieces: [2_000] }], [timeout({ firstTokenMs: 500 }), noRetry]);
    const run = house.run();
    await house.runtime.clock.advance(500);
    const { error, ms } = await run;
    expect(error).toMatchObject({
      code: "timeout",
      details: { limit: "first-token", timeoutMs: 500, name: "model" },
      message: "an attempt of model said nothing within 500 ms; raise the limit or look at what it waited for",
    });
    expect(ms).toBe(500);
    expect(house.streamed).toEqual([true]);
    expect(house.signals[0]?.aborted).toBe(true);
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("is kept by a first piece, and by an answer without pieces; then nothing is left of it", async () => {
    for (const attempt of [
      { pieces: [499], endMs: 9_000 },
      { pieces: [], endMs: 499 },
    ]) {
      const house = streamingHouse([attempt], timeout({ firstTokenMs: 500 }));
      const run = house.run();
      await house.runtime.clock.advance(10_000);
      expect((await run).value).toEqual({ number: 1 });
      expect(house.runtime.clock.pendingTimers).toBe(0);
    }
  });

  it("lets the attempt be made again", async () => {
    const house = streamingHouse([{ pieces: [] }, { pieces: [10], endMs: 10 }], timeout({ firstTokenMs: 500 }));
    const run = house.run();
    await house.runtime.clock.advance(700);
    expect((await run).value).toEqual({ number: 2 });
  });
});

describe("the limit between tokens", () => {
  it("ends an attempt that falls silent, its end included, and never one that goes on", async () => {
    const endings: [Attempt, number | undefined][] = [
      [{ pieces: [3_000, 199, 199, 199], endMs: 199 }, undefined],
      [{ pieces: [10, 150, 201], endMs: 1 }, 360],
      [{ pieces: [10, 150], endMs: 201 }, 360],
      [{ pieces: [10, 150] }, 360],
    ];
    for (const [attempt, endsAt] of endings) {
      const house = streamingHouse([attempt], [timeout({ betweenTokensMs: 200 }), noRetry]);
      const run = house.run();
      await house.runtime.clock.advance(10_000);
      const { error, ms } = await run;
      if (endsAt === undefined) expect(error).toBeUndefined();
      else {
        expect(error).toMatchObject({ code: "timeout", details: { limit: "between-tokens", timeoutMs: 200 } });
        expect(ms).toBe(endsAt);
      }
      expect(house.runtime.clock.pendingTimers).toBe(0);
    }
  });

  it("does not touch an answer that comes without pieces", async () => {
    const house = streamingHouse([{ pieces: [], endMs: 90_000 }], timeout({ betweenTokensMs: 200 }));
    const run = house.run();
    await house.runtime.clock.advance(90_000);
    expect((await run).value).toEqual({ number: 1 });
  });

  it("voids the pieces of the attempt it ended when it is made again", async () => {
    const house = streamingHouse([{ pieces: [10] }, { pieces: [10], endMs: 1 }], timeout({ betweenTokensMs: 200 }));
    const run = house.run({ listens: true });
    await house.runtime.clock.advance(1_000);
    expect(await run).toMatchObject({ value: { number: 2 }, deltas: ["1", "reset", "2"] });
  });
});

describe("limits of a stream", () => {
  it("make no model stream where none is declared", async () => {
    const house = streamingHouse([{ pieces: [10], endMs: 10 }], timeout({ attemptMs: 1_000 }));
    const run = house.run();
    await house.runtime.clock.advance(20);
    expect((await run).value).toEqual({ number: 1 });
    expect(house.streamed).toEqual([false]);
  });

  it("are over when the run's time is", async () => {
    const limits = timeout({ firstTokenMs: 400, betweenTokensMs: 300 });
    const house = streamingHouse([{ pieces: [10, 200, 200, 200, 200, 200] }], limits);
    const run = house.run({ timeoutMs: 500 });
    await house.runtime.clock.advance(500);
    expect((await run).error).toMatchObject({ details: { limit: "deadline" } });
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("hold for a vendor's model below an agent of a Flock", async () => {
    const runtime = createTestRuntime();
    const slow = { json: { n: 1 }, delayMs: 5_000 };
    const model = scriptedModel([slow, { json: { n: 2 } }], { runtime });
    const flock = new Flock({ runtime, recovery: timeout({ firstTokenMs: 300 }) });
    const agent = new DeclarativeAgent({ name: "counter", model, input: "topic: str", output: "n: int" });
    const run = agent.execute("bees", { flock });
    await runtime.clock.advance(1_000);
    expect(await run).toEqual({ n: 2 });
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

describe("a hedge of streamed answers", () => {
  it("is won by whoever speaks first, whoever would end first; listeners hear that one alone", async () => {
    const attempts = [
      { pieces: [500, 10], endMs: 10 },
      { pieces: [100, 3_000], endMs: 10 },
    ];
    const house = streamingHouse(attempts, hedge({ afterMs: 200 }));
    const run = house.run({ listens: true });
    await house.runtime.clock.advance(300);
    expect(house.signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await house.runtime.clock.advance(4_000);
    expect(await run).toMatchObject({ value: { number: 2 }, deltas: ["2", "2"], ms: 3_310 });
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("is not sent once the first spoke", async () => {
    const house = streamingHouse([{ pieces: [100, 3_000], endMs: 10 }], hedge({ afterMs: 200 }));
    const run = house.run({ listens: true });
    await house.runtime.clock.advance(4_000);
    expect((await run).value).toEqual({ number: 1 });
    expect(house.signals).toHaveLength(1);
  });
});
