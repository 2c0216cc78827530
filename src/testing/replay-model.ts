/** Answers from a recording: the same request gets the same answer, and one that was never made says how it differs. */

import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { FlockError } from "../core/errors/errors.ts";
import { checkOptions, objectOption, optionError } from "../core/errors/options.ts";
import { canonicalText, escapePointer } from "../core/json/canonical-key.ts";
import type { Json, JsonObject } from "../core/json/json.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { systemRuntime } from "../core/runtime/system-runtime.ts";
import { collectStream } from "../models/collect-stream.ts";
import { modelName } from "../models/model-name.ts";
import { ExchangeWriter, type ModelExchange, revive, reviveError, revivePart } from "./model-exchange.ts";

/** How a recording is replayed. */
export interface ReplayModelOptions {
  /** Whose key variables' values are taken out of requests, as they were when recording. @default the system's */
  readonly runtime?: Runtime;
}

/**
 * Makes a model that answers from exchanges of one model, given as objects or as JSON lines (blank ones are skipped). A
 * request is found by its content, whatever the order of its fields; made several times, it gets the recorded answers in
 * turn and then the last one again. What was recorded whole can be streamed, and the other way round.
 *
 * Rejects with model_failed (not retryable) for a request that was not recorded, naming the nearest one and the place
 * where they differ.
 *
 * @throws option_invalid for no exchange, something else than an exchange, or exchanges of several models.
 */
export function replayModel(
  exchanges: readonly (ModelExchange | string)[],
  options: ReplayModelOptions = {},
): LanguageModelV4 {
  checkOptions("replayModel", options, { runtime: objectOption });
  const recorded = readExchanges(exchanges);
  const { provider, modelId } = recorded[0]!;
  const name = modelName({ provider, modelId });
  const writer = new ExchangeWriter(name, options.runtime ?? systemRuntime);
  const answers = new Map<string, { readonly exchanges: ModelExchange[]; next: number }>();
  for (const exchange of recorded) {
    const key = canonicalText(exchange.request);
    const known = answers.get(key);
    if (known === undefined) answers.set(key, { exchanges: [exchange], next: 0 });
    else known.exchanges.push(exchange);
  }

  function find(asked: LanguageModelV4CallOptions): ModelExchange {
    asked.abortSignal?.throwIfAborted();
    const request = writer.request(asked);
    const found = answers.get(canonicalText(request));
    if (found === undefined) throw notRecorded(name, request, recorded);
    const exchange = found.exchanges[Math.min(found.next, found.exchanges.length - 1)]!;
    found.next += 1;
    if (exchange.error !== undefined && exchange.parts === undefined) throw reviveError(exchange.error);
    return exchange;
  }

  return {
    specificationVersion: "v4",
    provider,
    modelId,
    supportedUrls: {},
    async doGenerate(asked) {
      const exchange = find(asked);
      if (exchange.answer !== undefined) return revive(exchange.answer) as LanguageModelV4GenerateResult;
      const model = { ...this, doStream: async () => ({ stream: streamOf(exchange) }) };
      const signal = asked.abortSignal ?? new AbortController().signal;
      return collectStream(model, asked, { delta: () => {}, signal });
    },
    async doStream(asked) {
      return { stream: streamOf(find(asked)) };
    },
  };
}

function readExchanges(given: readonly (ModelExchange | string)[]): readonly ModelExchange[] {
  const wanted = "a list of exchanges that recordModel told, or their JSON lines";
  if (!Array.isArray(given)) throw optionError("replayModel", "exchanges", wanted, given);
  const exchanges = given.flatMap((one, index) => {
    if (typeof one === "string" && one.trim() === "") return [];
    const exchange = typeof one === "string" ? parsed(one) : one;
    if (isExchange(exchange)) return [exchange];
    throw optionError("replayModel", `exchanges[${index}]`, "an exchange that recordModel told, or its JSON line", one);
  });
  const [first] = exchanges;
  if (first === undefined) throw optionError("replayModel", "exchanges", `${wanted}, at least one`, given);
  const other = exchanges.find(({ provider, modelId }) => provider !== first.provider || modelId !== first.modelId);
  if (other === undefined) return exchanges;
  const both = `${first.provider}/${first.modelId} and ${other.provider}/${other.modelId}`;
  throw optionError("replayModel", "exchanges", `of one model; these are of ${both}: filter them by modelId`, given);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isExchange(value: unknown): value is ModelExchange {
  if (typeof value !== "object" || value === null) return false;
  const { v, provider, modelId, request, answer, parts, error } = value as Partial<ModelExchange>;
  if (v !== 1 || typeof provider !== "string" || typeof modelId !== "string") return false;
  const isObject = (field: unknown) => typeof field === "object" && field !== null;
  return isObject(request) && (isObject(answer) || Array.isArray(parts) || isObject(error));
}

/** One part at a time: an error at the end must not overtake the parts before it. */
function streamOf(exchange: ModelExchange): ReadableStream<LanguageModelV4StreamPart> {
  const { answer, parts, error } = exchange;
  const left = parts?.map(revivePart) ?? partsOf(revive(answer!) as LanguageModelV4GenerateResult);
  let next = 0;
  return new ReadableStream(
    {
      pull(controller) {
        const part = left[next++];
        if (part !== undefined) controller.enqueue(part);
        else if (error !== undefined) controller.error(reviveError(error));
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The parts a whole answer would have come in, each block in one piece. */
function partsOf(answer: LanguageModelV4GenerateResult): LanguageModelV4StreamPart[] {
  const parts: LanguageModelV4StreamPart[] = [{ type: "stream-start", warnings: answer.warnings }];
  if (answer.response !== undefined) parts.push({ type: "response-metadata", ...answer.response });
  for (const [index, part] of answer.content.entries()) {
    if (part.type !== "text" && part.type !== "reasoning") {
      parts.push(part);
      continue;
    }
    const { type, text, ...rest } = part;
    const id = `part-${index}`;
    parts.push(
      { type: `${type}-start`, id },
      { type: `${type}-delta`, id, delta: text },
      { type: `${type}-end`, id, ...rest },
    );
  }
  const { usage, finishReason, providerMetadata } = answer;
  parts.push({ type: "finish", usage, finishReason, ...(providerMetadata === undefined ? {} : { providerMetadata }) });
  return parts;
}

function notRecorded(model: string, request: JsonObject, recorded: readonly ModelExchange[]): FlockError {
  const asked = leavesOf(request);
  let nearest = { number: 0, same: -1, leaves: asked };
  for (const [index, exchange] of recorded.entries()) {
    const leaves = leavesOf(exchange.request);
    let same = 0;
    for (const [pointer, leaf] of asked) if (leaves.get(pointer) === leaf) same += 1;
    if (same > nearest.same) nearest = { number: index + 1, same, leaves };
  }
  const pointers = [...asked.keys(), ...nearest.leaves.keys()];
  const pointer = pointers.find((one) => asked.get(one) !== nearest.leaves.get(one)) ?? "";
  const [was, is] = shown(nearest.leaves.get(pointer), asked.get(pointer));
  const message =
    `the recording of ${model} has no answer to this request; the nearest is exchange ${nearest.number} of ` +
    `${recorded.length}, which has ${was} at ${pointer}, not ${is}; record it again`;
  return new FlockError("model_failed", message, {
    details: { model, retryable: false, vendorCode: "not_recorded", progress: "not-sent" },
  });
}

/** Every value that holds no others, by its pointer. */
function leavesOf(value: Json, pointer = "", leaves = new Map<string, string>()): Map<string, string> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  for (const [key, field] of entries) leavesOf(field, `${pointer}/${escapePointer(key)}`, leaves);
  if (entries.length === 0) leaves.set(pointer, JSON.stringify(value));
  return leaves;
}

const longestShown = 60;

/** Both values around the place where they begin to differ. */
function shown(was: string | undefined, is: string | undefined): readonly [string, string] {
  let same = 0;
  while (was !== undefined && is !== undefined && same < was.length && was[same] === is[same]) same += 1;
  const from = Math.max(0, same - longestShown / 2);
  const cut = (text: string | undefined) => {
    if (text === undefined) return "nothing";
    const end = from + longestShown;
    return `${from > 0 ? "…" : ""}${text.slice(from, end).toWellFormed()}${end < text.length ? "…" : ""}`;
  };
  return [cut(was), cut(is)];
}
