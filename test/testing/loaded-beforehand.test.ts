import { expect, it } from "vitest";
import { DeclarativeAgent } from "../../src/agent/declarative-agent.ts";
import { createTestRuntime, scriptedModel } from "../../src/entries/testing.ts";
import { Flock } from "../../src/flock.ts";

it("lets the first run of a process end on a test's clock alone, recorded, without waiting for a file", async () => {
  const runtime = createTestRuntime();
  const model = scriptedModel([{ json: { answer: "yes" }, delayMs: 50 }], { runtime });
  await using flock = new Flock({ runtime, model });
  const agent = new DeclarativeAgent({ name: "first", input: "topic: str", output: "answer: str" });
  let answer: unknown;
  void flock.run(agent, "bees").then((value) => {
    answer = value;
  });
  await runtime.clock.advance(49);
  expect([model.requests.length, answer]).toEqual([1, undefined]);
  await runtime.clock.advance(1);
  expect(answer).toEqual({ answer: "yes" });
  expect(flock.history?.runs().map((run) => run.durationMs)).toEqual([50]);
});
