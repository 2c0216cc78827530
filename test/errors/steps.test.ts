/** What is declared about failures, checked when it is written. */

import { describe, expect, it } from "vitest";
import {
  askPerson,
  breaker,
  ErrorManager,
  fallback,
  fallbackValue,
  handler,
  hedge,
  RecoveryStrategy,
  retry,
  shrinkContext,
  timeout,
  waitForCooldown,
} from "../../src/entries/errors.ts";
import { DeclarativeAgent, Flock, OrchestrationAgent, tool } from "../../src/entries/index.ts";
import { createModel } from "../../src/entries/models.ts";
import { createTestRuntime, scriptedModel } from "../../src/entries/testing.ts";

const fields = { input: "topic: str", output: "text: str" } as const;
const agentNamed = (name: string, more: object = {}) => new DeclarativeAgent({ name, ...fields, ...more });
const strategy = { name: "s", conditions: [], actions: [() => 1] };

// biome-ignore lint/suspicious/noExplicitAny: every call is wrong on purpose
const wrong: Readonly<Record<string, () => any>> = {
  "retry with no attempt": () => retry({ maxAttempts: 0 }),
  "retry with half an attempt": () => retry({ maxAttempts: 1.5 }),
  "retry with a negative delay": () => retry({ baseMs: -1 }),
  "retry with NaN as a delay": () => retry({ maxDelayMs: Number.NaN }),
  "retry with an endless delay": () => retry({ maxDelayMs: Number.POSITIVE_INFINITY }),
  "retry with a negative budget": () => retry({ budgetPerSuccess: -1 }),
  "retry with an empty list of failures": () => retry({ on: [] }),
  "retry with a number as a failure": () => retry({ on: [429 as never] }),
  "retry with no object": () => retry(3 as never),
  "timeout without limits": () => timeout({}),
  "timeout with a negative limit": () => timeout({ attemptMs: -5 }),
  "hedge with a percentile of 0": () => hedge({ percentile: 0 }),
  "hedge with no extra request": () => hedge({ maxExtra: 0 }),
  "breaker with a rate above 1": () => breaker({ failureRate: 1.1 }),
  "breaker with a rate of 0": () => breaker({ failureRate: 0 }),
  "breaker without probes": () => breaker({ halfOpenProbes: 0 }),
  "fallback to nothing": () => fallback([]),
  "fallback to an empty string": () => fallback(""),
  "fallback to a number": () => fallback(5 as never),
  "fallback to models and agents in one": () => fallback(["offline", agentNamed("b")]),
  "fallback to one model twice": () => fallback(["offline", "openai/x", "offline"]),
  "fallbackValue without a value": () => fallbackValue(undefined as never),
  "fallbackValue with a bare value": () => fallbackValue("x" as never),
  "fallbackValue with what is no plain JSON": () => fallbackValue({ at: () => 1 }),
  "handler without a function": () => handler(Error, "x" as never),
  "handler for a number": () => handler(5 as never, () => 1),
  "handler for an empty code": () => handler(" ", () => 1),
  "handler with no time": () => handler(Error, () => 1, { timeoutMs: 0 }),
  "waitForCooldown without a bound": () => waitForCooldown({} as never),
  "shrinkContext to no turns": () => shrinkContext({ keep: 0 }),
  "askPerson without a function": () => askPerson(undefined as never),
  "a strategy without a name": () => new RecoveryStrategy({ conditions: [], actions: [() => 1] } as never),
  "a strategy without conditions": () => new RecoveryStrategy({ name: "s", actions: [() => 1] } as never),
  "a strategy without actions": () => new RecoveryStrategy({ ...strategy, actions: [] }),
  "a strategy whose action is no function": () => new RecoveryStrategy({ ...strategy, actions: ["x" as never] }),
  "a strategy whose condition is none": () => new RecoveryStrategy({ ...strategy, conditions: [5 as never] }),
  "a strategy without attempts": () => new RecoveryStrategy({ ...strategy, maxAttempts: 0 }),
  "a strategy with a negative backoff": () => new RecoveryStrategy({ ...strategy, backoff: { baseMs: -1 } }),
  "a strategy with NaN as its deadline": () => new RecoveryStrategy({ ...strategy, deadlineMs: Number.NaN }),
  "a strategy with a negative cost": () => new RecoveryStrategy({ ...strategy, maxCostUsd: -1 }),
  "a manager with a handler that is no pair": () => new ErrorManager({ handlers: [5 as never] }),
  "a manager with a handler that is no function": () => new ErrorManager().registerHandler(Error, 5 as never),
  "a manager with a strategy that is none": () => new ErrorManager().registerStrategy({} as never),
  "a manager with no time": () => new ErrorManager({ timeoutMs: -1 }),
  "an agent whose recovery is no step": () => agentNamed("a", { recovery: [{}] }),
  "a retry of a tool that acts": () =>
    tool({ name: "t", description: "d", input: "a: str", execute: () => ({}), recovery: retry() }),
};

describe("what cannot be meant", () => {
  for (const [what, make] of Object.entries(wrong)) {
    it(`is refused when it is written: ${what}`, () => {
      expect(make).toThrow(expect.objectContaining({ code: "option_invalid" }));
    });
  }

  it("is refused with the nearest name: options and codes", () => {
    const suggestion = (make: () => unknown) => {
      try {
        make();
      } catch (error) {
        return (error as { details: { suggestion?: string } }).details.suggestion;
      }
      return "nothing was wrong";
    };
    expect(suggestion(() => retry({ maxAttempt: 3 } as never))).toBe("maxAttempts");
    expect(suggestion(() => retry({ on: ["rate_limted"] }))).toBe("rate_limited");
    expect(suggestion(() => handler("overload", () => 1))).toBe("overloaded");
    expect(suggestion(() => new ErrorManager().registerHandler("tool_faild", () => 1))).toBe("tool_failed");
    expect(suggestion(() => new RecoveryStrategy({ ...strategy, conditions: ["timeot"] }))).toBe("timeout");
    expect(suggestion(() => fallback("offline", { from: 1 } as never))).toBeUndefined();
  });

  it("is not a code of one's own", () => {
    expect(handler("payment_declined", () => 1)).toMatchObject({ handles: "payment_declined" });
  });
});

describe("defaults", () => {
  it("are those that the layer has without any declaration", () => {
    expect(retry()).toMatchObject({ maxAttempts: 6, baseMs: 100, maxDelayMs: 10_000, budgetPerSuccess: 0.3 });
    expect(retry({ maxAttempts: undefined })).toMatchObject({ maxAttempts: 6, budgetReserve: 50, on: undefined });
    expect(hedge()).toEqual({ step: "hedge", afterMs: undefined, percentile: 95, maxExtra: 1 });
    expect(breaker({ openMs: 1 })).toMatchObject({ step: "breaker", consecutiveFailures: 20, openMs: 1 });
    expect(timeout({ firstTokenMs: 9 })).toEqual({
      ...{ step: "timeout", attemptMs: undefined, firstTokenMs: 9, betweenTokensMs: undefined },
    });
    expect(retry({ on: "timeout" }).on).toEqual(["timeout"]);
  });
});

describe("a fallback that leads back", () => {
  const wayOf = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      return (error as { details: { received: string } }).details.received;
    }
    return "";
  };
  const model = scriptedModel(["x"]);

  it("is refused when it is the agent's own model, named, given or as a runnable", () => {
    expect(wayOf(() => agentNamed("a", { model: "openai/x", recovery: fallback("openai/x") }))).toBe(
      "openai/x → openai/x",
    );
    expect(wayOf(() => agentNamed("a", { model, recovery: fallback(model) }))).toBe(
      "scripted/scripted → scripted/scripted",
    );
    expect(wayOf(() => agentNamed("a", { model, recovery: fallback(createModel(model)) }))).toContain("→");
    expect(wayOf(() => new Flock({ model, recovery: fallback(model), runtime: createTestRuntime() }))).toContain("→");
  });

  it("to a model that a Flock cannot have is told when it is built", () => {
    const make = (target: string) => () => new Flock({ recovery: fallback(target), runtime: createTestRuntime() });
    expect(make("opnai/x")).toThrow('did you mean "openai/x"?');
    expect(make("offline")).not.toThrow();
  });

  it("is refused when a model leads back through its own recovery", () => {
    const b = createModel(scriptedModel(["x"], { modelId: "b" }), { recovery: fallback(model) });
    expect(wayOf(() => createModel(model, { recovery: fallback(b) }))).toBe(
      "scripted/scripted → scripted/b → scripted/scripted",
    );
    expect(wayOf(() => agentNamed("a", { model, recovery: fallback(b) }))).toContain("scripted/b");
    expect(agentNamed("a", { model: "openai/x", recovery: fallback(b) }).name).toBe("a");
  });

  it("is refused when an agent leads back through the agents it falls back to", () => {
    const a = { kind: "agent", name: "a", perform: async () => ({}) } as const;
    const b = agentNamed("b", { recovery: fallback(a) });
    const step = fallback(b);
    expect(() => step.checkPlace?.({ owner: a })).toThrow("a → b → a");
    expect(() => fallback([agentNamed("c"), b]).checkPlace?.({ owner: agentNamed("d") })).not.toThrow();
  });

  it("is not: an agent of the same model, or one used by two", () => {
    const b = agentNamed("b", { model });
    const pattern = new OrchestrationAgent({ name: "p", ...fields, pattern: agentNamed("c"), recovery: fallback(b) });
    expect(agentNamed("a", { model, recovery: [fallback(b), fallback(pattern as never)] }).name).toBe("a");
  });
});
