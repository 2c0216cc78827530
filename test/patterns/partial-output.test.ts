import { describe, expect, it } from "vitest";
import type { FlockEvent } from "../../src/core/events/event.ts";
import type { ExecutionContext } from "../../src/core/runnable.ts";
import { OrchestrationAgent } from "../../src/patterns/orchestration-agent.ts";
import { ParallelPattern } from "../../src/patterns/parallel-pattern.ts";
// Imported when first wanted elsewhere: a fake clock does not wait for a file.
import "../../src/patterns/partial-output.ts";
import { SequentialPattern } from "../../src/patterns/sequential-pattern.ts";
import { makeEnvironment } from "../core/make-environment.ts";
import { makeStep } from "./make-step.ts";

/** Writes its values piece by piece, 10 ms apart, as an agent tells its partial answers. */
const writing =
  <Output extends object>(values: readonly (object | "reset")[], output: Output) =>
  async (_: object, context: ExecutionContext): Promise<Output> => {
    for (const value of values) {
      context.delta(value === "reset" ? { kind: "reset" } : { kind: "partial", value });
      await context.runtime.sleep(10);
    }
    return output;
  };

const reader = makeStep("reader", "text: str", "points: list[str], mood?: str", async (_, context) =>
  writing([{}, { points: ["a"] }], { points: ["a", "b"], mood: "calm", secret: "kept" })(_, context),
);
const writer = makeStep("writer", "points: list[str]", "summary: str", async (_, context) =>
  writing([{ summary: "a a" }], { summary: "a and b" })(_, context),
);

/** The partial values on the outermost path, as they were when told. */
async function told(pattern: { name: string }, run: (options: object) => Promise<unknown>): Promise<unknown[]> {
  const flock = makeEnvironment();
  const values: unknown[] = [];
  const onEvent = (event: FlockEvent) => {
    if (event.type !== "delta" || event.path !== `run/${pattern.name}#0`) return;
    values.push(event.delta.kind === "partial" ? event.delta.value : event.delta.kind);
  };
  const running = run({ flock, onEvent, events: ["delta"] });
  await flock.runtime.clock.advance(500);
  await running;
  return values;
}

describe("partial values of a sequence", () => {
  it("are what its agents wrote, and what the one at work has so far, its declared fields alone", async () => {
    const pattern = new SequentialPattern({ agents: [reader, writer] });
    expect(await told(pattern, (options) => pattern.execute({ text: "t" }, options))).toEqual([
      {},
      { points: ["a"] },
      { points: ["a", "b"], mood: "calm" },
      { points: ["a", "b"], mood: "calm", summary: "a a" },
      { points: ["a", "b"], mood: "calm", summary: "a and b" },
    ]);
  });

  it("keep a field until the agent that writes it again begins to, and drop what an agent takes back", async () => {
    const draft = makeStep("draft", "text: str", "text: str", writing([], { text: "first" }));
    const polish = makeStep(
      "polish",
      "text: str",
      "text: str",
      writing([{}, { text: "se" }, "reset", { text: "th" }], { text: "third" }),
    );
    const pattern = new SequentialPattern({ agents: [draft, polish] });
    expect(await told(pattern, (options) => pattern.execute({ text: "t" }, options))).toEqual([
      { text: "first" },
      { text: "first" },
      { text: "se" },
      "reset",
      { text: "first" },
      { text: "th" },
      { text: "third" },
    ]);
  });
});

describe("partial values of a parallel pattern", () => {
  it("are what all branches have, under their names or merged", async () => {
    const named = new ParallelPattern({ agents: { read: reader, write: writer } });
    const values = await told(named, (options) => named.execute({ text: "t", points: [] }, options));
    expect(values[0]).toEqual({ read: {} });
    expect(values).toContainEqual({ read: { points: ["a"] }, write: { summary: "a a" } });
    expect(values.at(-1)).toEqual({ read: { points: ["a", "b"], mood: "calm" }, write: { summary: "a and b" } });
    const merged = new ParallelPattern({ agents: [reader, writer] });
    const fields = await told(merged, (options) => merged.execute({ text: "t", points: [] }, options));
    expect(fields.at(-1)).toEqual({ points: ["a", "b"], mood: "calm", summary: "a and b" });
  });

  it("keep what the others have when one begins anew", async () => {
    const fickle = makeStep(
      "fickle",
      "text: str",
      "x: str",
      writing([{ x: "ol" }, "reset", { x: "ne" }], { x: "new" }),
    );
    const pattern = new ParallelPattern({ agents: { read: reader, fickle } });
    const values = await told(pattern, (options) => pattern.execute({ text: "t" }, options));
    const after = values.slice(values.indexOf("reset") + 1);
    expect(after[0]).toEqual({ read: { points: ["a"] } });
    expect(after.at(-1)).toMatchObject({ fickle: { x: "new" } });
  });

  it("wait for more pieces where there are many branches", async () => {
    const agents = Object.fromEntries(
      Array.from({ length: 256 }, (_, index) => [
        `b${index}`,
        makeStep("b", "text: str", "x: str", writing([{ x: "a" }], { x: "ab" })),
      ]),
    );
    const pattern = new ParallelPattern({ agents });
    const values = await told(pattern, (options) => pattern.execute({ text: "t" } as never, options));
    expect(values.length).toBeLessThan(256 + 256 / 4 + 1);
    expect(Object.keys(values.at(-1) as object)).toHaveLength(256);
  });
});

describe("partial values of an orchestration", () => {
  it("are its declared output fields alone, through nested patterns", async () => {
    const pattern = new SequentialPattern({ agents: [reader, writer] });
    const system = new OrchestrationAgent({ name: "system", input: "text: str", output: "summary: str", pattern });
    const flock = makeEnvironment();
    const stream = system.stream("t", { flock });
    const values: unknown[] = [];
    const reading = (async () => {
      for await (const value of stream.partials) values.push(value);
    })();
    await flock.runtime.clock.advance(500);
    await reading;
    expect(values).toContainEqual({ summary: "a a" });
    expect(values.at(-1)).toEqual({ summary: "a and b" });
    expect(await stream.result).toEqual({ summary: "a and b" });
    expect(values.every((value) => Object.keys(value as object).every((key) => key === "summary"))).toBe(true);
  });

  it("pass over what is no object", async () => {
    const odd = makeStep("odd", "text: str", "x: str", async (_, context) => {
      context.delta({ kind: "reset" });
      context.delta({ kind: "partial", value: "words" });
      await context.runtime.sleep(10);
      return { x: "y" };
    });
    const system = new OrchestrationAgent({ name: "system", input: "text: str", output: "x: str", pattern: odd });
    expect(await told(system, (options) => system.execute("t", options))).toEqual([{}]);
    const steps = new SequentialPattern({ agents: [odd] });
    expect(await told(steps, (options) => steps.execute({ text: "t" }, options))).toEqual([{}, { x: "y" }]);
  });
});
