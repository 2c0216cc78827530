/**
 * What a framework adds to a model that answers at once: bare calls, the AI SDK and Flock in one run. Ratios count, not
 * microseconds. Everything of Flock that exists is on: recorder, metrics, time limits. Run with `npm run bench:overhead`.
 */

import { execFileSync } from "node:child_process";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { tool as aiTool, generateText, jsonSchema, Output, stepCountIs } from "ai";
import { DeclarativeAgent, Flock, tool } from "../src/entries/index.ts";
import { SequentialPattern } from "../src/entries/patterns.ts";
import { MetricsProvider } from "../src/entries/providers.ts";
import { answerText, counter, instantModel } from "./instant-model.ts";

const outputSchema = {
  type: "object",
  properties: { summary: { type: "string" }, keywords: { type: "array", items: { type: "string" } } },
  required: ["summary", "keywords"],
  additionalProperties: false,
} as const;
const signature = { input: "topic: str", output: "summary: str, keywords: list[str]" } as const;

interface Contender {
  readonly name: string;
  oneShot(topic: string): Promise<unknown>;
  toolLoop(topic: string): Promise<unknown>;
  pipeline(topic: string): Promise<unknown>;
}

function bare(model: LanguageModelV4): Contender {
  const ask = async (topic: string, tools?: unknown, extra: readonly unknown[] = []) => {
    const prompt = [{ role: "user", content: [{ type: "text", text: topic }] }, ...extra];
    return model.doGenerate({ prompt, ...(tools === undefined ? {} : { tools }) } as never);
  };
  const read = (answer: Awaited<ReturnType<typeof ask>>): { summary: string; keywords: string[] } => {
    const part = answer.content[0];
    const value = JSON.parse(part?.type === "text" ? part.text : "");
    if (typeof value.summary !== "string" || !Array.isArray(value.keywords)) throw new Error("wrong answer");
    return value;
  };
  return {
    name: "bare",
    oneShot: async (topic) => read(await ask(topic)),
    toolLoop: async (topic) => {
      const first = await ask(topic, []);
      const call = first.content[0];
      const found = call?.type === "tool-call" ? { meaning: JSON.parse(call.input).word } : {};
      return read(await ask(topic, [], [{ role: "tool", content: [{ type: "tool-result", output: found }] }]));
    },
    pipeline: async (topic) => read(await ask(read(await ask(topic)).summary)),
  };
}

function aiSdk(model: LanguageModelV4): Contender {
  const output = Output.object({ schema: jsonSchema<{ summary: string; keywords: string[] }>(outputSchema) });
  const tools = {
    lookUp: aiTool({
      description: "Looks a word up.",
      inputSchema: jsonSchema<{ word: string }>({
        type: "object",
        properties: { word: { type: "string" } },
        required: ["word"],
      }),
      execute: async ({ word }) => ({ meaning: word }),
    }),
  };
  const ask = async (topic: string) => (await generateText({ model, output, prompt: topic })).output;
  return {
    name: "AI SDK",
    oneShot: ask,
    toolLoop: async (topic) =>
      (await generateText({ model, output, tools, prompt: topic, stopWhen: stepCountIs(4) })).output,
    pipeline: async (topic) => ask((await ask(topic)).summary),
  };
}

function ours(model: LanguageModelV4): Contender {
  const flock = new Flock({ model, providers: [new MetricsProvider()] });
  const lookUp = tool({
    name: "lookUp",
    description: "Looks a word up.",
    input: "word: str",
    output: "meaning: str",
    execute: ({ word }) => ({ meaning: word }),
  });
  const one = new DeclarativeAgent({ name: "one", ...signature });
  const looping = new DeclarativeAgent({ name: "looping", ...signature, tools: [lookUp] });
  const first = new DeclarativeAgent({ name: "first", ...signature });
  const second = new DeclarativeAgent({ name: "second", input: "summary: str", output: "keywords: list[str]" });
  const both = new SequentialPattern({ name: "both", agents: [first, second] });
  const options = { flock };
  return {
    name: "Flock",
    oneShot: (topic) => one.execute({ topic }, options),
    toolLoop: (topic) => looping.execute({ topic }, options),
    pipeline: (topic) => both.execute({ topic }, options),
  };
}

/** An agent whose answers are kept, asked again and again for the same thing; the bare call beside it asks its model. */
async function cacheHit(model: LanguageModelV4): Promise<[number, number]> {
  const flock = new Flock({ model, providers: [new MetricsProvider()] });
  const agent = new DeclarativeAgent({ name: "cached", ...signature, cache: true });
  const options = { flock };
  const ask = () => agent.execute({ topic: "How do bees find flowers?" }, options);
  await ask();
  const hit = await microseconds(ask, 0);
  return [await microseconds(bare(model).oneShot, 1), hit];
}

let serial = 0;
const nextTopic = (): string => `How do bees number ${serial++} find flowers?`;

async function microseconds(run: (topic: string) => Promise<unknown>, calls: number): Promise<number> {
  const rounds: number[] = [];
  for (let i = 0; i < 20_000; i++) await run(nextTopic());
  for (let round = 0; round < 7; round++) {
    const count = 5_000;
    counter.calls = 0;
    const start = performance.now();
    for (let i = 0; i < count; i++) await run(nextTopic());
    rounds.push(((performance.now() - start) * 1_000) / count);
    if (counter.calls !== count * calls)
      throw new Error(`expected ${count * calls} model calls, counted ${counter.calls}`);
  }
  return rounds.sort((a, b) => a - b)[3]!;
}

async function fanOut(run: (topic: string) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    await Promise.all(Array.from({ length: 10_000 }, () => run(nextTopic())));
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[1]!;
}

/** Kilobytes of heap that one run holds while its model thinks. */
async function heapInFlight(run: (topic: string) => Promise<unknown>): Promise<number> {
  await Promise.all(Array.from({ length: 5_000 }, () => run(nextTopic())));
  collect();
  const before = process.memoryUsage().heapUsed;
  const pending = Array.from({ length: 5_000 }, () => run(nextTopic()));
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const held = process.memoryUsage().heapUsed - before;
  await Promise.all(pending);
  return held / 5_000 / 1_024;
}

/** Bytes of heap that stay behind for each run, after the rings are full. */
async function growth(run: (topic: string) => Promise<unknown>): Promise<number> {
  for (let i = 0; i < 3_000; i++) await run(nextTopic());
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 50_000; i++) await run(nextTopic());
  collect();
  return (process.memoryUsage().heapUsed - before) / 50_000;
}

function collect(): void {
  for (let i = 0; i < 3; i++) (globalThis as { gc?: () => void }).gc?.();
}

function importMs(code: string, conditions: readonly string[] = []): number {
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    execFileSync(process.execPath, [...conditions, "--input-type=module", "-e", code]);
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[3]!;
}

const contenders = (model: LanguageModelV4) => [bare(model), aiSdk(model), ours(model)];
const names = ["bare", "AI SDK", "Flock"];
const rows: [string, number[], string][] = [];
const atOnce = contenders(instantModel());
const checked = await Promise.all(atOnce.map(async (one) => JSON.stringify(await one.oneShot("bees"))));
if (checked.some((value) => value !== answerText)) throw new Error(`contenders disagree: ${checked.join(" ")}`);
for (const [measure, calls] of [
  ["oneShot", 1],
  ["toolLoop", 2],
  ["pipeline", 2],
] as const) {
  const values: number[] = [];
  for (const one of atOnce) values.push(await microseconds(one[measure], calls));
  rows.push([`${measure} (µs)`, values, "1"]);
}
const [bareCall, hit] = await cacheHit(instantModel());
rows.push(["one-shot, cache hit (µs)", [bareCall, Number.NaN, hit], "2"]);
const delayed = contenders(instantModel(20));
const fan: number[] = [];
for (const one of delayed) fan.push(await fanOut(one.oneShot));
rows.push(["10,000 runs at once, 20 ms model (ms)", fan, "0"]);
const slow = contenders(instantModel(1_500));
const heap: number[] = [];
for (const one of slow) heap.push(await heapInFlight(one.oneShot));
rows.push(["heap per run in flight (KB)", heap, "1"]);
const grown: number[] = [];
for (const one of atOnce) grown.push(await growth(one.oneShot));
rows.push(["heap growth over 50,000 runs (bytes/run)", grown, "1"]);
const plain = importMs("0");
const dist = new URL("../dist/index.js", import.meta.url).href;
rows.push([
  "import over plain node (ms)",
  [0, importMs('await import("ai")') - plain, importMs(`await import(${JSON.stringify(dist)})`) - plain],
  "1",
]);

console.log(`node ${process.version}; median of 7 rounds; ratios to bare in brackets\n`);
console.log(`| measure | ${names.join(" | ")} |\n|---|${names.map(() => "---:|").join("")}`);
for (const [measure, values, digits] of rows) {
  const base = values[0]!;
  const cells = values.map((value) => {
    if (Number.isNaN(value)) return "–";
    const text = value.toFixed(Number(digits));
    return base > 0.05 && value !== base ? `${text} (${(value / base).toFixed(1)}×)` : text;
  });
  console.log(`| ${measure} | ${cells.join(" | ")} |`);
}
process.exit(0);
