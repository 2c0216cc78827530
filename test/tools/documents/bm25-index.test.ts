import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pacer } from "../../../src/core/runtime/pacer.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { Bm25Builder } from "../../../src/tools/documents/bm25-index.ts";

const pacer = new Pacer(createTestRuntime());

async function indexOf(passages: readonly (readonly string[])[]) {
  const builder = new Bm25Builder();
  for (const passage of passages) builder.add(passage);
  return builder.finish(pacer);
}

/** The formula as the paper writes it, word by word, without any index. */
function naiveScore(passages: readonly (readonly string[])[], passage: readonly string[], query: Map<string, number>) {
  const average = passages.reduce((sum, { length }) => sum + length, 0) / passages.length;
  let score = 0;
  for (const [term, weight] of query) {
    const frequency = passage.filter((word) => word === term).length;
    const having = passages.filter((words) => words.includes(term)).length;
    const rarity = Math.log(1 + (passages.length - having + 0.5) / (having + 0.5));
    const norm = 1.2 * (1 - 0.75 + (0.75 * passage.length) / average);
    if (frequency > 0) score += (weight * rarity * frequency * (1.2 + 1)) / (frequency + norm);
  }
  return score;
}

describe("Bm25Index", () => {
  it("scores as the formula says, best first, ties in the order added", async () => {
    const word = fc.constantFrom("tax", "war", "gold", "steel", "peace", "__proto__", "constructor");
    const passages = fc.array(fc.array(word, { maxLength: 12 }), { minLength: 1, maxLength: 20 });
    const query = fc.dictionary(word, fc.constantFrom(1, 0.5), { maxKeys: 4, noNullPrototype: false });
    await fc.assert(
      fc.asyncProperty(passages, query, fc.integer({ min: 1, max: 25 }), async (list, weights, limit) => {
        const asked = new Map(Object.entries(weights));
        const index = await indexOf(list);
        const expected = list
          .map((passage, row) => ({ row, score: naiveScore(list, passage, asked) }))
          .filter(({ score }) => score > 0);
        for (let round = 0; round < 2; round++) {
          const found = index.search(asked, limit);
          expect(found).toHaveLength(Math.min(limit, expected.length));
          for (const [position, { row, score }] of found.entries()) {
            expect(score).toBeCloseTo(expected.find((one) => one.row === row)!.score, 10);
            const next = found[position + 1];
            if (next) expect(score > next.score || (score === next.score && row < next.row)).toBe(true);
          }
          const least = found.at(-1)?.score ?? 0;
          const chosen = new Set(found.map(({ row }) => row));
          for (const { row, score } of expected) if (!chosen.has(row)) expect(score).toBeLessThanOrEqual(least + 1e-10);
        }
      }),
    );
  });

  it("knows its terms", async () => {
    const index = await indexOf([["tax", "war"], ["tax"]]);
    expect([index.has("tax"), index.has("gold"), [...index.terms()]]).toEqual([true, false, ["tax", "war"]]);
  });

  it("grows with many passages", async () => {
    const index = await indexOf(Array.from({ length: 3_000 }, (_, row) => [`w${row}`, "all"]));
    expect(index.search(new Map([["w2999", 1]]), 5).map(({ row }) => row)).toEqual([2_999]);
    expect(index.search(new Map([["all", 1]]), 3).map(({ row }) => row)).toEqual([0, 1, 2]);
  });
});
