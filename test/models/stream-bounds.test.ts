import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { collectStream } from "../../src/models/collect-stream.ts";
import { maxAnswerBlocks, maxStreamCharacters, maxStreamParts, StreamBounds } from "../../src/models/stream-bounds.ts";
import { scriptedModel } from "../../src/testing/scripted-model.ts";

type Part = LanguageModelV4StreamPart;

/** Collects a stream that makes its parts without end; gives its error and how many parts were taken. */
async function endless(make: (index: number) => Part) {
  let made = 0;
  let cancelled = false;
  const stream = new ReadableStream<Part>({
    pull: (controller) => controller.enqueue(make(made++)),
    cancel: () => {
      cancelled = true;
    },
  });
  const model = { ...scriptedModel(["unused"]), doStream: async () => ({ stream }) };
  let told = 0;
  const context = { signal: new AbortController().signal, delta: () => void told++ };
  const error = await collectStream(model, { prompt: [] }, context).catch((thrown: unknown) => thrown);
  if (!isFlockError(error, "model_failed")) throw error;
  return { error, made, told, cancelled };
}

const big = "x".repeat(1024 * 1024);
const longest = maxStreamCharacters / big.length + 4;

describe("a stream without end", () => {
  const floods: Readonly<Record<string, (index: number) => Part>> = {
    "of text": () => ({ type: "text-delta", id: "0", delta: big }),
    "of reasoning": () => ({ type: "reasoning-delta", id: "0", delta: big }),
    "of tool input": () => ({ type: "tool-input-delta", id: "0", delta: big }),
    "of tool calls with much input": () => ({ type: "tool-call", toolCallId: "a", toolName: "t", input: big }),
    "of metadata": () => ({ type: "text-start", id: "0", providerMetadata: { vendor: { big } } }),
    "of response metadata": () => ({ type: "response-metadata", modelId: big }),
    "of files": () => ({ type: "file", mediaType: "a/b", data: { type: "data", data: new Uint8Array(big.length) } }),
  };
  for (const [what, make] of Object.entries(floods)) {
    it(`${what} ends at so many characters`, async () => {
      const { error, made, cancelled } = await endless(make);
      expect(error.details).toMatchObject({ retryable: false, vendorCode: "stream_too_long" });
      expect(error.message).toContain(`more than ${maxStreamCharacters} characters`);
      expect(made).toBeLessThan(longest);
      expect(cancelled).toBe(true);
    });
  }

  const small: Readonly<Record<string, (index: number) => Part>> = {
    sources: (index) => ({ type: "source", sourceType: "url", id: `${index}`, url: "a:b" }),
    "tool calls": (index) => ({ type: "tool-call", toolCallId: `${index}`, toolName: "t", input: "" }),
    "beginnings of tool inputs": (index) => ({ type: "tool-input-start", id: `${index}`, toolName: "t" }),
    "blocks of text": (index) => ({ type: "text-start", id: `${index}` }),
    "blocks of reasoning": (index) => ({ type: "reasoning-start", id: `${index}` }),
  };
  for (const [what, make] of Object.entries(small)) {
    it(`of ${what} ends at so many of them`, async () => {
      const { error, made } = await endless(make);
      expect(error.message).toContain(`more than ${maxAnswerBlocks} texts, tool calls, sources and files`);
      expect(made).toBeLessThan(maxAnswerBlocks + 4);
    });
  }

  it("of parts that hold nothing ends at so many parts, whatever they are", () => {
    const bounds = new StreamBounds("m");
    for (let part = 0; part < maxStreamParts; part++) bounds.addPart();
    expect(() => bounds.addPart()).toThrow(`m streamed more than ${maxStreamParts} parts`);
  });

  it("counts each part of a stream, and tells nobody of empty pieces", async () => {
    const kinds: Part[] = [
      { type: "text-delta", id: "0", delta: "" },
      { type: "tool-input-delta", id: "0", delta: "" },
      { type: "raw", rawValue: { ping: true } },
      { type: "ping" } as never,
    ];
    let left = 20_000;
    const { told, error } = await endless((index) => {
      left -= 1;
      return left > 0 ? kinds[index % kinds.length]! : { type: "text-delta", id: "0", delta: big.repeat(65) };
    });
    expect(told).toBe(0);
    expect(error.message).toContain("characters");
  });
});

describe("the content of an answer", () => {
  it("is counted to its last text, and a circle in it ends at the bound", () => {
    const bounds = new StreamBounds("m");
    const half = "x".repeat(maxStreamCharacters / 2 - 64);
    bounds.addContent({ a: [{ b: half }] });
    expect(() => bounds.addContent({ a: [{ b: half }, { c: "and more of it, which is too much by now" }] })).toThrow(
      "characters",
    );
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(() => new StreamBounds("m").addContent(circle)).toThrow("characters");
  });
});
