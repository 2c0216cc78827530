/**
 * Times reading a model's answer (parse, repair, coerce, check) beside a bare JSON.parse, for answers from 1 KB to 8 MB, as
 * they should be and broken. Run it with `npx node --conditions=flock-source bench/read-answer.ts`.
 */

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
function timeOf(texts: readonly string[], read: (text: string) => unknown): number {
  let count = 0;
  const until = (ms: number) => {
    const start = performance.now();
    count = 0;
    do {
      read(texts[count++ % texts.length]!);
    } while (performance.now() - start < ms);
    return ((performance.now() - start) * 1000) / count;
  };
  until(300);
  return Math.min(until(300), until(300), until(300));
}

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

console.log("microseconds a text           JSON.parse  readValue  +coerce and check  streamed by 20");
for (const [size, rows] of sizes) {
  const variants = rows > 10_000 ? 1 : 8;
  const valid = Array.from({ length: variants }, (_, seed) => answerOf(rows, seed));
  const bare = timeOf(valid, JSON.parse);
  for (const [form, make] of forms) {
    const texts = valid.map(make);
    const cells = [
      timeOf(texts, readValue),
      timeOf(texts, checked),
      form === "valid" ? timeOf(texts, streamed) : undefined,
    ];
    const columns = [bare, ...cells].map((cell) =>
      (cell === undefined ? "" : cell.toFixed(cell < 100 ? 2 : 0)).padStart(11),
    );
    console.log(`${size.padEnd(7)} ${form.padEnd(21)}${columns.join("")}`);
  }
}
