import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { firstFault } from "../../src/prompt/read/first-fault.ts";
import { readValue } from "../../src/prompt/read/read-value.ts";
import { mutatedAnswer, seeded } from "./answer-mutator.ts";

function attempt(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** Texts that are JSON, by what is easily got wrong about them. */
const valid: readonly (readonly [what: string, text: string])[] = [
  ["white space of all four kinds around", "\t\n\r [ \t\n\r ] \t\n\r"],
  ["every escape", '["\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00"]'],
  ["a lone high surrogate, escaped", '["\\uD800", "\\uD800\\u0041", "\\uDBFF\\\\"]'],
  ["a lone low surrogate, escaped", '["\\uDC00\\uD800"]'],
  ["a lone surrogate as it is", '["\ud800x"]'],
  ["delete, line separators and non-characters", '["\u007f\u2028\u2029\uffff\ufdd0"]'],
  ["an escaped and an empty key", '{"": 0, "\\u0061": 1, "a\\u0000b": 2}'],
  ["one key twice", '{"a": 1, "b": 2, "a": {"c": 3}}'],
  ["keys that look like numbers", '{"2": 1, "1": 2, "01": 3}'],
  ["zeros", "[0, -0, 0.0, -0.0e-0, 0e1, 0E+1]"],
  ["numbers of every form", "[1e1, 1E-2, 1.5e+3, -123.456, 9007199254740993, 123456789012345678901234567890]"],
  ["numbers too large and too small", "[1e999, -1e999, 1e-999, 0.1e-400]"],
  ["a lone number, text and literals", "-1.5e3"],
  ["a lone text", '""'],
  ["a lone literal", " null "],
  ["nesting", "[[[[{}, [{}]]]], {}]"],
  ["replacement characters and a byte order mark in a text", '["\ufffd\ufeff"]'],
  ["texts that hold brackets", '["[{", "}]", ":,\\""]'],
];

/** Texts that are not, with the place of the first fault. */
const invalid: readonly (readonly [what: string, text: string, offset: number])[] = [
  ["a comma too many in a list", "[1,]", 3],
  ["a comma first", "[,1]", 1],
  ["two commas", "[1,,2]", 3],
  ["a comma too many in an object", '{"a": 1,}', 8],
  ["a comma behind all", "[1],", 3],
  ["no comma", "[1 2]", 3],
  ["a colon in a list", '["a": 1]', 4],
  ["a semicolon", "[1; 2]", 2],
  ["no colon", '{"a" 1}', 5],
  ["two colons", '{"a":: 1}', 5],
  ["a key without quotes", "{a: 1}", 1],
  ["a key that is a number", "{1: 1}", 1],
  ["a key with single quotes", "{'a': 1}", 1],
  ["no value", '{"a": }', 6],
  ["no key", "{: 1}", 1],
  ["an object without colon", '{"a"}', 4],
  ["single quotes", "['a']", 1],
  ["an open list", "[1", 2],
  ["an open object", '{"a": 1', 7],
  ["an open text", '["a', 3],
  ["the wrong closing bracket", "[1}", 2],
  ["a bracket too many", "[1]]", 3],
  ["two values", "{} []", 3],
  ["text behind", "[1] x", 4],
  ["a comment", "[1 /* one */]", 3],
  ["a fence", "```\n[1]\n```", 0],
  ["a byte order mark", "\ufeff[1]", 0],
  ["a no-break space", "[1,\u00a02]", 3],
  ["a form feed", "[\f1]", 1],
  ["a zero byte", "[\u00001]", 1],
  ["a line break in a text", '["a\nb"]', 3],
  ["a tab in a text", '["a\tb"]', 3],
  ["an unknown escape", '["\\a"]', 3],
  ["an escaped single quote", '["\\\'"]', 3],
  ["a hexadecimal escape", '["\\x41"]', 3],
  ["a short unicode escape", '["\\u12"]', 6],
  ["a unicode escape of letters", '["\\uqqqq"]', 4],
  ["a leading zero", "[01]", 1],
  ["a leading plus", "[+1]", 1],
  ["a leading dot", "[.5]", 1],
  ["a trailing dot", "[5.]", 1],
  ["a dot before an exponent", "[1.e1]", 1],
  ["an empty exponent", "[1e]", 1],
  ["an exponent with two signs", "[1e+-2]", 1],
  ["a lone minus", "[-]", 1],
  ["two minuses", "[--1]", 1],
  ["a space in a number", "[1 000]", 3],
  ["hexadecimal", "[0x1F]", 1],
  ["a minus and a leading zero", "[-01]", 1],
  ["a dot before nothing, with an exponent", "[2.e3]", 1],
  ["an exponent without digits, cut off", "[1e", 3],
  ["a number with letters behind", "[1a]", 1],
  ["not a number, in small letters", "nan", 0],
  ["infinity with a sign", "[-Infinity]", 1],
  ["a block comment behind all", '{"a":"b"}/**/', 9],
  ["a word at once behind all", "[1]x", 3],
  ["a byte order mark inside", "[\ufeff1]", 1],
  ["replacement characters outside of texts", "[\ufffd]", 1],
  ["an escape in two halves", '["\\u00\\u0041"]', 6],
  ["a backslash last", '["a\\', 4],
  ["an object in place of a key", "{{}: 1}", 1],
  ["a line separator between tokens", "[1,\u20282]", 3],
  ["not a number", "[NaN]", 1],
  ["infinity", "[-Infinity]", 1],
  ["full-width digits", "[１]", 1],
  ["capital literals", "[True]", 1],
  ["a literal cut off", "[nul]", 1],
  ["two literals at once", "[truefalse]", 1],
  ["undefined", "undefined", 0],
  ["nothing", "", 0],
  ["white space", " \n", 0],
  ["a word", "abc", 0],
];

describe("strict reading", () => {
  it.each(valid)("takes %s with JSON.parse's value", (_, text) => {
    expect(readValue(text, { strict: true })).toStrictEqual(JSON.parse(text));
    expect(readValue(text)).toStrictEqual(JSON.parse(text));
  });

  it("keeps -0, infinities and the last of equal keys, as JSON.parse does", () => {
    expect(Object.is(readValue("-0"), -0)).toBe(true);
    expect(readValue("[1e999, -1e999]")).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(readValue('{"a": 1, "b": 2, "a": 3}')).toEqual({ a: 3, b: 2 });
  });

  it("gives the same numbers and keys where the rest had to be mended", () => {
    const value = readValue('{a: 1e999, "b": -0, "c": 1, "c": 2, "d": 12345678901234567890,}') as Record<
      string,
      unknown
    >;
    expect(value).toEqual({ a: Number.POSITIVE_INFINITY, b: -0, c: 2, d: Number("12345678901234567890") });
  });

  it("takes exactly what JSON.parse takes, of ten thousand mutated answers", () => {
    const random = seeded(5);
    let taken = 0;
    for (let count = 0; count < 10_000; count++) {
      const text = mutatedAnswer(random);
      const isJson = attempt(() => JSON.parse(text));
      expect(attempt(() => readValue(text, { strict: true, maxDepth: 1_000_000 }))).toBe(isJson);
      if (isJson) taken++;
    }
    expect(taken).toBeGreaterThan(500);
  });

  it("refuses a hundred thousand brackets, open or closed, without overflowing", () => {
    expect(attempt(() => readValue("[".repeat(100_000), { strict: true }))).toBe(false);
    expect(attempt(() => readValue("[".repeat(100_000) + "]".repeat(100_000), { strict: true }))).toBe(false);
  });

  it.each(invalid)("refuses %s and says where", (_, text, offset) => {
    try {
      readValue(text, { strict: true });
    } catch (error) {
      if (!isFlockError(error, "output_unreadable")) throw error;
      expect(error.details.position?.offset).toBe(firstFault(text));
      expect(text.trim() === "" ? 0 : error.details.position?.offset).toBe(offset);
      return;
    }
    throw new Error("it was taken");
  });
});
