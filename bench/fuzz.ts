/**
 * Reads mutated answers by every entry and counts how it ended. Stops at anything but a safe value or a typed error with a
 * place. Run it with `npm run fuzz -- --cases 100000 --seed 1`; a seed of its own is printed otherwise.
 */

import { parseArgs } from "node:util";
import { mutatedAnswer, seeded } from "../test/prompt/answer-mutator.ts";
import { outcomeOf, prototypes, readingEntries } from "../test/prompt/reading-entries.ts";

const { values } = parseArgs({ options: { cases: { type: "string" }, seed: { type: "string" } } });
const cases = Number(values.cases ?? 10_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const before = prototypes();

console.log(`seed ${seed}, ${cases} cases an entry`);
console.log(`${"entry".padEnd(36)}    values   refused   slowest ms`);
for (const [name, entry] of Object.entries(readingEntries)) {
  const random = seeded(seed);
  const counts = { value: 0, refused: 0 };
  let slowest = 0;
  for (let count = 0; count < cases; count++) {
    const text = mutatedAnswer(random);
    const start = performance.now();
    try {
      counts[outcomeOf(entry, text, random)]++;
    } catch (cause) {
      throw new Error(`${name}, seed ${seed}, case ${count}: ${JSON.stringify(text)}`, { cause });
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  if (prototypes() !== before) throw new Error(`${name} changed a prototype`);
  const cells = [counts.value, counts.refused].map((cell) => String(cell).padStart(8));
  console.log(`${name.padEnd(36)}  ${cells.join("  ")}   ${slowest.toFixed(1).padStart(10)}`);
}
