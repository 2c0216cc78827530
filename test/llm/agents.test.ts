/** Whole agents on a real model of 135 million parameters: what it says is its own, the types and the story are ours. */

import {
  DeclarativeAgent,
  Flock,
  type FlockEvent,
  isFlockError,
  OrchestrationAgent,
  type RunOptions,
  TypeRegistry,
  tool,
} from "flock-ts";
import { llamaModel } from "flock-ts/models";
import { SequentialPattern } from "flock-ts/patterns";
import { AnalysisAgentTemplate, ResearchAgentTemplate } from "flock-ts/templates";
import { documentsTool, openDocuments } from "flock-ts/tools";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { gguf, printTranscript, recorded } from "./transcript.ts";

const local = llamaModel({ path: gguf });
afterAll(() => local[Symbol.asyncDispose]());

/** A Flock on the real model, and what it heard. */
function listening() {
  const { model, exchanges } = recorded(local);
  const events: FlockEvent[] = [];
  const options = { onEvent: (event: FlockEvent) => void events.push(event) } satisfies RunOptions;
  return { flock: new Flock({ model }), exchanges, events, options };
}

/** Short enough for a small model to come to an end. */
const text = (most: number) => z.string().min(1).max(most);
const settings = { maxOutputTokens: 200 };

describe("agents on a real model", () => {
  it("research documents and analyse what was found", async () => {
    const documents = await openDocuments({
      documents: [
        {
          name: "1903 mills.md",
          text: "# Mills\n\nThe steel mill on the river opened in 1903. It employed 412 people.",
        },
        { name: "1951 flood.md", text: "# Flood\n\nThe flood of 1951 closed the steel mill for two months." },
        { name: "2004 park.md", text: "# Park\n\nIn 2004 the town opened a park where the steel mill had stood." },
      ],
    });
    const types = new TypeRegistry()
      .register(
        "ResearchData",
        z.object({
          findings: z.array(z.object({ quote: text(60), source: text(20) })).max(2),
          sources: z.array(text(20)).max(2),
        }),
      )
      .register(
        "Analysis",
        z.object({ summary: text(120), key_points: z.array(text(60)).min(1).max(2), confidence: z.number() }),
      );
    const researcher = ResearchAgentTemplate.createAgent({
      name: "researcher",
      types,
      input: "topic: str | what to research",
      output: "research_data: ResearchData",
      tools: [documentsTool(documents, { limit: 3 })],
      maxSteps: 2,
      settings,
    });
    const analyzer = AnalysisAgentTemplate.createAgent({
      name: "analyzer",
      types,
      input: "research_data: ResearchData",
      output: "analysis: Analysis",
      settings,
    });
    const system = new OrchestrationAgent({
      name: "research_system",
      types,
      input: "topic: str",
      output: "analysis: Analysis",
      pattern: new SequentialPattern({ agents: [researcher, analyzer] }),
    });
    const { flock, exchanges, events, options } = listening();
    await using _ = flock;
    const { analysis } = await flock.run(system, "the steel mill", options);
    printTranscript("research system", exchanges, events, { analysis });

    expect(analysis.summary.length).toBeGreaterThan(0);
    expect(analysis.key_points.length).toBeGreaterThan(0);
    expect(Number.isFinite(analysis.confidence)).toBe(true);
    const ended = events.filter((event) => event.type === "call-end");
    expect(ended.filter(({ kind, outcome }) => kind === "tool" && outcome === "ok").length).toBeGreaterThan(0);
    const calls = ended.filter(({ kind }) => kind === "model");
    expect(calls.length).toBe(exchanges.length);
    for (const { name, usage, costMicroUsd } of calls) {
      expect(name).toMatch(/^llama\/[^/]+\.gguf$/);
      expect(usage?.inputTokens).toBeGreaterThan(100);
      expect(usage?.outputTokens).toBeGreaterThan(0);
      expect(costMicroUsd).toBe(0);
    }
  });

  it("call a tool, read its result and answer from it", async () => {
    const asked: string[] = [];
    const weather = tool({
      name: "getWeather",
      description: "Gives the weather of a city now",
      input: z.object({ city: text(30) }),
      execute({ city }) {
        asked.push(city);
        return { weather: `light rain in ${city}` };
      },
    });
    const types = new TypeRegistry().register("Answer", text(120));
    const helper = new DeclarativeAgent({
      name: "helper",
      types,
      input: "question: str",
      output: "answer: Answer",
      tools: [weather],
      maxSteps: 3,
      settings,
    });
    const { flock, exchanges, events, options } = listening();
    await using _ = flock;
    const result = await flock.run(helper, "What is the weather in Paris?", options);
    printTranscript("tool loop", exchanges, events, result);

    expect(asked.length).toBeGreaterThan(0);
    expect(result).toEqual({ answer: expect.stringMatching(/./) });
    expect(exchanges[0]?.finish).toBe("tool-calls");
    expect(exchanges.at(-1)?.finish).toBe("stop");
  });

  it("classify among literals", async () => {
    const classifier = new DeclarativeAgent({
      name: "classifier",
      input: "review: str",
      output: "sentiment: 'positive' | 'negative', stars: Literal[1, 2, 3, 4, 5]",
      settings,
    });
    const { flock, exchanges, events, options } = listening();
    await using _ = flock;
    for (const review of ["I love this wonderful book!", "The food was cold and the waiter rude."]) {
      const result = await flock.run(classifier, { review }, options);
      expect(["positive", "negative"]).toContain(result.sentiment);
      expect([1, 2, 3, 4, 5]).toContain(result.stars);
      printTranscript(`classifier: ${review}`, exchanges.splice(0), events.splice(0), result);
    }
  });

  it("are asked another way when no grammar can say their schema", async () => {
    const boat = z.object({ name: text(20), wet: z.boolean() }).meta({ if: { required: ["sunk"] } });
    const types = new TypeRegistry().register("Boat", boat);
    const namer = new DeclarativeAgent({ name: "namer", types, input: "hint: str", output: "boat: Boat", settings });
    const { flock, exchanges, events, options } = listening();
    await using _ = flock;
    const result = await flock.run(namer, { hint: "a red sailing boat" }, options).catch((caught: unknown) => caught);
    printTranscript("no grammar", exchanges, events, result instanceof Error ? String(result) : result);
    expect(events.filter((event) => event.type === "warning")).toEqual([
      expect.objectContaining({ code: "answer_mode" }),
    ]);
    if (isFlockError(result)) expect(result.code).toMatch(/^output_/);
    else expect(result).toEqual({ boat: { name: expect.any(String), wet: expect.any(Boolean) } });
  });

  it("show an answer while it grows, and end with the same one", async () => {
    const types = new TypeRegistry().register("Line", text(60));
    const poet = new DeclarativeAgent({
      name: "poet",
      types,
      input: "topic: str",
      output: "title: Line, lines: list[Line]",
      settings: { maxOutputTokens: 120 },
      askAgain: 0,
    });
    const { flock, exchanges } = listening();
    await using _ = flock;
    const stream = flock.stream(poet, "the sea");
    const partials: unknown[] = [];
    for await (const partial of stream.partials) partials.push(partial);
    const result = await stream.result.catch((error: unknown) => error);
    printTranscript("streaming", exchanges, [], { partials: partials.length, result });
    expect(partials.length).toBeGreaterThan(2);
    // A small model may not find the end of a list without bounds; then it is one typed error and no half answer.
    if (isFlockError(result)) expect(result.code).toMatch(/^output_/);
    else expect(partials.at(-1)).toEqual(result);
  });

  it("are cut off within bounds when the run is aborted, and leave the model usable", async () => {
    const writer = new DeclarativeAgent({ name: "writer", input: "topic: str", output: "essay: str" });
    const { flock, exchanges } = listening();
    await using _ = flock;
    const stream = flock.stream(writer, "the history of the world");
    let aborted = 0;
    for await (const event of stream) {
      if (aborted > 0 || event.type !== "delta") continue;
      aborted = performance.now();
      stream.cancel(new Error("enough"));
    }
    await expect(stream.result).rejects.toThrow("enough");
    expect(performance.now() - aborted).toBeLessThan(250);
    printTranscript("abort", exchanges, [], "aborted");
    const yes = new DeclarativeAgent({ name: "yes", input: "text: str", output: "answer: 'yes' | 'no'" });
    expect(["yes", "no"]).toContain((await flock.run(yes, "Is water wet?")).answer);
  });

  it("end with one typed error when the answer does not fit its limit, after asking again once", async () => {
    const types = new TypeRegistry().register("Long", z.string().min(400).max(500));
    const writer = new DeclarativeAgent({
      name: "writer",
      types,
      input: "topic: str",
      output: "essay: Long",
      settings: { maxOutputTokens: 20 },
    });
    const { flock, exchanges, events, options } = listening();
    await using _ = flock;
    const error = await flock.run(writer, "rivers", options).catch((caught: unknown) => caught);
    printTranscript("cut off", exchanges, events, String(error));
    expect(error).toMatchObject({
      code: expect.stringMatching(/^output_/),
      message: expect.stringContaining("cut off"),
    });
    expect(exchanges.map(({ finish }) => finish)).toEqual(["length", "length"]);
  });

  it("end with one typed error, not retried, when the input is longer than the context", async () => {
    const reader = new DeclarativeAgent({ name: "reader", input: "book: str", output: "summary: str" });
    const { flock, exchanges } = listening();
    await using _ = flock;
    const error = await flock.run(reader, { book: "word ".repeat(6_000) }).catch((caught: unknown) => caught);
    printTranscript("too long", exchanges, [], String(error));
    expect(error).toMatchObject({ code: "context_too_long", details: { vendorCode: "context_length_exceeded" } });
    expect(exchanges).toHaveLength(1);
  });

  it("wait their turn when many ask at once, by the model's string alone", async () => {
    await using flock = new Flock({ model: `llama:${gguf}` });
    const judge = new DeclarativeAgent({ name: "judge", input: "text: str", output: "answer: 'yes' | 'no'" });
    const questions = ["Is fire hot?", "Is ice warm?", "Is the sky green?", "Is a dog an animal?"];
    const answers = await Promise.all(questions.map((question) => flock.run(judge, question)));
    for (const { answer } of answers) expect(["yes", "no"]).toContain(answer);
  });
});
