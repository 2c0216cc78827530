import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json/json.ts";
import type { RecoveryChoice } from "../../../src/core/recovery-settings.ts";
import type { AnyRunnable } from "../../../src/core/runnable.ts";
import { retry } from "../../../src/errors/steps/retry.ts";
import { Flock } from "../../../src/flock.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { runnable } from "../../core/make-environment.ts";
import { hedge } from "./hanging-house.ts";

interface Options {
  readonly flock?: RecoveryChoice;
  readonly own?: RecoveryChoice;
  readonly agent?: RecoveryChoice;
  readonly kind?: "model" | "tool";
}

/** A model whose first request of a run hangs for a second, and its further ones for 100 ms. */
function house({ flock: around, own, agent: agentRecovery, kind = "model" }: Options = {}) {
  const runtime = createTestRuntime();
  const flock = new Flock({ runtime, ...(around === undefined ? {} : { recovery: around }) });
  let requests = 0;
  const model = runnable(
    "slow",
    async (_: object, context) => {
      await context.runtime.sleep(requests++ === 0 ? 1_000 : 100, context.signal);
      return {};
    },
    { kind, policy: { idempotent: true, recovery: own } },
  );
  const agent = runnable("agent", (_: object, context) => context.call(model, {}), {
    policy: { recovery: agentRecovery },
  });
  const run = async (what: AnyRunnable = agent): Promise<readonly [number, number]> => {
    requests = 0;
    const began = runtime.clock.elapsedMs;
    const ended = flock.run(what, {} as never).then(() => runtime.clock.elapsedMs - began);
    await runtime.clock.advance(10_000);
    return [await ended, requests];
  };
  return { flock, run, knob: () => flock.knobs.read("hedge:slow") };
}

const alone = [1_000, 1] as const;

describe("the knob of a hedge", () => {
  it("is off until it is turned, then sends a second request after its time, and is off again when it is taken back", async () => {
    const { flock, run, knob } = house();
    expect(await run()).toEqual(alone);
    expect(knob()).toBeNull();
    const undo = flock.knobs.change("hedge:slow", 300);
    expect(knob()).toBe(300);
    expect(await run()).toEqual([400, 2]);
    undo();
    expect(knob()).toBeNull();
    expect(await run()).toEqual(alone);
  });

  it("takes what the step has, and goes back through what it was turned to before", async () => {
    const { flock, run, knob } = house();
    await run();
    const first = flock.knobs.change("hedge:slow", { afterMs: 200, maxExtra: 2 });
    expect(knob()).toEqual({ afterMs: 200, maxExtra: 2 });
    const second = flock.knobs.change("hedge:slow", { percentile: 90 });
    expect(knob()).toEqual({ percentile: 90, maxExtra: 1 });
    // Nothing is learnt of four answers.
    expect(await run()).toEqual(alone);
    second();
    expect(await run()).toEqual([300, 2]);
    first();
    expect(await run()).toEqual(alone);
  });

  it.each([
    ["the Flock", { flock: hedge({ afterMs: 50 }) }],
    ["the model", { own: hedge({ afterMs: 50 }) }],
    ["the agent around it", { agent: hedge({ afterMs: 50 }) }],
  ] as const)("reads what %s declares, and turns it off", async (_, options) => {
    const { flock, run, knob } = house(options);
    expect(await run()).toEqual([150, 2]);
    expect(knob()).toBe(50);
    const undo = flock.knobs.change("hedge:slow", null);
    expect(await run()).toEqual(alone);
    expect(knob()).toBeNull();
    undo();
    expect(await run()).toEqual([150, 2]);
    expect(knob()).toBe(50);
  });

  it("hedges a tool that may be called twice, by its time alone", async () => {
    const { flock, run } = house({ kind: "tool" });
    await run();
    expect(() => flock.knobs.change("hedge:slow", { percentile: 90 })).toThrow("a hedge is milliseconds above 0");
    flock.knobs.change("hedge:slow", 300);
    expect(await run()).toEqual([400, 2]);
  });

  it("reads as none for a tool whose declared hedge has no time, and takes back what it reads", async () => {
    const { flock, run, knob } = house({ kind: "tool", own: [hedge()] });
    await run();
    expect(knob()).toBeNull();
    flock.knobs.change("hedge:slow", knob() as Json);
  });

  const wrong: readonly Json[] = [
    0,
    -1,
    "300",
    true,
    [],
    { afterMs: 0 },
    { afterMs: 10, maxExtra: 0 },
    { afterMs: 10, percentile: 100 },
    { afterMs: 10, percentile: "95" },
    { after: 10 },
  ];
  it.each(wrong.map((value) => ({ value })))("refuses $value, and changes nothing", async ({ value }) => {
    const { flock, run, knob } = house();
    await run();
    expect(() => flock.knobs.change("hedge:slow", value)).toThrow(
      "a hedge is milliseconds above 0, null for none, or { afterMs, percentile, maxExtra }",
    );
    expect(knob()).toBeNull();
  });

  it("is not there for what is never asked twice, nor where nothing is to be done about failures", async () => {
    const { flock, run } = house({ own: false });
    await run();
    expect(flock.knobs.ids.filter((id) => id.startsWith("hedge:"))).toEqual([]);
  });
});

describe("the knob of waits", () => {
  const fails = () => Object.assign(new Error("busy"), { status: 503 });

  it("reads what the last failed call had declared around it, and changes how long retries wait", async () => {
    const runtime = createTestRuntime();
    const flock = new Flock({ runtime });
    const starts: number[] = [];
    const model = runnable(
      "busy",
      async () => {
        // Each second request is answered: of failures in a row retries would wait for news.
        if (starts.push(runtime.clock.elapsedMs) % 2 === 1) throw fails();
        return {};
      },
      { kind: "model" },
    );
    const recovery = retry({ maxAttempts: 2, baseMs: 50, maxDelayMs: 60 });
    const agent = runnable("agent", (_: object, context) => context.call(model, {}), { policy: { recovery } });
    const gap = async (): Promise<number> => {
      starts.length = 0;
      const running = flock.run(agent, {});
      await runtime.clock.advance(60_000);
      await running;
      return starts[1]! - starts[0]!;
    };
    expect(await gap()).toBeLessThan(50);
    expect(flock.knobs.read("backoff:busy")).toEqual({ baseMs: 50, maxDelayMs: 60 });
    expect(flock.knobs.read("retry:busy")).toBe(2);
    const undo = flock.knobs.change("backoff:busy", { baseMs: 0, maxDelayMs: 0 });
    expect(await gap()).toBe(0);
    expect(flock.knobs.read("backoff:busy")).toEqual({ baseMs: 0, maxDelayMs: 0 });
    undo();
    expect(flock.knobs.read("backoff:busy")).toEqual({ baseMs: 50, maxDelayMs: 60 });
  });

  it.each([null, 100, {}, { baseMs: 1 }, { baseMs: -1, maxDelayMs: 1 }, { baseMs: 1, maxDelayMs: 1, more: 1 }])(
    "refuses %j",
    async (value) => {
      const { flock, run } = house();
      await run();
      expect(() => flock.knobs.change("backoff:slow", value)).toThrow("waits are { baseMs, maxDelayMs }");
    },
  );
});
