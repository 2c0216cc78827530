import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import type { AnyRunnable } from "../../src/core/runnable.ts";
import { SequentialPattern } from "../../src/patterns/sequential-pattern.ts";
import { makeEnvironment, story } from "../core/make-environment.ts";
import { caught } from "./caught.ts";
import { makeStep, makeUntyped } from "./make-step.ts";

const researcher = makeStep("researcher", "topic: str", "data: list[int], notes?: str", ({ topic }) => ({
  data: [topic.length],
}));
const analyzer = makeStep("analyzer", "topic: str, data: list[int]", "analysis: str", ({ topic, data }) => ({
  analysis: `${topic}: ${data.join()}`,
}));

describe("a sequence at work", () => {
  it("hands each step the fields it declares and gives back all that were written", async () => {
    const pattern = new SequentialPattern({ agents: [researcher, analyzer] });
    const output = await pattern.execute({ topic: "tide" }, { flock: makeEnvironment() });
    expect(output).toEqual({ data: [4], analysis: "tide: 4" });
  });

  it("gives a step nothing it did not declare, and no absent optional field", async () => {
    const seen: object[] = [];
    const look = makeStep("look", "topic: str, notes?: str", "seen: int", (input) => {
      seen.push(input);
      return { seen: Object.keys(input).length };
    });
    const pattern = new SequentialPattern({ agents: [researcher, look], input: "topic: str, audience: str" });
    await pattern.execute({ topic: "tide", audience: "sailors" }, { flock: makeEnvironment() });
    expect(seen).toEqual([{ topic: "tide" }]);
  });

  it("lets the later writer win, and keeps the earlier value when the later one leaves the field out", async () => {
    const first = makeStep("first", "topic: str", "score: int", () => ({ score: 1 }));
    const maybe = makeStep("maybe", "topic: str, score: int", "score?: int", ({ topic, score }) =>
      topic === "raise" ? { score: score + 1 } : {},
    );
    const pattern = new SequentialPattern({ agents: [first, maybe, maybe] });
    const flock = makeEnvironment();
    expect(await pattern.execute({ topic: "raise" }, { flock })).toEqual({ score: 3 });
    expect(await pattern.execute({ topic: "keep" }, { flock })).toEqual({ score: 1 });
  });

  it("reads the declared input past the first step, and never gives input fields back as output", async () => {
    const late = makeStep("late", "audience: str, data: list[int]", "topic?: str", () => ({}));
    const pattern = new SequentialPattern({ agents: [researcher, late], input: "topic: str, audience: str" });
    const output = await pattern.execute({ topic: "tide", audience: "sailors" }, { flock: makeEnvironment() });
    expect(output).toEqual({ data: [4] });
  });

  it("keeps null, false, zero and empty text as values", async () => {
    const source = makeStep("source", "topic: str", "a: str | None, b: bool, c: int, d: str", () => ({
      a: null,
      b: false,
      c: 0,
      d: "",
    }));
    const echo = makeStep("echo", "a: str | None, b: bool, c: int, d: str", "all: any", (all) => ({ all }));
    const pattern = new SequentialPattern({ agents: [source, echo] });
    const { all } = await pattern.execute({ topic: "t" }, { flock: makeEnvironment() });
    expect(all).toEqual({ a: null, b: false, c: 0, d: "" });
  });

  it("calls its steps through the door, each at its own path", async () => {
    const flock = makeEnvironment();
    const pattern = new SequentialPattern({ name: "flow", agents: [researcher, analyzer] });
    await pattern.execute({ topic: "tide" }, { flock });
    expect(story(flock.seen).filter((line) => line.startsWith("call-"))).toEqual([
      "call-start run/flow#0",
      "call-start run/flow#0/researcher#0",
      "call-end run/flow#0/researcher#0 ok",
      "call-start run/flow#0/analyzer#1",
      "call-end run/flow#0/analyzer#1 ok",
      "call-end run/flow#0 ok",
    ]);
    const start = flock.seen.find((event) => event.type === "call-start");
    expect(start?.type === "call-start" && [start.reads, start.writes]).toEqual([
      ["topic"],
      ["data", "notes", "analysis"],
    ]);
  });

  it("nests: a sequence is a step like any other", async () => {
    const inner = new SequentialPattern({ name: "inner", agents: [researcher, analyzer] });
    const shout = makeStep("shout", "analysis: str", "analysis: str", ({ analysis }) => ({
      analysis: analysis.toUpperCase(),
    }));
    const outer = new SequentialPattern({ agents: [inner, shout] });
    expect(await outer.execute({ topic: "tide" }, { flock: makeEnvironment() })).toEqual({
      data: [4],
      analysis: "TIDE: 4",
    });
  });

  it("takes a bare value where its input is one plain field", async () => {
    const pattern = new SequentialPattern({ agents: [researcher, analyzer], input: "topic: str" });
    expect(await pattern.execute("tide", { flock: makeEnvironment() })).toEqual({ data: [4], analysis: "tide: 4" });
  });

  it("streams its events and its result", async () => {
    const pattern = new SequentialPattern({ agents: [researcher] });
    const stream = pattern.stream({ topic: "tide" }, { flock: makeEnvironment() });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types[0]).toBe("run-start");
    expect(types.at(-1)).toBe("run-end");
    expect(await stream.result).toEqual({ data: [4] });
  });

  it("runs nothing after the first failure and passes that very failure on", async () => {
    const failure = new RangeError("no tide today");
    const failing = makeStep("failing", "topic: str", "data: list[int]", () => {
      throw failure;
    });
    const pattern = new SequentialPattern({ agents: [failing, makeStep("after", "data: list[int]", "x: int")] });
    await expect(pattern.execute({ topic: "t" }, { flock: makeEnvironment() })).rejects.toBe(failure);
  });

  it("ends the step at work when the run is aborted, and starts no other", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const hanging = makeStep("hanging", "topic: str", "data: list[int]", () => {
      controller.abort(reason);
      return new Promise<never>(() => {});
    });
    const pattern = new SequentialPattern({ agents: [hanging, makeStep("after", "data: list[int]", "x: int")] });
    const run = pattern.execute({ topic: "t" }, { flock: makeEnvironment(), signal: controller.signal });
    await expect(run).rejects.toBe(reason);
  });
});

describe("a sequence and wrong values", () => {
  const flock = makeEnvironment();

  it("names a step that gave no object, with the sequence's path", async () => {
    for (const wrong of ["text", null, [1], 7]) {
      const step = makeUntyped("liar", "topic: str", "x: int", () => wrong);
      const error = await caught(new SequentialPattern({ agents: [step] }).execute({ topic: "t" } as never, { flock }));
      expect(isFlockError(error, "output_invalid") && [error.message, error.details.pointer, error.path]).toEqual([
        expect.stringContaining('"liar" promised an object keyed by field name and gave'),
        "",
        "run/sequence#0",
      ]);
    }
  });

  it("names the field that a step promised and did not give", async () => {
    const step = makeUntyped("liar", "topic: str", "x: int, y?: int", () => ({ y: 1, toString: 2 }));
    const error = await caught(new SequentialPattern({ agents: [step] }).execute({ topic: "t" } as never, { flock }));
    expect(isFlockError(error, "output_invalid") && [error.message, error.details.pointer]).toEqual([
      '"liar" promised the field "x" and gave nothing',
      "/x",
    ]);
  });

  it("drops fields a step did not declare", async () => {
    const step = makeUntyped("chatty", "topic: str", "x: int", () => ({ x: 1, secret: 2 }));
    expect(await new SequentialPattern({ agents: [step] }).execute({ topic: "t" } as never, { flock })).toEqual({
      x: 1,
    });
  });

  it("holds its declared input to the declaration", async () => {
    const pattern = new SequentialPattern({ agents: [researcher], input: "topic: str, depth: int" });
    const error = await caught(pattern.execute({ topic: "t", depth: "deep" } as never, { flock }));
    expect(isFlockError(error, "input_invalid") && [error.details.pointer, error.path]).toEqual([
      "/depth",
      "run/sequence#0",
    ]);
    const unknown = await caught(pattern.execute({ topic: "t", depth: 1, dept: 2 } as never, { flock }));
    expect(isFlockError(unknown, "input_invalid")).toBe(true);
  });

  it("refuses an input that is no object when a wrapper of the door replaced it", async () => {
    const wrapping = makeEnvironment([
      { form: "wrapper", name: "spoil", wrap: (call, next) => next(call.with({ input: "spoilt" })) },
    ]);
    const error = await caught(
      new SequentialPattern({ agents: [researcher] }).execute({ topic: "t" }, { flock: wrapping }),
    );
    expect(isFlockError(error, "input_invalid") && error.message).toBe(
      '"sequence" takes an object keyed by field name, not a string of 6 characters',
    );
  });
});

describe("building a sequence", () => {
  const build = (agents: readonly unknown[], more: object = {}): unknown =>
    caught(() => new SequentialPattern({ agents: agents as readonly AnyRunnable[], ...more }));

  it.each([
    [
      "a field nobody gives",
      [makeUntyped("r", "topic: str", "data: int"), makeUntyped("a", "audience: str", "x: int")],
      'pattern "sequence": "a" needs the field "audience", which neither the pattern\'s input nor an earlier agent gives; there is "topic", "data"',
      { pattern: "sequence", agent: "a", field: "audience" },
    ],
    [
      "a field misspelt, with the nearest one",
      [makeUntyped("r", "topic: str", "audience: str"), makeUntyped("a", "audiense: str", "x: int")],
      'pattern "sequence": "a" needs the field "audiense", which neither the pattern\'s input nor an earlier agent gives; did you mean "audience"?',
      { pattern: "sequence", agent: "a", field: "audiense" },
    ],
    [
      "a field that may be absent",
      [makeUntyped("r", "topic: str", "notes?: str"), makeUntyped("a", "notes: str", "x: int")],
      'pattern "sequence": "a" needs the field "notes", which may be absent: it is declared optional where it comes from',
      { pattern: "sequence", agent: "a", field: "notes" },
    ],
    [
      "a field of a type that never fits",
      [makeUntyped("r", "topic: str", "count: int"), makeUntyped("a", "count: str", "x: int")],
      'pattern "sequence": "a" takes the field "count" as string, but it is number here',
      { pattern: "sequence", agent: "a", field: "count" },
    ],
  ])("refuses %s", (_, agents, message, details) => {
    const error = build(agents);
    expect(isFlockError(error, "pattern_invalid") && [error.message, error.details]).toEqual([message, details]);
  });

  it("lets types pass that may meet: a union with one of its members, null or not, any, a whole number as number", () => {
    const pairs = [
      ["int", "float"],
      ["int | str", "str"],
      ["str | None", "str"],
      ["any", "str"],
      ["str", "any"],
      ["'a' | 'b'", "str"],
      ["list[int]", "list[str]"],
      ["date", "str"],
    ];
    for (const [gives, takes] of pairs) {
      const agents = [makeUntyped("r", "topic: str", `f: ${gives}`), makeUntyped("a", `f: ${takes}`, "x: int")];
      expect(build(agents), `${gives} to ${takes}`).toBeUndefined();
    }
  });

  it("refuses types that never meet", () => {
    const pairs = [
      ["list[int]", "int"],
      ["{ a: int }", "list[str]"],
      ["None", "str"],
      ["'a' | 'b'", "int | bool"],
      ["bool", "'yes' | 1"],
    ];
    for (const [gives, takes] of pairs) {
      const agents = [makeUntyped("r", "topic: str", `f: ${gives}`), makeUntyped("a", `f: ${takes}`, "x: int")];
      expect(isFlockError(build(agents), "pattern_invalid"), `${gives} to ${takes}`).toBe(true);
    }
  });

  it("holds the first agent to the declared input", () => {
    const error = build([makeUntyped("r", "topic: str", "x: int")], { input: "subject: str" });
    expect(isFlockError(error, "pattern_invalid") && error.details.field).toBe("topic");
  });

  it("refuses an empty list, what is no runnable, and runnables without declared fields", () => {
    expect(isFlockError(build([]), "pattern_invalid")).toBe(true);
    expect(
      isFlockError(
        caught(() => new SequentialPattern({} as never)),
        "pattern_invalid",
      ),
    ).toBe(true);
    for (const wrong of [undefined, null, 3, "agent", {}, { name: "x" }, { name: 1, perform() {} }]) {
      const error = build([researcher, wrong]);
      expect(isFlockError(error, "option_invalid") && error.details.option).toBe("agents[1]");
    }
    // biome-ignore lint/suspicious/noSparseArray: a hole is what plain JavaScript may give
    expect(isFlockError(build([researcher, , researcher]), "option_invalid")).toBe(true);
    const bare = { name: "bare", kind: "agent", perform: async () => ({}) };
    const error = build([bare]);
    expect(isFlockError(error, "pattern_invalid") && error.message).toContain('"bare" declares no input fields');
    const half = build([{ ...bare, input: researcher.input }]);
    expect(isFlockError(half, "pattern_invalid") && half.message).toContain('"bare" declares no output fields');
  });

  it("refuses field names that would reach a prototype", () => {
    for (const field of ["__proto__", "constructor", "prototype"]) {
      const shape = { fields: [{ name: field, optional: false }], toJsonSchema: () => ({}) };
      const step = { name: "evil", kind: "agent", input: researcher.input, output: shape, perform: async () => ({}) };
      const error = build([step]);
      expect(isFlockError(error, "pattern_invalid") && error.details).toMatchObject({ agent: "evil", field });
    }
  });

  it("refuses unknown and wrong options", () => {
    for (const wrong of [
      { agent: [] },
      { name: "no name" },
      { timeoutMs: 0 },
      { input: "" },
      { types: 3 },
      { agents: {} },
    ]) {
      const error = caught(() => new SequentialPattern({ agents: [researcher], ...wrong } as never));
      expect(isFlockError(error, "option_invalid"), JSON.stringify(wrong)).toBe(true);
    }
    expect(isFlockError(build([researcher], { input: "topic: strr" }), "signature_invalid")).toBe(true);
  });

  it("says what decides its answer only when every agent does", () => {
    const known = makeStep("known", "topic: str", "x: int", undefined, { identity: { model: "m" } });
    expect(new SequentialPattern({ agents: [known, known] }).identity).toEqual({
      pattern: "sequence",
      agents: [{ model: "m" }, { model: "m" }],
      input: ["topic"],
    });
    expect(new SequentialPattern({ agents: [known, researcher], input: "topic: str" }).identity).toBeUndefined();
  });

  it("states its limit as policy", () => {
    expect(new SequentialPattern({ agents: [researcher], timeoutMs: 50 }).policy).toEqual({ timeoutMs: 50 });
    expect(new SequentialPattern({ agents: [researcher] }).policy).toEqual({});
  });
});
