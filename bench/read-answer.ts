/**
 * Times reading a model's answer (parse, repair, coerce, check) beside a bare JSON.parse, jsonrepair with JSON.parse and the
 * AI SDK's parsePartialJson, for answers from 0.1 KB to 8 MB, as they should be and broken. Ratios count, not microseconds;
 * a dash stands for a reader that does not get the answer. Run it with `npm run bench:read-answer`.
 */

import { isDeepStrictEqual } from "node:util";
import { parsePartialJson } from "ai";
import { jsonrepair } from "jsonrepair";
import { PartialReader } from "../src/prompt/read/partial-reader.ts";
import { readAnswer } from "../src/prompt/read/read-answer.ts";
import { readValue } from "../src/prompt/read/read-value.ts";
import { parseSignature } from "../src/signature/parse-signature.ts";

const signature = parseSignature("title: str, rows: list[{ id: int, name: str, tags: list[str], score: float }]");
const sizes: readonly (readonly [label: string, rows: number])[] = [
  ["0.1 KB", 1],
  ["1 KB", 10],
  ["100 KB", 1_000],
  ["8 MB", 78_000],
];

function answerOf(rows: number, seed: number): string {
  const list = Array.from({ length: rows }, (_, id) => ({
    id: id + seed,
    name: `Row ${id} of "${seed}", a name of some length`,
    tags: ["alpha", "beta"],
    score: id / 7,
  }));
  return JSON.stringify({ title: `Report ${seed}`, rows: list });
}

const forms: readonly (readonly [label: string, make: (json: string) => string])[] = [
  ["valid", (json) => json],
  ["fenced", (json) => `Here you are:\n\`\`\`json\n${json}\n\`\`\`\n`],
  ["trailing comma", (json) => `${json.slice(0, -1)},}`],
  ["cut off", (json) => json.slice(0, -3)],
  [
    "bare keys, one quote",
    (json) => json.replaceAll(/"(id|name|tags|score|rows|title)":/g, "$1:").replaceAll('\\"', "'"),
  ],
];

/** Runs over varied texts for about 300 ms, after as long a warm-up, and gives microseconds a text. */
async function timeOf(texts: readonly string[], read: (text: string) => unknown): Promise<number> {
  const until = async (ms: number) => {
    let count = 0;
    const start = performance.now();
    do {
      const result = read(texts[count++ % texts.length]!);
      if (result instanceof Promise) await result;
    } while (performance.now() - start < ms);
    return ((performance.now() - start) * 1000) / count;
  };
  await until(200);
  return Math.min(await until(200), await until(200), await until(200));
}

/** Times a reader that is no part of Flock, when it gets the answer at all. */
async function timeOfOther(
  texts: readonly string[],
  value: unknown,
  read: (text: string) => unknown,
): Promise<number | undefined> {
  try {
    if (!isDeepStrictEqual(await read(texts[0]!), value)) return undefined;
  } catch {
    return undefined;
  }
  return timeOf(texts, read);
}

const repaired = (text: string): unknown => JSON.parse(jsonrepair(text));
const partial = async (text: string): Promise<unknown> => (await parsePartialJson(text)).value;

function streamed(text: string): unknown {
  const reader = new PartialReader();
  for (let at = 0; at < text.length; at += 20) reader.push(text.slice(at, at + 20));
  return reader.finish();
}

function checked(text: string): unknown {
  const answer = readAnswer(text, signature);
  if (answer instanceof Promise || !answer.ok) throw new Error("the answer did not pass");
  return answer.value;
}

console.log(
  "microseconds a text           JSON.parse  readValue  +coerce and check  streamed by 20  jsonrepair    AI SDK   ratio to us",
);
for (const [size, rows] of sizes) {
  const variants = rows > 10_000 ? 1 : 8;
  const valid = Array.from({ length: variants }, (_, seed) => answerOf(rows, seed));
  const bare = await timeOf(valid, JSON.parse);
  for (const [form, make] of forms) {
    const texts = valid.map(make);
    const value = readValue(texts[0]!);
    const ours = await timeOf(texts, readValue);
    const others = [await timeOfOther(texts, value, repaired), await timeOfOther(texts, value, partial)];
    const cells = [
      bare,
      ours,
      await timeOf(texts, checked),
      form === "valid" ? await timeOf(texts, streamed) : undefined,
      ...others,
    ];
    const columns = cells.map((cell) => (cell === undefined ? "-" : cell.toFixed(cell < 100 ? 2 : 0)).padStart(11));
    const ratios = others.map((cell) => (cell === undefined ? "-" : `${(cell / ours).toFixed(1)} ×`).padStart(8));
    console.log(`${size.padEnd(7)} ${form.padEnd(21)}${columns.join("")}  ${ratios.join("")}`);
  }
}
