/** A language model without a network: it finds and arranges what its inputs and tools say, and says nothing else. */

import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { digestOf } from "../../core/json/canonical-key.ts";
import { answerOffline, type OfflineAnswer } from "./answer-offline.ts";
import { breathe } from "./text/breathe.ts";

/** Characters of one streamed piece of text. */
const pieceLength = 24;
/** The usual rule of thumb for English; nothing is billed by it. */
const charsPerToken = 4;

/**
 * Makes the offline model: deterministic extractive language processing, not a generative model. The same call options
 * give the same bytes. It fills the fields of `providerOptions.flock` (see `OfflineRequest`), else of
 * `responseFormat.schema`, else answers with a summary. It calls search-like tools by itself. Temperature, seed, penalties
 * and reasoning change nothing and give no warning, since there is nothing random to set; `maxOutputTokens` and
 * `stopSequences` cut the text as they do elsewhere. Token counts are characters divided by four, rounded up.
 *
 * @throws no_evidence (as rejection) for a required field nothing was found for. Rejects with the signal's own reason when
 * it aborts.
 */
export function offlineModel(): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "offline",
    modelId: "offline/extractive",
    supportedUrls: {},
    async doGenerate(options) {
      return answer(options);
    },
    async doStream(options) {
      const result = await answer(options);
      return { stream: streamOf(partsOf(result), options.abortSignal) };
    },
  };
}

/** No network gives the event loop its turn here: without one, runs in a row would keep signals and timers waiting. */
async function answer(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
  await breathe(options.abortSignal);
  return resultOf(await answerOffline(options), options);
}

function resultOf(answer: OfflineAnswer, options: LanguageModelV4CallOptions): LanguageModelV4GenerateResult {
  const warnings = [...answer.warnings];
  const response = { modelId: "offline/extractive" };
  if (answer.calls.length > 0) {
    const content = answer.calls.map(({ tool, input }, index): LanguageModelV4Content => {
      const toolCallId = `call-${digestOf(tool, input, `${index}`, `${options.prompt.length}`)}`;
      return { type: "tool-call", toolCallId, toolName: tool, input };
    });
    const written = answer.calls.reduce((sum, call) => sum + call.tool.length + call.input.length, 0);
    const finishReason: LanguageModelV4FinishReason = { unified: "tool-calls", raw: "tool-calls" };
    return { content, finishReason, usage: usageOf(options, written), warnings, response };
  }
  const { text, reason } = cut(answer.text, options);
  const finishReason: LanguageModelV4FinishReason = { unified: reason, raw: reason };
  return { content: [{ type: "text", text }], finishReason, usage: usageOf(options, text.length), warnings, response };
}

/** Ends the text where a stop sequence begins or the token limit lies. */
function cut(text: string, options: LanguageModelV4CallOptions): { text: string; reason: "stop" | "length" } {
  let end = text.length;
  for (const sequence of options.stopSequences ?? []) {
    const at = sequence === "" ? -1 : text.indexOf(sequence);
    if (at !== -1) end = Math.min(end, at);
  }
  const most = (options.maxOutputTokens ?? Infinity) * charsPerToken;
  if (end <= most) return { text: text.slice(0, end), reason: "stop" };
  return { text: text.slice(0, wholeEnd(text, most)), reason: "length" };
}

function usageOf(options: LanguageModelV4CallOptions, written: number): LanguageModelV4Usage {
  let read = 0;
  for (const message of options.prompt) read += lengthOf(message.content);
  for (const tool of options.tools ?? []) read += lengthOf(tool);
  const input = Math.ceil(read / charsPerToken);
  const output = Math.ceil(written / charsPerToken);
  return {
    inputTokens: { total: input, noCache: input, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: output, text: output, reasoning: 0 },
  };
}

/** Characters of all strings inside, names of fields included; bytes of files count as they are. */
function lengthOf(value: unknown, depth = 0): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || depth > 64) return value === undefined ? 0 : 4;
  if (value instanceof Uint8Array) return value.byteLength;
  let sum = 0;
  for (const [key, inner] of Object.entries(value)) {
    if (key !== "providerOptions") sum += (Array.isArray(value) ? 0 : key.length) + lengthOf(inner, depth + 1);
  }
  return sum;
}

function* partsOf(result: LanguageModelV4GenerateResult): Generator<LanguageModelV4StreamPart> {
  yield { type: "stream-start", warnings: result.warnings };
  yield { type: "response-metadata", modelId: "offline/extractive" };
  for (const part of result.content) {
    if (part.type === "tool-call") {
      yield { type: "tool-input-start", id: part.toolCallId, toolName: part.toolName };
      yield { type: "tool-input-delta", id: part.toolCallId, delta: part.input };
      yield { type: "tool-input-end", id: part.toolCallId };
      yield part;
    } else if (part.type === "text") {
      yield { type: "text-start", id: "0" };
      for (let start = 0; start < part.text.length; ) {
        const end = wholeEnd(part.text, Math.min(part.text.length, start + pieceLength));
        yield { type: "text-delta", id: "0", delta: part.text.slice(start, end) };
        start = end;
      }
      yield { type: "text-end", id: "0" };
    }
  }
  yield { type: "finish", usage: result.usage, finishReason: result.finishReason };
}

/** Never parts a surrogate pair. */
function wholeEnd(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at;
}

/** Hands out parts only as they are read; an abort ends the stream with the signal's own reason. */
function streamOf(
  parts: Generator<LanguageModelV4StreamPart>,
  signal: AbortSignal | undefined,
): ReadableStream<LanguageModelV4StreamPart> {
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      pull(controller) {
        if (signal?.aborted) return controller.error(signal.reason);
        const next = parts.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
    },
    { highWaterMark: 0 },
  );
}
