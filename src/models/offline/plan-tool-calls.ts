/** Decides which tools to call: searches for the topic, at most twice, with arguments that fit and invent nothing. */

import type { LanguageModelV4FunctionTool, LanguageModelV4ToolChoice } from "@ai-sdk/provider";
import { canonicalText } from "../../core/json/canonical-key.ts";
import type { Json, JsonObject, JsonSchema } from "../../core/json/json.ts";
import type { Evidence } from "./evidence/evidence.ts";
import type { PastCall } from "./evidence/read-prompt.ts";
import { carryingWords, type Topic } from "./evidence/topic.ts";
import { nameTokens } from "./fill/field-intent.ts";
import { boundOf, fits, type SchemaNode, schemaNode, typesOf } from "./fill/schema-check.ts";
import { keyPhrasesOf } from "./language/key-phrases.ts";
import { isJsonObject } from "./offline-request.ts";

/** A call to make. */
export interface PlannedCall {
  readonly tool: string;
  /** Arguments as canonical JSON text. */
  readonly input: string;
}

/** What the plan is made from. */
export interface PlanOptions {
  readonly tools: readonly LanguageModelV4FunctionTool[];
  readonly choice: LanguageModelV4ToolChoice;
  readonly inputs: JsonObject;
  readonly topic: Topic | undefined;
  readonly evidence: Evidence;
  readonly calls: readonly PastCall[];
  readonly answered: ReadonlySet<string>;
  /** Something was found that can be used. */
  readonly found: boolean;
}

const mostQueries = 3;
const mostRounds = 2;

/**
 * Plans the calls of this turn; none means answer now. Search-like tools are called with one to three queries in parallel,
 * and once more with looser ones when nothing was found; tools that get something by arguments the inputs name are called
 * once. A tool that writes, or whose required arguments cannot be filled, is never called unless the caller names or
 * requires it; a required tool that already answered is not called again. The same call is never made twice.
 */
export function planToolCalls(options: PlanOptions): PlannedCall[] {
  const { choice, tools } = options;
  if (choice.type === "none") return [];
  if (choice.type === "tool") {
    const tool = tools.find((candidate) => candidate.name === choice.toolName);
    return tool === undefined || wasCalled(tool, options) ? [] : callsTo(tool, options, 1);
  }
  const usable = tools.filter((tool) => isSearch(tool) || isGetter(tool));
  const first = usable
    .filter((tool) => !wasCalled(tool, options))
    .flatMap((tool) => callsTo(tool, options, mostQueries));
  const fresh = usable.some((tool) => wasCalled(tool, options)) ? [] : first;
  if (fresh.length > 0) return fresh.slice(0, 6);
  if (choice.type === "required" && !tools.some((tool) => wasCalled(tool, options))) {
    for (const tool of tools) {
      const calls = callsTo(tool, options, 1);
      if (calls.length > 0) return calls;
    }
  }
  return options.found ? [] : secondRound(usable.filter(isSearch), options);
}

/** Looser queries, when the first round gave nothing to use. */
function secondRound(tools: readonly LanguageModelV4FunctionTool[], options: PlanOptions): PlannedCall[] {
  const rounds = new Set(options.calls.map((call) => call.message)).size;
  if (rounds === 0 || rounds >= mostRounds) return [];
  const made = new Set(options.calls.map((call) => `${call.tool} ${normalised(call.input)}`));
  const words = options.topic === undefined ? [] : carryingWords(options.topic);
  const queries = [words.slice(0, 2).join(" "), ...words.sort((a, b) => b.length - a.length)].filter(
    (query) => query !== "",
  );
  return tools
    .flatMap((tool) => [...new Set(queries)].flatMap((query) => argumentsFor(tool, [query], options) ?? []))
    .filter((call) => !made.has(`${call.tool} ${normalised(call.input)}`))
    .slice(0, mostQueries);
}

const searchWords =
  /^(?:search\w*|find|finds|finder|retriev\w*|lookup|query|queries|documents?|docs|wikipedia|knowledge|browse|browser|google|bing)$/;
const writeWords =
  /^(?:send|delete|remove|create|update|write|post|put|pay|buy|purchase|order|book|replace|insert|add|set|save|execute|exec|run|eval|drop|publish|upload|edit|modify|cancel|approve|transfer|email|notify|deploy)$/;
const getterWords = /^(?:get|fetch|read|load|list|show|describe|check)$/;
const queryNames =
  /^(?:query|queries|q|question|questions|text|topic|search|searchquery|searchterm|term|terms|keyword|keywords|phrase|input|prompt|subject)$/;

function isSearch(tool: LanguageModelV4FunctionTool): boolean {
  const tokens = nameTokens(tool.name);
  if (tokens.some((token) => writeWords.test(token)) || queryField(tool) === undefined) return false;
  const described = nameTokens((tool.description ?? "").slice(0, 200));
  return (
    tokens.some((token) => searchWords.test(token)) ||
    described.some((token) => searchWords.test(token) || token === "look")
  );
}

/** `getWeather(city)` is safe to call for an input `city`; it reads, and it needs no argument we would have to make up. */
function isGetter(tool: LanguageModelV4FunctionTool): boolean {
  const tokens = nameTokens(tool.name);
  return getterWords.test(tokens[0] ?? "") && !tokens.some((token) => writeWords.test(token));
}

function wasCalled(tool: LanguageModelV4FunctionTool, { calls, answered }: PlanOptions): boolean {
  return answered.has(tool.name) || calls.some((call) => call.tool === tool.name);
}

/** A search gets the queries; any other tool gets the inputs its arguments name, and a query only for a field that asks for one. */
function callsTo(tool: LanguageModelV4FunctionTool, options: PlanOptions, most: number): PlannedCall[] {
  const search = isSearch(tool);
  if (!search) {
    const call = argumentsFor(tool, [], options);
    if (call !== undefined || (isGetter(tool) && options.choice.type === "auto"))
      return call === undefined ? [] : [call];
  }
  const queries = queriesFor(options).slice(0, search ? most : 1);
  const calls = queries.map((query) => argumentsFor(tool, queries, options, query));
  const distinct = new Map(calls.filter((call) => call !== undefined).map((call) => [call.input, call]));
  return [...distinct.values()];
}

/** The topic as it was given, then without filler words, then its key phrases; of a text without a topic its key phrases. */
function queriesFor({ topic, evidence }: PlanOptions): string[] {
  const queries: string[] = [];
  if (topic !== undefined) {
    queries.push(topic.text.slice(0, 400));
    const words = carryingWords(topic);
    if (words.length > 0 && words.length < topic.text.split(/\s+/).length) queries.push(words.slice(0, 8).join(" "));
    const respelt = words.map((word) => compounds.get(word) ?? word);
    if (respelt.some((word, at) => word !== words[at])) queries.push(respelt.slice(0, 8).join(" "));
    if (words.length > 3) queries.push(words.slice(0, 3).join(" "));
  } else {
    for (const phrase of keyPhrasesOf(evidence.sentences, mostQueries)) queries.push(phrase.text);
  }
  const seen = new Set<string>();
  return queries.filter((query) => {
    const key = query.toLowerCase().trim();
    if (key === "" || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Words that many texts write apart, and the other way round. */
const compounds: ReadonlyMap<string, string> = new Map([
  ["healthcare", "health care"],
  ["childcare", "child care"],
  ["cybersecurity", "cyber security"],
  ["workforce", "work force"],
  ["workplace", "work place"],
  ["marketplace", "market place"],
  ["policymakers", "policy makers"],
  ["decisionmaking", "decision making"],
  ["wastewater", "waste water"],
  ["farmland", "farm land"],
  ["cryptocurrency", "crypto currency"],
  ["ai", "artificial intelligence"],
]);

interface QueryField {
  readonly name: string;
  readonly list: boolean;
}

function queryField(tool: LanguageModelV4FunctionTool): QueryField | undefined {
  const { properties, root } = fieldsOf(tool);
  const named = properties.filter(([name]) => queryNames.test(nameTokens(name).join("")));
  const required = properties.filter(([name]) => requiredOf(tool).has(name));
  for (const [name, schema] of [...named, ...(required.length === 1 ? required : [])]) {
    const node = schemaNode(schema, root);
    if (fits("a query", node)) return { name, list: false };
    if (fits(["a query"], node)) return { name, list: true };
  }
  return undefined;
}

/** Builds arguments that fit the tool's schema, or nothing. Optional arguments are left out. */
function argumentsFor(
  tool: LanguageModelV4FunctionTool,
  queries: readonly string[],
  options: PlanOptions,
  query: string | undefined = queries[0],
): PlannedCall | undefined {
  const { properties, root, node } = fieldsOf(tool);
  const field = queryField(tool);
  const values = new Map<string, Json>();
  for (const [name, schema] of properties) {
    if (name === field?.name && query !== undefined) values.set(name, field.list ? [...queries] : query);
    else if (requiredOf(tool).has(name)) {
      const value = knownValue(name, schemaNode(schema, root), options);
      if (value === undefined) return undefined;
      values.set(name, value);
    }
  }
  const input = Object.fromEntries(values);
  return fits(input, node) ? { tool: tool.name, input: canonicalText(input) } : undefined;
}

/** A required argument comes from the input of its name, or is the only value its schema allows. */
function knownValue(name: string, node: SchemaNode, { inputs }: PlanOptions): Json | undefined {
  const wanted = nameTokens(name).join("");
  for (const [input, value] of Object.entries(inputs)) {
    if (nameTokens(input).join("") === wanted && fits(value, node)) return value;
  }
  const { schema } = node;
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (Array.isArray(schema.enum) && schema.enum.length === 1) return schema.enum[0]!;
  if (fits(null, node) && typesOf(schema).length !== 0) return null;
  return typesOf(schema)[0] === "array" && boundOf(schema, "minItems", 0) === 0 ? [] : undefined;
}

function fieldsOf(tool: LanguageModelV4FunctionTool): {
  properties: [string, Json][];
  root: JsonSchema;
  node: SchemaNode;
} {
  const root = (isJsonObject(tool.inputSchema) ? tool.inputSchema : {}) as JsonSchema;
  const node = schemaNode(root, root);
  const properties = node.schema.properties;
  return { properties: isJsonObject(properties) ? Object.entries(properties) : [], root, node };
}

function requiredOf(tool: LanguageModelV4FunctionTool): ReadonlySet<unknown> {
  const { required } = fieldsOf(tool).node.schema;
  return new Set(Array.isArray(required) ? required : []);
}

function normalised(input: string): string {
  try {
    return canonicalText(JSON.parse(input));
  } catch {
    return input;
  }
}
