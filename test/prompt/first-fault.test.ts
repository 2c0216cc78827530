import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstFault } from "../../src/prompt/read/first-fault.ts";
import { PartialReader } from "../../src/prompt/read/partial-reader.ts";

/** Another reader of the same grammar, which stops at the first fault too. */
function stopOf(text: string): number {
  const reader = new PartialReader({ prose: false, maxDepth: Number.MAX_SAFE_INTEGER });
  reader.push(text);
  reader.finish();
  return reader.failedAt ?? text.length;
}

const json = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value, null, 2)),
);
const pieces = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\\u",
  "\\n",
  "\n",
  " ",
  "a",
  "1",
  "-",
  ".",
  "e",
  "tru",
  "true",
  "é",
];
const scraps = fc.array(fc.constantFrom(...pieces)).map((parts) => parts.join(""));

describe("firstFault", () => {
  it.each([
    ["", 0],
    ['{"a": x}', 6],
    ["[1,]", 3],
    ["{,}", 1],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["[1}", 2],
    ["1 2", 2],
    ["tru", 0],
    ["[tru", 4],
    ["01", 0],
    ['"a\nb"', 2],
    ['"\\x"', 2],
    ['"\\u12"', 5],
    ['"\\u12', 5],
    ['"open', 5],
  ])("finds where %j is no longer JSON", (text, offset) => {
    expect(firstFault(text)).toBe(offset);
  });

  it("finds none in JSON, nor in its beginnings when they hold a container or text", () => {
    fc.assert(
      fc.property(json, fc.nat(), (text, cut) => {
        expect(firstFault(text)).toBe(text.length);
        const list = `[${text}]`;
        const beginning = list.slice(0, 1 + (cut % list.length));
        expect(firstFault(beginning)).toBe(beginning.length);
      }),
    );
  });

  it("stops where the reader of partial answers stops, in JSON with scraps in it and in scraps alone", () => {
    fc.assert(
      fc.property(json, scraps, fc.nat(), (text, scrap, place) => {
        const at = place % (text.length + 1);
        const damaged = `${text.slice(0, at)}${scrap}${text.slice(at)}`;
        expect(firstFault(damaged)).toBe(stopOf(damaged));
        expect(firstFault(scrap)).toBe(stopOf(scrap));
      }),
      { numRuns: 1000 },
    );
  });

  it("takes long strings and deep nesting without a deep stack", () => {
    const deep = 200_000;
    expect(firstFault("[".repeat(deep))).toBe(deep);
    const long = `"${"\\n".repeat(deep)}`;
    expect(firstFault(`${long}"!`)).toBe(long.length + 1);
  });
});
