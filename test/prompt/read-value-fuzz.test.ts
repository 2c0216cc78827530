import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { parseModelOutput } from "../../src/prompt/read/parse-model-output.ts";
import { PartialReader } from "../../src/prompt/read/partial-reader.ts";
import { readValue } from "../../src/prompt/read/read-value.ts";

const pieces = [
  ..."{}[]():,\"'`\\\n #;=+-.$aé…“”‘’",
  "```json\n",
  '\\"',
  "\\n",
  '"key":',
  "true",
  "None",
  "tru",
  "1e",
  "//",
  "/*",
  "*/",
  "...",
  '"__proto__":',
  "constructor: ",
  "<think>",
  "</think>",
  "<html>",
  "\u0000",
  "\ud83d",
  'u"',
  "ObjectId(",
  "\\u00",
  '{"a": 1}',
  "[1, 2]",
];
const whole = [
  '{"title":"A \\"quoted\\" thing","n":[1,2.5,-3e2],"o":{"x":null,"y":true}}',
  '```json\n{"title": "t", "n": [1]}\n```',
  "{'title': 'it is', 'n': (1, 2), # note\n}",
];

const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(""));
const mutated = fc
  .tuple(
    fc.constantFrom(...whole),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(4), fc.constantFrom("", ...pieces)), {
      maxLength: 6,
    }),
  )
  .map(([text, edits]) =>
    edits.reduce((now, [share, cut, piece]) => {
      const at = Math.floor(share * now.length);
      return now.slice(0, at) + piece + now.slice(at + cut);
    }, text),
  );
const texts = fc.oneof(soup, mutated, fc.string({ unit: "binary", maxLength: 60 }));

function valueOrRefusal(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (isFlockError(error) && /^output_(?:unreadable|invalid)$/.test(error.code)) return error;
    throw error;
  }
}

function keysWithin(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return [...(Array.isArray(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap(keysWithin)];
}

describe("reading any text", () => {
  it("gives a JSON value or a typed error for 20,000 random and mutated texts, and changes no prototype", () => {
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    fc.assert(
      fc.property(texts, (text) => {
        for (const options of [{}, { partial: true }, { strict: true }]) {
          const value = valueOrRefusal(() => readValue(text, options));
          if (value instanceof Error) continue;
          expect(keysWithin(value).filter((key) => /^(?:__proto__|constructor|prototype)$/.test(key))).toEqual([]);
          // What was read is plain JSON: it survives being written and read again.
          expect(JSON.parse(JSON.stringify(value))).toEqual(value);
        }
        valueOrRefusal(() => parseModelOutput(text, { signature: "title: str, n: list[float]" }));
        const reader = new PartialReader();
        reader.push(text);
        reader.finish();
      }),
      { numRuns: 20_000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
  }, 120_000);

  // Quadratic reading of any of these would take minutes, not the test's seconds.
  const length = 500_000;
  it.each([
    ["{", "{"],
    ["[", "["],
    ["nested keys", '{"a":'],
    ["quotes", '"'],
    ["refused quotes", '{"a": "b" c '],
    ["backslashes", "\\"],
    ["encoded keys", '{\\"a\\":'],
    ["comments", "{/*"],
    ["fences", "```"],
    ["words", "{a: b "],
    ["spaces", '{"a":"x"        '],
    ["braces in prose", "see {a, b} and "],
    ["lost quotes", '{"a": "x,\n'],
    ["calls", "{a: f("],
    ["joined strings", '"b" + '],
    ["sets", '[{"a" {"b" '],
    ["mixed closers", "[}"],
    ["objects", "{}"],
    ["smart quotes", "{“a“"],
  ])(
    "reads half a million characters of repeated %s",
    (_, piece) => {
      const text = piece.repeat(length / piece.length);
      expect(() => valueOrRefusal(() => readValue(text))).not.toThrow();
      expect(() => valueOrRefusal(() => readValue(`{"a": "${text}}`))).not.toThrow();
    },
    20_000,
  );
});
