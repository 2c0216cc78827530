/** Streams one scripted answer: its pieces, the time between them, and the place where it goes wrong. */

import type {
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4Warning,
} from "@ai-sdk/provider";
import type { Runtime } from "../core/runtime/runtime.ts";
import type { ScriptedParts } from "./scripted-parts.ts";

type Part = LanguageModelV4StreamPart;
type Piece = Extract<Part, { type: "text-delta" | "reasoning-delta" | "tool-input-delta" }>;

/** One part at a time, when it is asked for: an error must not overtake the parts before it. */
export function scriptedStream(
  parts: ScriptedParts,
  turn: number,
  runtime: Runtime,
  signal: AbortSignal | undefined,
): ReadableStream<Part> {
  const stopped = new AbortController();
  const abort = (): void => stopped.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const letGo = (): void => signal?.removeEventListener("abort", abort);
  const steps = played(parts, turn, runtime, stopped.signal);
  return new ReadableStream<Part>(
    {
      async pull(controller) {
        try {
          const step = await steps.next();
          if (step.done !== true) return controller.enqueue(step.value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        letGo();
      },
      cancel(reason) {
        stopped.abort(reason);
        letGo();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* played(
  parts: ScriptedParts,
  turn: number,
  runtime: Runtime,
  signal: AbortSignal,
): AsyncGenerator<Part, undefined> {
  const { stop } = parts;
  const most =
    stop === undefined ? undefined : (stop.afterPieces ?? (stop.afterCharacters === undefined ? 0 : undefined));
  let pieces = 0;
  let characters = 0;
  let open: Part | undefined;
  yield { type: "stream-start", warnings: warningsOf(parts) };
  for (const part of blocksOf(parts, turn)) {
    if (!isPiece(part)) {
      open = endOf(part);
      yield part;
      continue;
    }
    const room = (stop?.afterCharacters ?? Number.POSITIVE_INFINITY) - characters;
    if (pieces === most || room <= 0) break;
    if (pieces > 0) await pause(parts, pieces - 1, runtime, signal);
    yield { ...part, delta: part.delta.slice(0, room) };
    pieces += 1;
    characters += part.delta.length;
    if (part.delta.length > room) break;
  }
  if (stop?.by === "length" && open !== undefined) yield open;
  if (stop !== undefined && stop.by !== "length") return yield* goWrong(stop, signal);
  yield { type: "finish", finishReason: reasonOf(parts), usage: usageOf(parts) };
}

async function* goWrong(
  stop: NonNullable<ScriptedParts["stop"]>,
  signal: AbortSignal,
): AsyncGenerator<Part, undefined> {
  const { by, error = new Error("the scripted answer broke off") } = stop;
  if (by === "error") throw error;
  if (by === "error-part") yield { type: "error", error };
  if (by === "stall") await aborted(signal);
  return undefined;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

async function pause(parts: ScriptedParts, index: number, runtime: Runtime, signal: AbortSignal): Promise<void> {
  const ms = nth(parts.pieceDelayMs, index);
  if (ms !== undefined && ms > 0) await runtime.sleep(ms, signal);
}

function* blocksOf(parts: ScriptedParts, turn: number): Generator<Part> {
  const cut = cutter(parts.pieces);
  let id = 0;
  for (const text of textsOf(parts.reasoning)) yield* block("reasoning", `part-${id++}`, text, cut);
  const texts = parts.json === undefined ? textsOf(parts.text) : [JSON.stringify(parts.json)];
  for (const text of texts) yield* block("text", `part-${id++}`, text, cut);
  for (const [index, url] of (parts.sources ?? []).entries()) {
    yield { type: "source", sourceType: "url", id: `source-${turn}-${index}`, url };
  }
  const calls = (parts.toolCalls ?? []).map((call, index) => toolCall(call, `call-${turn}-${index}`, cut));
  if (parts.interleave === true) yield* inTurn(calls);
  else for (const call of calls) yield* call;
}

function* block(
  type: "text" | "reasoning",
  id: string,
  text: string,
  cut: (text: string) => string[],
): Generator<Part> {
  yield { type: `${type}-start`, id };
  for (const delta of cut(text)) yield { type: `${type}-delta`, id, delta };
  yield { type: `${type}-end`, id };
}

function* toolCall(
  call: NonNullable<ScriptedParts["toolCalls"]>[number],
  callId: string,
  cut: (text: string) => string[],
): Generator<Part> {
  const id = call.id ?? callId;
  const toolName = call.tool;
  const input = typeof call.input === "string" ? call.input : JSON.stringify(call.input ?? {});
  yield { type: "tool-input-start", id, toolName };
  for (const delta of cut(input)) yield { type: "tool-input-delta", id, delta };
  yield { type: "tool-input-end", id };
  yield { type: "tool-call", toolCallId: id, toolName, input };
}

function* inTurn(all: readonly Generator<Part>[]): Generator<Part> {
  let left = all;
  while (left.length > 0) {
    const going: Generator<Part>[] = [];
    for (const one of left) {
      const step = one.next();
      if (step.done === true) continue;
      yield step.value;
      going.push(one);
    }
    left = going;
  }
}

/** Sizes go on from block to block. */
function cutter(sizes: ScriptedParts["pieces"]): (text: string) => string[] {
  let cuts = 0;
  return (text) => {
    if (sizes === undefined) return text.match(/\s*\S+\s*/g) ?? (text === "" ? [] : [text]);
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) {
      const size = nth(sizes, cuts++) ?? text.length;
      pieces.push(text.slice(at, at + size));
      at += size;
    }
    return pieces;
  };
}

function nth(values: number | readonly number[] | undefined, index: number): number | undefined {
  return typeof values === "object" ? (values[index] ?? values.at(-1)) : values;
}

function textsOf(texts: string | readonly string[] | undefined): readonly string[] {
  return typeof texts === "string" ? [texts] : (texts ?? []);
}

function isPiece(part: Part): part is Piece {
  return part.type === "text-delta" || part.type === "reasoning-delta" || part.type === "tool-input-delta";
}

/** What ends a block that a part begins. */
function endOf(part: Part): Part | undefined {
  if (part.type === "text-start") return { type: "text-end", id: part.id };
  if (part.type === "reasoning-start") return { type: "reasoning-end", id: part.id };
  return part.type === "tool-input-start" ? { type: "tool-input-end", id: part.id } : undefined;
}

function reasonOf({ stop, finishReason, toolCalls = [] }: ScriptedParts): LanguageModelV4FinishReason {
  const natural = toolCalls.length > 0 ? "tool-calls" : "stop";
  const unified = finishReason ?? (stop?.by === "length" ? "length" : natural);
  return { unified, raw: unified };
}

function usageOf({ usage = {} }: ScriptedParts): LanguageModelV4Usage {
  if (usage === "none") {
    return {
      inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    };
  }
  const { inputTokens = 10, outputTokens = 5 } = usage;
  return {
    inputTokens: { total: inputTokens, noCache: inputTokens, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: outputTokens, text: outputTokens, reasoning: 0 },
  };
}

function warningsOf({ unsupported = [], warnings = [] }: ScriptedParts): SharedV4Warning[] {
  return [
    ...unsupported.map((one) => ({
      type: "unsupported" as const,
      ...(typeof one === "string" ? { feature: one } : one),
    })),
    ...warnings.map((message) => ({ type: "other" as const, message })),
  ];
}
