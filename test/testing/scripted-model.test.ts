import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { DeclarativeAgent, Flock, isFlockError } from "../../src/entries/index.ts";
import {
  createTestRuntime,
  type ScriptedAnswer,
  type ScriptedParts,
  scriptedModel,
} from "../../src/entries/testing.ts";

const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }];

interface Streamed {
  readonly parts: LanguageModelV4StreamPart[];
  readonly error: unknown;
}

async function streamed(parts: ScriptedParts): Promise<Streamed> {
  const { stream } = await scriptedModel([parts]).doStream({ prompt });
  const read: LanguageModelV4StreamPart[] = [];
  try {
    for await (const part of stream as unknown as AsyncIterable<LanguageModelV4StreamPart>) read.push(part);
  } catch (error) {
    return { parts: read, error };
  }
  return { parts: read, error: undefined };
}

function pieces({ parts }: Streamed): string[] {
  return parts.flatMap((part) => ("delta" in part ? [part.delta] : []));
}

describe("the pieces of a scripted answer", () => {
  it("have the sizes that were chosen, the last one for all the rest, on through all blocks", async () => {
    expect(pieces(await streamed({ text: "abcdefgh", pieces: 3 }))).toEqual(["abc", "def", "gh"]);
    expect(pieces(await streamed({ text: ["abcd", "efgh"], pieces: [1, 2, 3] }))).toEqual(["a", "bc", "d", "efg", "h"]);
    expect(pieces(await streamed({ text: "one two  three" }))).toEqual(["one ", "two  ", "three"]);
    expect(pieces(await streamed({ text: "   " }))).toEqual(["   "]);
  });

  it("come in the order reasoning, texts, sources, tool calls, and together are the whole answer", async () => {
    const script: ScriptedParts = {
      reasoning: ["first", "then"],
      text: ["a", "b"],
      sources: ["https://example.com/a"],
      toolCalls: [{ tool: "t", input: { x: 1 } }],
      warnings: ["careful"],
    };
    const { parts } = await streamed(script);
    const kinds = parts.map(({ type }) => type).filter((type) => !/delta|end$/.test(type));
    expect(kinds).toEqual([
      "stream-start",
      "reasoning-start",
      "reasoning-start",
      "text-start",
      "text-start",
      "source",
      "tool-input-start",
      "tool-call",
      "finish",
    ]);
    const answer = await scriptedModel([script]).doGenerate({ prompt });
    expect(answer.content).toMatchObject([
      { type: "reasoning", text: "first" },
      { type: "reasoning", text: "then" },
      { type: "text", text: "a" },
      { type: "text", text: "b" },
      { type: "source", url: "https://example.com/a" },
      { type: "tool-call", input: '{"x":1}' },
    ]);
    expect(answer.warnings).toEqual([{ type: "other", message: "careful" }]);
  });

  it("come apart by the runtime's clock, which the end of the call shows, and whole after the same time", async () => {
    const runtime = createTestRuntime();
    const script = { json: { line: "a b c" }, delayMs: 200, pieceDelayMs: [10, 50, 30] };
    const agent = new DeclarativeAgent({ name: "a", input: "x: str", output: "line: str" });
    const flock = new Flock({ runtime, model: scriptedModel([script, script], { runtime }) });
    const stream = agent.stream("x", { flock });
    const timings: unknown[] = [];
    const reading = (async () => {
      for await (const event of stream)
        if (event.type === "call-end" && event.kind === "model") timings.push(event.stream);
    })();
    await runtime.clock.advance(300);
    await reading;
    expect(timings).toEqual([{ firstTokenMs: 200, meanGapMs: 30, longestGapMs: 50, pieces: 3 }]);
    const before = runtime.clock.elapsedMs;
    const whole = agent.execute("x", { flock }).then(() => runtime.clock.elapsedMs - before);
    await runtime.clock.advance(300);
    expect(await whole).toBe(260);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

describe("a scripted answer that goes wrong", () => {
  const text = "one two three";

  it("fails, or carries an error, after so many pieces or characters", async () => {
    const error = new Error("line broke");
    const failed = await streamed({ text, stop: { by: "error", afterPieces: 2, error } });
    expect([pieces(failed), failed.error]).toEqual([["one ", "two "], error]);
    const part = await streamed({ text, stop: { by: "error-part", afterCharacters: 6, error } });
    expect(pieces(part)).toEqual(["one ", "tw"]);
    expect(part.parts.at(-1)).toEqual({ type: "error", error });
    const first = await streamed({ text, stop: { by: "error" } });
    expect(pieces(first)).toEqual([]);
    expect(first.error).toMatchObject({ message: "the scripted answer broke off" });
    const both = await streamed({ text, stop: { by: "cut", afterPieces: 1, afterCharacters: 6 } });
    expect(pieces(both)).toEqual(["one "]);
    const late = await streamed({ text, stop: { by: "error", afterPieces: 99, error } });
    expect([pieces(late).join(""), late.error, late.parts.at(-1)?.type]).toEqual([text, error, "text-end"]);
  });

  it("fails the same way when asked for as a whole", async () => {
    const error = { type: "overloaded_error", message: "busy" };
    for (const by of ["error", "error-part"] as const) {
      await expect(scriptedModel([{ text, stop: { by, error } }]).doGenerate({ prompt })).rejects.toBe(error);
    }
    await expect(scriptedModel([{ text, stop: { by: "cut" } }]).doGenerate({ prompt })).rejects.toMatchObject({
      code: "model_failed",
      details: { vendorCode: "stream_cut", retryable: true },
    });
  });

  it("is cut with the finish reason length, its open block ended", async () => {
    const cut = await streamed({ text, stop: { by: "length", afterCharacters: 5 } });
    expect(cut.parts.slice(-2)).toMatchObject([
      { type: "text-end" },
      { type: "finish", finishReason: { unified: "length" } },
    ]);
    const answer = await scriptedModel([{ text, stop: { by: "length", afterCharacters: 5 } }]).doGenerate({ prompt });
    expect(answer).toMatchObject({ content: [{ text: "one t" }], finishReason: { unified: "length" } });
    const thought = await streamed({ reasoning: text, stop: { by: "length", afterPieces: 1 } });
    expect(thought.parts.at(-2)?.type).toBe("reasoning-end");
    const called = await streamed({
      toolCalls: [{ tool: "t", input: "{} {}" }],
      stop: { by: "length", afterPieces: 1 },
    });
    expect(called.parts.slice(-2).map(({ type }) => type)).toEqual(["tool-input-end", "finish"]);
  });

  it("stalls until it is aborted, by a signal or by who reads it", async () => {
    const controller = new AbortController();
    const model = scriptedModel([{ text, stop: { by: "stall", afterPieces: 1 } }], { repeat: true });
    const pending = model.doGenerate({ prompt, abortSignal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(pending).rejects.toThrow("enough");
    const { stream } = await model.doStream({ prompt });
    const reader = stream.getReader();
    for (let read = 0; read < 3; read++) await reader.read();
    const waiting = reader.read();
    await reader.cancel("left");
    expect(await waiting).toMatchObject({ done: true });
  });

  it("runs into the time limit of its run when it stalls, with no timer left", async () => {
    const runtime = createTestRuntime();
    const model = scriptedModel([{ json: { line: "a" }, stop: { by: "stall" }, pieceDelayMs: 5 }], {
      runtime,
      repeat: true,
    });
    const flock = new Flock({ runtime, model });
    const agent = new DeclarativeAgent({ name: "a", input: "x: str", output: "line: str" });
    for (const run of [
      () => agent.execute("x", { flock, timeoutMs: 50 }),
      () => agent.stream("x", { flock, timeoutMs: 50 }).result,
    ]) {
      const failed = run().catch((error: unknown) => error);
      await runtime.clock.advance(60);
      expect(isFlockError(await failed, "timeout")).toBe(true);
    }
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("may report wrong tokens, or none", async () => {
    const none = await scriptedModel([{ text, usage: "none" }]).doGenerate({ prompt });
    expect(none.usage.inputTokens.total).toBeUndefined();
    const wrong = await scriptedModel([{ text, usage: { inputTokens: -3 } }]).doGenerate({ prompt });
    expect([wrong.usage.inputTokens.total, wrong.usage.outputTokens.total]).toEqual([-3, 5]);
  });
});

describe("a script", () => {
  it("that is misspelt or wrong is refused when it is written, or when its function gives it", async () => {
    const wrong: [unknown, string][] = [
      [{ txt: "a" }, 'scriptedModel answers[0] has no option "txt"; did you mean "text"?'],
      [{ text: 5 }, '"text" must be a text or a list of texts'],
      [{ pieces: 0 }, '"pieces" must be a whole number of characters'],
      [{ pieceDelayMs: [-1] }, '"pieceDelayMs" must be milliseconds'],
      [{ delayMs: Number.NaN }, '"delayMs" must be milliseconds'],
      [{ toolCalls: [{ input: {} }] }, '"toolCalls[0].tool" must be a name'],
      [{ toolCalls: [{ tool: "t", inputs: {} }] }, 'did you mean "input"?'],
      [{ stop: {} }, '"stop.by" must be a way to stop'],
      [{ stop: { by: "explode" } }, '"by" must be one of'],
      [{ stop: { by: "cut", afterPieces: -1 } }, '"afterPieces" must be a whole number'],
      [{ usage: { tokens: 5 } }, 'has no option "tokens"'],
      [{ usage: "some" }, '"usage" must be'],
      [5, '"answers[0]" must be a text, parts, an Error or a function'],
    ];
    for (const [answer, message] of wrong) {
      expect(() => scriptedModel([answer as ScriptedAnswer])).toThrow(message);
      await expect(scriptedModel([() => answer as ScriptedParts]).doGenerate({ prompt })).rejects.toThrow(message);
    }
    expect(() => scriptedModel(["a"], { repeats: true } as never)).toThrow('did you mean "repeat"?');
  });
});
