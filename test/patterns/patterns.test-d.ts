import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { Json } from "../../src/core/json/json.ts";
import type { AnyRunnable, Runnable } from "../../src/core/runnable.ts";
import { DeclarativeAgent, OrchestrationAgent, type RunStream, TypeRegistry } from "../../src/entries/index.ts";
import { ParallelPattern, SequentialPattern } from "../../src/entries/patterns.ts";
import type { Beside } from "../../src/patterns/beside.ts";
import type { Fits } from "../../src/patterns/orchestration-agent.ts";
import type { Connect } from "../../src/patterns/sequential-pattern.ts";

const researcher = new DeclarativeAgent({
  name: "researcher",
  input: "topic: str",
  output: "data: list[int], notes?: str",
});
const analyzer = new DeclarativeAgent({
  name: "analyzer",
  input: "topic: str, data: list[int]",
  output: "analysis: str",
});
const publisher = new DeclarativeAgent({
  name: "publisher",
  input: "analysis: str, audience: str",
  output: "page: str",
});
const counter = new DeclarativeAgent({ name: "counter", input: "topic: str", output: "count: int" });
const reader = new DeclarativeAgent({ name: "reader", input: "count: str", output: "text: str" });
const lister = new DeclarativeAgent({ name: "lister", input: "data: list[str]", output: "text: str" });
const noter = new DeclarativeAgent({ name: "noter", input: "notes: str", output: "text: str" });
const optional = new DeclarativeAgent({ name: "optional", input: "depth?: int", output: "text: str" });
const clashing = new DeclarativeAgent({ name: "clashing", input: "topic?: int", output: "text: str" });
const either = new DeclarativeAgent({ name: "either", input: "topic: str", output: "count?: str" });
const union = new DeclarativeAgent({ name: "union", input: "count: int | str", output: "text: str" });

type Topic = { topic: string };

describe("a sequence that connects", () => {
  it("takes what its first agent takes and gives all that is written", () => {
    const pattern = new SequentialPattern({ agents: [researcher, analyzer] });
    expectTypeOf(pattern.execute).parameter(0).toEqualTypeOf<{ topic: string } | string>();
    expectTypeOf(pattern.execute({ topic: "t" })).resolves.toEqualTypeOf<{
      data: number[];
      notes?: string;
      analysis: string;
    }>();
    expectTypeOf(pattern.stream({ topic: "t" })).toEqualTypeOf<
      RunStream<{ data: number[]; notes?: string; analysis: string }>
    >();
    expectTypeOf(pattern.name).toEqualTypeOf<"sequence">();
  });

  it("takes its declared input, also bare, when that is wider", () => {
    const pattern = new SequentialPattern({
      agents: [researcher, analyzer, publisher],
      input: "topic: str, audience: str",
    });
    expectTypeOf(pattern.execute).parameter(0).toEqualTypeOf<{ topic: string; audience: string }>();
    const bare = new SequentialPattern({ agents: [researcher, analyzer], input: "topic: str" });
    expectTypeOf(bare.execute).parameter(0).toEqualTypeOf<string | { topic: string }>();
  });

  it("lets the later writer win, in type too", () => {
    const pattern = new SequentialPattern({ agents: [counter, either] });
    expectTypeOf(pattern["~out"]).toEqualTypeOf<{ count: number | string }>();
    const rewritten = new SequentialPattern({ agents: [either, counter] });
    expectTypeOf(rewritten["~out"]).toEqualTypeOf<{ count: number }>();
    new SequentialPattern({ agents: [counter, either, union] });
    // @ts-expect-error: it may still be the number that counter wrote
    new SequentialPattern({ agents: [counter, either, reader] });
  });

  it("needs no feeder for an optional input", () => {
    const pattern = new SequentialPattern({ agents: [researcher, optional] });
    expectTypeOf(pattern["~in"]).toEqualTypeOf<Topic>();
  });

  it("nests, and is a runnable of its own type", () => {
    const inner = new SequentialPattern({ name: "inner", agents: [researcher, analyzer] });
    const outer = new SequentialPattern({ agents: [inner, publisher], input: "topic: str, audience: str" });
    expectTypeOf(outer["~out"]).toEqualTypeOf<{ data: number[]; notes?: string; analysis: string; page: string }>();
    expectTypeOf(inner).toExtend<Runnable<Topic, { analysis: string }>>();
  });

  it("takes lists whose length the compiler cannot see", () => {
    const same: (typeof counter)[] = [];
    expectTypeOf(new SequentialPattern({ agents: same })["~out"]).toEqualTypeOf<{ count: number }>();
    expectTypeOf(new SequentialPattern({ agents: same })["~in"]).toEqualTypeOf<Topic>();
    const any: readonly AnyRunnable[] = [];
    expectTypeOf(new SequentialPattern({ agents: any })["~out"]).toEqualTypeOf<unknown>();
    expectTypeOf(new SequentialPattern({ agents: [researcher, ...same] })["~out"]).toEqualTypeOf<{
      data: number[];
      notes?: string;
      count?: number;
    }>();
    expectTypeOf(new SequentialPattern({ agents: [...any, publisher] })["~out"]).toEqualTypeOf<unknown>();
    const first = {} as AnyRunnable;
    expectTypeOf(new SequentialPattern({ agents: [first, publisher] })["~out"]).toEqualTypeOf<{
      [field: string]: unknown;
    }>();
    const mixed: (typeof counter | typeof analyzer)[] = [];
    expectTypeOf(new SequentialPattern({ agents: mixed })["~in"]).toEqualTypeOf<{ topic: string; data: number[] }>();
  });
});

describe("a sequence that does not connect", () => {
  it("says which agent needs which field that nobody gives", () => {
    type Said = Connect<[typeof researcher, typeof publisher], Topic>[1];
    expectTypeOf<Said>().toEqualTypeOf<
      | "'publisher' needs the field 'analysis', which neither the pattern's input nor an earlier agent gives"
      | "'publisher' needs the field 'audience', which neither the pattern's input nor an earlier agent gives"
    >();
    // @ts-expect-error: publisher needs the field audience
    new SequentialPattern({ agents: [researcher, analyzer, publisher] });
    // @ts-expect-error: the first agent needs more than the declared input
    new SequentialPattern({ agents: [publisher], input: "analysis: str" });
    const asks = new DeclarativeAgent({ name: "asks", input: "question: str", output: "answer: str" });
    const tells = new DeclarativeAgent({ name: "tells", input: "text: str", output: "story: str" });
    // @ts-expect-error: one text field each, of different names, is no chain
    new SequentialPattern({ agents: [asks, tells] });
  });

  it("says which field has another type", () => {
    expectTypeOf<
      Connect<[typeof counter, typeof reader], Topic>[1]
    >().toEqualTypeOf<"'reader' takes the field 'count' as a string, but it is a number here">();
    expectTypeOf<
      Connect<[typeof researcher, typeof lister], Topic>[1]
    >().toEqualTypeOf<"'lister' takes the field 'data' as a list, but it is a list of another make here">();
    expectTypeOf<
      Connect<[typeof counter, typeof clashing], Topic>[1]
    >().toEqualTypeOf<"'clashing' takes the field 'topic' as a number, but it is a string here">();
    expectTypeOf<
      Connect<[typeof counter, typeof either, typeof reader], Topic>[2]
    >().toEqualTypeOf<"'reader' takes the field 'count' as a string, but it is one of several types here">();
    // @ts-expect-error: count is a number
    new SequentialPattern({ agents: [counter, reader] });
    // @ts-expect-error: an optional input must fit too, when there is something of its name
    new SequentialPattern({ agents: [counter, clashing] });
  });

  it("says which field may be absent", () => {
    expectTypeOf<
      Connect<[typeof researcher, typeof noter], Topic>[1]
    >().toEqualTypeOf<"'noter' needs the field 'notes', which may be absent: it is declared optional where it comes from">();
    // @ts-expect-error: notes may be absent
    new SequentialPattern({ agents: [researcher, noter] });
  });

  it("puts the sentence in the place of that agent alone", () => {
    type Said = Connect<[typeof researcher, typeof noter, typeof analyzer], Topic>;
    expectTypeOf<Said[0]>().toEqualTypeOf<typeof researcher>();
    expectTypeOf<Said[2]>().toEqualTypeOf<typeof analyzer>();
  });

  it("refuses an empty list, a bad signature, and what is no runnable", () => {
    expectTypeOf<Connect<[], Topic>>().toEqualTypeOf<"a sequence needs at least one agent">();
    // @ts-expect-error: needs at least one agent
    new SequentialPattern({ agents: [] });
    // @ts-expect-error: 3 is no runnable
    new SequentialPattern({ agents: [researcher, 3] });
    // @ts-expect-error: there is no type strr
    new SequentialPattern({ agents: [researcher], input: "topic: strr" });
  });

  it("calls an agent whose name the compiler cannot see this step", () => {
    type Nameless = Runnable<{ a: string }, { b: string }>;
    expectTypeOf<
      Connect<[Nameless], Topic>[0]
    >().toEqualTypeOf<"this step needs the field 'a', which neither the pattern's input nor an earlier agent gives">();
  });
});

describe("a parallel pattern", () => {
  it("takes what its agents need together, and gives values by name or fields merged", () => {
    const named = new ParallelPattern({ agents: { first: researcher, second: analyzer } });
    expectTypeOf(named["~in"]).toEqualTypeOf<{ topic: string; data: number[] }>();
    expectTypeOf(named.execute({ topic: "t", data: [] })).resolves.toEqualTypeOf<{
      first: { data: number[]; notes?: string };
      second: { analysis: string };
    }>();
    const merged = new ParallelPattern({ agents: [counter, analyzer, optional] });
    expectTypeOf(merged["~in"]).toEqualTypeOf<{ topic: string; data: number[]; depth?: number }>();
    expectTypeOf(merged["~out"]).toEqualTypeOf<{ count: number; analysis: string; text: string }>();
    expectTypeOf(merged.name).toEqualTypeOf<"parallel">();
  });

  it("feeds the step after it by name", () => {
    const judge = new DeclarativeAgent({
      name: "judge",
      input: "first: { count: int }, second: any",
      output: "verdict: str",
    });
    const both = new ParallelPattern({ agents: { first: counter, second: either } });
    const pattern = new SequentialPattern({ agents: [both, judge] });
    expectTypeOf(pattern["~out"]).toEqualTypeOf<{
      first: { count: number };
      second: { count?: string };
      verdict: string;
    }>();
  });

  it("says who writes a field twice", () => {
    expectTypeOf<
      Beside<[typeof reader, typeof lister]>[1]
    >().toEqualTypeOf<"'lister' writes the field 'text', which an agent before it writes too; give the agents names, as in { first: …, second: … }">();
    // @ts-expect-error: both write text
    new ParallelPattern({ agents: [reader, lister] });
    new ParallelPattern({ agents: { reader, lister } });
  });

  it("says who takes a field as a type another does not", () => {
    const number = new DeclarativeAgent({ name: "number", input: "topic: int", output: "n: int" });
    expectTypeOf<
      Beside<[typeof counter, typeof number]>[1]
    >().toEqualTypeOf<"'number' takes the field 'topic' as a number, but another agent takes it as a string">();
    type Named = Beside<{ a: typeof counter; b: typeof number; c: typeof optional }>;
    expectTypeOf<
      Named["a"]
    >().toEqualTypeOf<"'counter' takes the field 'topic' as a string, but another agent takes it as a number">();
    expectTypeOf<Named["c"]>().toEqualTypeOf<typeof optional>();
    // @ts-expect-error: topic cannot be both
    new ParallelPattern({ agents: [counter, number] });
    // @ts-expect-error: topic cannot be both
    new ParallelPattern({ agents: { counter, number } });
  });

  it("refuses none", () => {
    expectTypeOf<Beside<[]>>().toEqualTypeOf<"a parallel pattern needs at least one agent">();
    expectTypeOf<Beside<{}>>().toEqualTypeOf<"a parallel pattern needs at least one agent">();
    // @ts-expect-error: needs at least one agent
    new ParallelPattern({ agents: [] });
    // @ts-expect-error: needs at least one agent
    new ParallelPattern({ agents: {} });
  });

  it("takes lists and records the compiler cannot see into", () => {
    const list: (typeof counter)[] = [];
    expectTypeOf(new ParallelPattern({ agents: list })["~out"]).toEqualTypeOf<{ count: number }>();
    const record: Record<string, typeof counter> = {};
    expectTypeOf(new ParallelPattern({ agents: record })["~out"]).toEqualTypeOf<{
      [name: string]: { count: number };
    }>();
    expectTypeOf(new ParallelPattern({ agents: [analyzer, ...list] })["~out"]).toEqualTypeOf<{
      analysis: string;
      count?: number;
    }>();
  });
});

describe("an orchestration agent", () => {
  const pattern = new SequentialPattern({ agents: [researcher, analyzer] });
  const types = new TypeRegistry().register("Data", z.object({ rows: z.array(z.number()) })).register(
    "Length",
    z.string().transform((text) => text.length),
  );

  it("is typed by its own strings alone", () => {
    const system = new OrchestrationAgent({ name: "system", input: "topic: str", output: "analysis: str", pattern });
    expectTypeOf(system.execute).parameter(0).toEqualTypeOf<string | { topic: string }>();
    expectTypeOf(system.execute("t")).resolves.toEqualTypeOf<{ analysis: string }>();
    expectTypeOf(system.stream("t")).toEqualTypeOf<RunStream<{ analysis: string }>>();
    expectTypeOf(system.name).toEqualTypeOf<"system">();
    // @ts-expect-error: a number is no topic
    system.execute(3);
    const two = new OrchestrationAgent({
      name: "two",
      input: "topic: str, more?: int",
      output: "analysis: str",
      pattern,
    });
    // @ts-expect-error: a bare value is taken for one field alone
    two.execute("t");
  });

  it("knows registered names, the side of a transforming one too", () => {
    const writer = new DeclarativeAgent({
      name: "w",
      types,
      input: "text: Length",
      output: "data: Data, size: Length",
    });
    const system = new OrchestrationAgent({
      name: "s",
      types,
      input: "text: Length",
      output: "size: Length, data: Data",
      pattern: writer,
    });
    expectTypeOf(system["~in"]).toEqualTypeOf<{ text: string }>();
    expectTypeOf(system["~out"]).toEqualTypeOf<{ size: number; data: { rows: number[] } }>();
    // @ts-expect-error: a bare value is not taken for a registered name
    system.execute("t");
    // @ts-expect-error: without the registry there is no type Data
    new OrchestrationAgent({ name: "s", input: "text: str", output: "data: Data", pattern: writer });
    const again = new DeclarativeAgent({ name: "again", types, input: "size: Length", output: "x: int" });
    // @ts-expect-error: what Length gives is not what it takes
    new SequentialPattern({ agents: [writer, again] });
  });

  it("says what the pattern needs and its input does not give", () => {
    type Said = Fits<typeof pattern, "sys", { topics: string }, { analysis: string }>;
    expectTypeOf<Said>().toEqualTypeOf<"'sequence' needs the field 'topic', which the input of 'sys' does not give">();
    // @ts-expect-error: topic is needed
    new OrchestrationAgent({ name: "sys", input: "topics: str", output: "analysis: str", pattern });
  });

  it("says what its output promises and the pattern does not write, or otherwise", () => {
    expectTypeOf<
      Fits<typeof pattern, "sys", Topic, { score: number }>
    >().toEqualTypeOf<"the output of 'sys' needs the field 'score', which 'sequence' does not write">();
    expectTypeOf<
      Fits<typeof pattern, "sys", Topic, { analysis: number }>
    >().toEqualTypeOf<"the output of 'sys' takes the field 'analysis' as a number, but it is a string here">();
    expectTypeOf<
      Fits<typeof pattern, "sys", Topic, { notes: string }>
    >().toEqualTypeOf<"the output of 'sys' needs the field 'notes', which may be absent: it is declared optional where it comes from">();
    expectTypeOf<Fits<typeof pattern, "sys", Topic, { notes?: string; more?: number }>>().toEqualTypeOf<
      typeof pattern
    >();
    // @ts-expect-error: score is not written
    new OrchestrationAgent({ name: "sys", input: "topic: str", output: "analysis: str, score: float", pattern });
  });

  it("leaves patterns the compiler cannot see into to the check when it is built", () => {
    const any: AnyRunnable[] = [];
    const json = {} as Runnable<{ topic: string }, { readonly [key: string]: Json }>;
    const unknown = {} as Runnable;
    new OrchestrationAgent({
      name: "a",
      input: "topic: str",
      output: "x: str",
      pattern: new SequentialPattern({ agents: any }),
    });
    new OrchestrationAgent({
      name: "a",
      input: "topic: str",
      output: "x: str",
      pattern: new ParallelPattern({ agents: any }),
    });
    new OrchestrationAgent({ name: "a", input: "topic: str", output: "x: str", pattern: json });
    new OrchestrationAgent({ name: "a", input: "topic: str", output: "x: str", pattern: unknown });
    new SequentialPattern({ agents: [json, publisher] });
    const text: string = "topic: str";
    expectTypeOf(new OrchestrationAgent({ name: "a", input: text, output: text, pattern }).execute)
      .parameter(0)
      .toEqualTypeOf<Record<string, unknown>>();
  });
});
