import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isFlockError } from "../../src/core/errors/errors.ts";
import type { FlockEvent } from "../../src/core/events/event.ts";
import type { ExecutionContext } from "../../src/core/runnable.ts";
import { OrchestrationAgent } from "../../src/patterns/orchestration-agent.ts";
import { ParallelPattern } from "../../src/patterns/parallel-pattern.ts";
import { SequentialPattern } from "../../src/patterns/sequential-pattern.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";
import { makeEnvironment, story } from "../core/make-environment.ts";
import { caught } from "./caught.ts";
import { makeStep, makeUntyped } from "./make-step.ts";

const researcher = makeStep("researcher", "topic: str", "data: list[int]", ({ topic }) => ({ data: [topic.length] }));
const analyzer = makeStep(
  "analyzer",
  "topic: str, data: list[int]",
  "analysis: str, score: float",
  ({ topic, data }) => ({
    analysis: `${topic}: ${data.join()}`,
    score: 0.5,
  }),
);
const pattern = new SequentialPattern({ agents: [researcher, analyzer] });
const system = new OrchestrationAgent({ name: "system", input: "topic: str", output: "analysis: str", pattern });

describe("an orchestration agent at work", () => {
  it("gives exactly its declared output, from an object or a bare value", async () => {
    const flock = makeEnvironment();
    expect(await system.execute({ topic: "tide" }, { flock })).toEqual({ analysis: "tide: 4" });
    expect(await system.execute("tide", { flock })).toEqual({ analysis: "tide: 4" });
    expect(await system.stream("tide", { flock }).result).toEqual({ analysis: "tide: 4" });
  });

  it("runs its pattern below its own path, as an agent", async () => {
    const flock = makeEnvironment();
    await system.execute("tide", { flock });
    expect(system.kind).toBe("agent");
    expect(story(flock.seen).filter((line) => line.startsWith("call-start"))).toEqual([
      "call-start run/system#0",
      "call-start run/system#0/sequence#0",
      "call-start run/system#0/sequence#0/researcher#0",
      "call-start run/system#0/sequence#0/analyzer#1",
    ]);
  });

  it("takes any runnable as its pattern, another orchestration agent too", async () => {
    const outer = new OrchestrationAgent({
      name: "outer",
      input: "topic: str, more?: int",
      output: "analysis: str",
      pattern: system,
    });
    expect(await outer.execute({ topic: "t", more: 1 }, { flock: makeEnvironment() })).toEqual({ analysis: "t: 1" });
  });

  it("hands an optional output on only when it was written", async () => {
    const maybe = makeStep("maybe", "topic: str", "notes?: str, x: int", ({ topic }) =>
      topic === "noted" ? { notes: "n", x: 1 } : { x: 1 },
    );
    const agent = new OrchestrationAgent({
      name: "a",
      input: "topic: str",
      output: "notes?: str, x: int",
      pattern: maybe,
    });
    const flock = makeEnvironment();
    expect(await agent.execute("noted", { flock })).toEqual({ notes: "n", x: 1 });
    expect(await agent.execute("other", { flock })).toEqual({ x: 1 });
  });

  it("shows its own signature, description, limit and identity", () => {
    const known = makeStep("known", "topic: str", "x: int", undefined, { identity: "k" });
    const agent = new OrchestrationAgent({
      name: "a",
      input: "topic: str | what to look at",
      output: "x: int",
      pattern: known,
      description: "Looks.",
      timeoutMs: 10,
    });
    expect([agent.description, agent.policy, agent.identity]).toEqual([
      "Looks.",
      { timeoutMs: 10 },
      { pattern: "orchestration", agents: ["k"], input: "topic: str | what to look at", output: "x: int" },
    ]);
    expect(agent.input.toJsonSchema()).toMatchObject({ properties: { topic: { description: "what to look at" } } });
    expect(system.identity).toBeUndefined();
  });

  it("refuses a context where options belong", async () => {
    let inner: unknown;
    const nesting = makeStep("nesting", "topic: str", "x: int", async (_, context: ExecutionContext) => {
      inner = await caught(system.execute("t", context as never));
      return { x: 1 };
    });
    await new SequentialPattern({ agents: [nesting] }).execute({ topic: "t" }, { flock: makeEnvironment() });
    expect(isFlockError(inner, "option_invalid") && inner.message).toContain("context.call(system, input)");
  });
});

describe("an orchestration agent and its providers", () => {
  it("lets them watch its runs and disposes them with it", async () => {
    const seen: string[] = [];
    let disposed = 0;
    const provider = {
      name: "watcher",
      handle: (event: FlockEvent) => void seen.push(event.type),
      [Symbol.asyncDispose]: async () => void disposed++,
    };
    const flock = makeEnvironment();
    {
      await using agent = new OrchestrationAgent({
        name: "a",
        input: "topic: str",
        output: "analysis: str",
        pattern,
        providers: [provider],
      });
      await agent.execute("tide", { flock });
    }
    expect(seen.filter((type) => type === "call-start")).toHaveLength(4);
    expect(disposed).toBe(1);
  });

  it("has nothing to dispose without providers", async () => {
    await expect(system[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
});

describe("an orchestration agent and wrong values", () => {
  const flock = makeEnvironment();

  it("points at what is wrong with its input, and calls nobody", async () => {
    const agent = new OrchestrationAgent({
      name: "a",
      input: "topic: str, depth: int",
      output: "x: int",
      pattern: makeStep("never", "topic: str", "x: int"),
    });
    for (const [input, pointer] of [
      [{ topic: 1, depth: 1 }, "/topic"],
      [{ topic: "t" }, "/depth"],
      [{ topic: "t", depth: 1, dpeth: 2 }, "/dpeth"],
    ] as const) {
      const error = await caught(agent.execute(input as never, { flock }));
      expect(isFlockError(error, "input_invalid") && [error.details.pointer, error.path]).toEqual([pointer, "run/a#0"]);
      expect((error as Error).message).toContain('the input of "a" is wrong at ');
    }
    const error = await caught(agent.execute({} as never, { flock }));
    expect((error as Error).message).toContain("(and 1 more)");
    const wrapping = makeEnvironment([
      { form: "wrapper", name: "spoil", wrap: (call, next) => next(call.with({ input: "spoilt" })) },
    ]);
    const spoilt = await caught(agent.execute({ topic: "t", depth: 1 }, { flock: wrapping }));
    expect(isFlockError(spoilt, "input_invalid") && spoilt.message).toContain('the input of "a" is wrong: ');
    for (const wrong of ["text", 3, null, [1]]) {
      expect(isFlockError(await caught(agent.execute(wrong as never, { flock })), "input_invalid")).toBe(true);
    }
  });

  it("points at what is wrong with its output", async () => {
    const liar = makeUntyped("liar", "topic: str", "x: any", () => ({ x: { deep: ["one", 2] } }));
    const agent = new OrchestrationAgent({
      name: "a",
      input: "topic: str",
      output: "x: { deep: list[str] }",
      pattern: liar,
    });
    const error = await caught(agent.execute("t", { flock }));
    expect(isFlockError(error, "output_invalid") && [error.details.pointer, error.path]).toEqual([
      "/x/deep/1",
      "run/a#0",
    ]);
  });

  it("names the field its pattern did not write after all", async () => {
    const liar = makeUntyped("liar", "topic: str", "x: int", () => ({}));
    const agent = new OrchestrationAgent({ name: "a", input: "topic: str", output: "x: int", pattern: liar });
    const error = await caught(agent.execute("t", { flock }));
    expect(isFlockError(error, "output_invalid") && error.details.pointer).toBe("/x");
  });
});

describe("an orchestration agent and registered types", () => {
  const flock = makeEnvironment();

  it("holds what a schema gives to that schema", async () => {
    const types = new TypeRegistry().register("Point", z.object({ x: z.number() })).register("Label", "{ text: str }");
    const liar = makeUntyped("liar", "topic: str", "point: any, label: any", (input) =>
      input.topic === "good"
        ? { point: { x: 1 }, label: { text: "t" } }
        : { point: { x: "one" }, label: { text: "t" } },
    );
    const agent = new OrchestrationAgent({
      name: "a",
      types,
      input: "topic: str",
      output: "point: Point, label: Label",
      pattern: liar,
    });
    expect(await agent.execute("good", { flock })).toEqual({ point: { x: 1 }, label: { text: "t" } });
    const error = await caught(agent.execute("bad", { flock }));
    expect(isFlockError(error, "output_invalid") && error.details.pointer).toBe("/point/x");
  });

  it("does not send what a transforming schema gave through it again, wherever it stands", async () => {
    const schema = z.string().transform((text) => text.length);
    const types = new TypeRegistry().register("Length", schema).register("Lengths", "{ all: list[Length] }");
    const signature =
      "one: Length, many: list[Length], named: dict[str, Length], pair: tuple[Length, str], maybe: Length | None, deep: { in: Lengths }, bag: set[Length]";
    const value = {
      one: 1,
      many: [2],
      named: { a: 3 },
      pair: [4, "b"],
      maybe: null,
      deep: { in: { all: [5] } },
      bag: [6],
    };
    const shape = parseSignature(signature, { types });
    const writer = {
      name: "w",
      kind: "agent",
      input: parseSignature("topic: str"),
      output: shape,
      perform: async () => value,
    } as const;
    const agent = new OrchestrationAgent({
      name: "a",
      types,
      input: "topic: str",
      output: signature,
      pattern: writer as never,
    });
    expect(await agent.execute("t", { flock })).toEqual(value);
  });

  it("hands the given value down, not what a schema makes of it, so that the agent inside can take it", async () => {
    const types = new TypeRegistry().register(
      "Length",
      z.string().transform((text) => text.length),
    );
    const seen: unknown[] = [];
    const reader = {
      name: "reader",
      kind: "agent",
      input: parseSignature("length: Length", { types }),
      output: parseSignature("x: int"),
      perform: async (input: unknown) => {
        seen.push(input);
        return { x: 1 };
      },
    } as const;
    const agent = new OrchestrationAgent({
      name: "a",
      types,
      input: "length: Length",
      output: "x: int",
      pattern: reader as never,
    });
    await agent.execute({ length: "four" }, { flock });
    expect(seen).toEqual([{ length: "four" }]);
    expect(isFlockError(await caught(agent.execute({ length: 4 } as never, { flock })), "input_invalid")).toBe(true);
  });

  it("waits for schemas that check asynchronously", async () => {
    const schema = z.string().refine(async (text) => text !== "bad");
    const types = new TypeRegistry().register("Checked", schema);
    const agent = new OrchestrationAgent({
      name: "a",
      types,
      input: "topic: Checked",
      output: "x: int",
      pattern: makeUntyped("p", "topic: str", "x: int", () => ({ x: 1 })),
    });
    expect(await agent.execute({ topic: "good" }, { flock })).toEqual({ x: 1 });
    expect(isFlockError(await caught(agent.execute({ topic: "bad" }, { flock })), "input_invalid")).toBe(true);
  });
});

describe("building an orchestration agent", () => {
  const build = (changes: object): unknown =>
    caught(
      () =>
        new OrchestrationAgent({
          name: "sys",
          input: "topic: str",
          output: "analysis: str",
          pattern,
          ...changes,
        } as never),
    );

  it("refuses a pattern that needs a field its input does not give", () => {
    const error = build({ input: "topics: str" });
    expect(isFlockError(error, "pattern_invalid") && [error.message, error.details]).toEqual([
      'pattern "sys": "sequence" needs the field "topic", which the input of "sys" does not give; did you mean "topics"?',
      { pattern: "sys", agent: "sequence", field: "topic" },
    ]);
  });

  it("refuses a pattern that does not write, or writes otherwise, what it promises", () => {
    for (const [output, message] of [
      [
        "analysis: str, scores: float",
        'pattern "sys": "output of sys" needs the field "scores", which "sequence" does not write; did you mean "score"?',
      ],
      [
        "summary: bool",
        'pattern "sys": "output of sys" needs the field "summary", which "sequence" does not write; there is "data", "analysis", "score"',
      ],
      ["analysis: int", 'pattern "sys": "output of sys" takes the field "analysis" as number, but it is string here'],
    ]) {
      const error = build({ output });
      expect(isFlockError(error, "pattern_invalid") && error.message).toBe(message);
    }
  });

  it("looks into parallel patterns by name", () => {
    const together = new ParallelPattern({ agents: { first: researcher, second: analyzer } });
    const changes = { pattern: together, input: "topic: str, data: list[int]" };
    expect(build({ ...changes, output: "first: { data: list[int] }" })).toBeUndefined();
    expect(isFlockError(build({ ...changes, output: "first: str" }), "pattern_invalid")).toBe(true);
  });

  it("refuses missing, unknown and wrong options", () => {
    for (const option of ["name", "input", "output", "pattern"]) {
      const error = build({ [option]: undefined });
      expect(isFlockError(error, "option_invalid") && error.details.option).toBe(option);
    }
    for (const wrong of [
      { patern: pattern },
      { name: 3 },
      { providers: {} },
      { timeoutMs: Number.NaN },
      { description: " " },
    ]) {
      expect(isFlockError(build(wrong), "option_invalid"), JSON.stringify(wrong)).toBe(true);
    }
    expect(isFlockError(build({ pattern: {} }), "option_invalid")).toBe(true);
    expect(isFlockError(build({ output: "x: strr" }), "signature_invalid")).toBe(true);
    expect(
      isFlockError(
        caught(() => new OrchestrationAgent(undefined as never)),
        "option_invalid",
      ),
    ).toBe(true);
  });
});
