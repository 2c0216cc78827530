/**
 * Counts how many broken answers are read as what they mean, damage by damage, by Flock and by jsonrepair with JSON.parse.
 * Run it with `npm run bench:repair`; `-- --show` prints what Flock gets wrong.
 */

import { isDeepStrictEqual } from "node:util";
import { jsonrepair } from "jsonrepair";
import { readValue } from "../src/prompt/read/read-value.ts";
import { damages } from "../test/prompt/broken-answers.ts";

const readers: readonly ((text: string) => unknown)[] = [readValue, (text) => JSON.parse(jsonrepair(text))];
const show = process.argv.includes("--show");
const totals = readers.map(() => 0);
let all = 0;

console.log(`${"damage".padEnd(44)} texts   Flock  jsonrepair`);
for (const { name, answers } of damages) {
  const right = readers.map((read) => answers.filter(({ text, value }) => means(read, text, value)).length);
  all += answers.length;
  right.forEach((count, index) => {
    totals[index]! += count;
  });
  console.log(line(name, answers.length, right));
  if (show) {
    for (const { text, value } of answers) {
      if (!means(readValue, text, value)) console.log(`  ${JSON.stringify(text)} is ${JSON.stringify(value)}`);
    }
  }
}
console.log(line("all", all, totals));

function means(read: (text: string) => unknown, text: string, value: unknown): boolean {
  try {
    return isDeepStrictEqual(read(text), value);
  } catch {
    return false;
  }
}

function line(name: string, count: number, right: readonly number[]): string {
  const shares = right.map((one) => `${((100 * one) / count).toFixed(1)} %`.padStart(9));
  return `${name.padEnd(44)} ${String(count).padStart(5)} ${shares.join("  ")}`;
}
