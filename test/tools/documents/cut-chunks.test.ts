import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutChunks } from "../../../src/tools/documents/cut-chunks.ts";
import type { Mark } from "../../../src/tools/documents/extracted-text.ts";

function cut(text: string, chunkCharacters: number, overlapCharacters = 0, marks: readonly Mark[] = []): string[] {
  return [...cutChunks(text, marks, { chunkCharacters, overlapCharacters })].map(({ start, end }) =>
    text.slice(start, end),
  );
}

describe("cutChunks", () => {
  it("covers every character, in order, within the sizes, whatever the text and marks", () => {
    const unit = fc.constantFrom("a", "bc", " ", "\n", "\n\n", ". ", "! ", "。", "😀", ".", "\u00a0", "word ");
    fc.assert(
      fc.property(
        fc.array(unit, { maxLength: 400 }),
        fc.integer({ min: 4, max: 80 }),
        fc.nat(),
        fc.array(fc.nat(800), { maxLength: 10 }),
        (parts, chunkCharacters, overlap, offsets) => {
          const text = parts.join("");
          const overlapCharacters = overlap % Math.ceil(chunkCharacters / 2);
          const marks = [...new Set(offsets)]
            .filter((offset) => offset < text.length)
            .sort((one, other) => one - other)
            .map((offset) => ({ offset, cut: offset % 3 !== 0 }));
          let covered = 0;
          let last = -1;
          for (const { start, end } of cutChunks(text, marks, { chunkCharacters, overlapCharacters })) {
            expect(start).toBeGreaterThan(last);
            expect(start).toBeLessThanOrEqual(covered);
            expect(covered - start).toBeLessThanOrEqual(overlapCharacters + 1);
            expect(end).toBeGreaterThan(covered);
            expect(end - start).toBeLessThanOrEqual(chunkCharacters);
            covered = end;
            last = start;
          }
          expect(covered).toBe(text.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never cuts an emoji in two", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 30 }), fc.boolean(), (size, shifted) => {
        const text = (shifted ? "x" : "") + "😀".repeat(60);
        for (const chunk of cut(text, size, 1)) expect(chunk.isWellFormed()).toBe(true);
      }),
    );
  });

  it("ends at a paragraph before a sentence, a sentence before a line, a line before a word", () => {
    const cases = [
      ["aaaa aaaa. bbbb\n\ncccc. dddd eeee", "aaaa aaaa. bbbb\n\n"],
      ["aaaa aaaa aaaa bbbb! cccc\ndddd eeee", "aaaa aaaa aaaa bbbb! "],
      ["aaaa aaaa aaaa bbbb\ncccc dddd eeee", "aaaa aaaa aaaa bbbb\n"],
      ["aaaa aaaa aaaa bbbb cccc ddddddddddd", "aaaa aaaa aaaa bbbb cccc "],
      [`aaaa aaaa "aaaa bbbb." cccc ddddddddd`, `aaaa aaaa "aaaa bbbb." `],
      ["東京東京東京東京東京東京東。東京東京東京東京東京東京東京", "東京東京東京東京東京東京東。"],
      ["a".repeat(40), "a".repeat(25)],
    ] as const;
    for (const [text, first] of cases) expect(cut(text, 25)[0]).toBe(first);
  });

  it("repeats whole sentences of the chunk before", () => {
    const text = "First one here. Second one. Third one here. Fourth one.";
    const chunks = cut(text, 30, 14);
    expect(chunks[0]).toBe("First one here. Second one. ");
    expect(chunks[1]!.startsWith("Second one. Third")).toBe(true);
  });

  it("begins a new chunk at a mark that asks for it, once a quarter is full, and repeats nothing there", () => {
    const text = "# A\nshort\n# B\nlong enough text\n# C\nthe end of it";
    const marks = [0, 10, 31].map((offset) => ({ offset, cut: true }));
    expect(cut(text, 60, 20, marks)).toEqual(["# A\nshort\n# B\nlong enough text\n", "# C\nthe end of it"]);
    const soft = marks.map((mark) => ({ ...mark, cut: false }));
    expect(cut(text, 60, 20, soft)).toEqual([text]);
  });

  it("makes one chunk of a short text and none of an empty one", () => {
    expect(cut("short", 100, 10)).toEqual(["short"]);
    expect(cut("", 100, 10)).toEqual([]);
  });
});
