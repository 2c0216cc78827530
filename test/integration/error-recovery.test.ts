/** The recovery system as the plan tests it, and as one user would wire it, through the front doors alone. */

import { describe, expect, it } from "vitest";
import { ErrorManager, fallback, handler, RecoveryStrategy, retry } from "../../src/entries/errors.ts";
import { DeclarativeAgent, Flock, FlockError, OrchestrationAgent, tool } from "../../src/entries/index.ts";
import { SequentialPattern } from "../../src/entries/patterns.ts";
import { createTestContext, createTestRuntime, scriptedModel } from "../../src/entries/testing.ts";

describe("error recovery", () => {
  it("recovers an error by a strategy that is registered as its handler", async () => {
    const strategy = new RecoveryStrategy({
      name: "test_recovery",
      conditions: [(error) => error instanceof TypeError],
      actions: [async () => ({ recovered: true })],
    });
    const manager = new ErrorManager();
    manager.registerHandler(TypeError, strategy.attemptRecovery);
    const { context, end } = await createTestContext();
    const result = await manager.handleError(new TypeError("test error"), context);
    expect(result).toBeTruthy();
    const other = new RangeError("not meant");
    await expect(manager.handleError(other, context)).rejects.toBe(other);
    await end();
  });

  it("carries a whole system through a rate limit, a dead model, a broken tool and a wrong answer", async () => {
    const runtime = createTestRuntime();
    const limited = new FlockError("rate_limited", "slow down", {
      details: { model: "main", retryable: true, retryAfterMs: 2_000 },
    });
    const dead = new FlockError("model_unauthorized", "key revoked", { details: { model: "main", retryable: false } });
    class StaleIndex extends Error {}
    const search = tool({
      ...{ name: "search", description: "Searches.", input: "query: str", output: "hits: list[str]", idempotent: true },
      execute: () => Promise.reject(new StaleIndex("rebuild it")),
      recovery: handler(StaleIndex, () => ({ hits: ["the mill opened in 1903"] })),
    });
    const main = scriptedModel([limited, { toolCalls: [{ tool: "search", input: { query: "mill" } }] }, dead], {
      modelId: "main",
    });
    const backup = scriptedModel([{ json: { finding: "It opened in 1903." } }], { modelId: "backup" });
    const researcher = new DeclarativeAgent({
      ...{ name: "researcher", input: "topic: str", output: "finding: str", model: main, tools: [search] },
      recovery: [retry({ maxAttempts: 3 }), fallback(backup)],
    });
    const careless = scriptedModel([{ json: { oops: 1 } }], { repeat: true });
    const errors = new ErrorManager();
    errors.registerHandler("output_invalid", (_, failure) => {
      const { finding } = failure.input as { finding: string };
      return { summary: finding };
    });
    const writer = new DeclarativeAgent({
      ...{ name: "writer", input: "finding: str", output: "summary: str", model: careless, recovery: errors },
    });
    const system = new OrchestrationAgent({
      ...{ name: "system", input: "topic: str", output: "summary: str" },
      pattern: new SequentialPattern({ agents: [researcher, writer] }),
    });
    const flock = new Flock({ runtime });
    const healed: string[] = [];
    const outcome = flock.run(system, "the mill", {
      onEvent: (event) => {
        if (event.type === "recovery-applied" && event.healed) healed.push(`${event.code} by ${event.strategy}`);
      },
    });
    await runtime.clock.advance(10_000);
    expect(await outcome).toEqual({ summary: "It opened in 1903." });
    expect(healed).toEqual([
      "rate_limited by retry",
      "tool_failed by handler for StaleIndex",
      "model_unauthorized by fallback",
      "output_invalid by error-manager",
    ]);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});
