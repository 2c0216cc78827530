import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { candidatesOf } from "../../src/prompt/read/candidates.ts";
import { readValue } from "../../src/prompt/read/read-value.ts";

function refusal(text: string, options = {}) {
  try {
    readValue(text, options);
  } catch (error) {
    if (isFlockError(error, "output_unreadable")) return error;
    throw error;
  }
  throw new Error(`expected a refusal of ${text.slice(0, 80)}`);
}

const repairs: readonly (readonly [name: string, text: string, value: unknown])[] = [
  ["a code fence with a language", '```json\n{"a": 1}\n```', { a: 1 }],
  ["a code fence that never closes", '```\n{"a": 1}', { a: 1 }],
  ["a broken value in an open fence", 'Here:\n```json\n{"a": 1,}\n', { a: 1 }],
  ["prose before and after", 'Sure! {"a": 1} Hope that helps {really}.', { a: 1 }],
  ["prose with brackets before", 'I think [see note] that {"x": 1}', { x: 1 }],
  ["braces in prose before", '{a, b} gives {"x": 1}', { x: 1 }],
  ["an opening brace in prose", 'see { the following {"x": 1}', { x: 1 }],
  ["single quotes", "{'a': 'b'}", { a: "b" }],
  ["an apostrophe in single quotes", "{'a': 'it's', 'b': 1}", { a: "it's", b: 1 }],
  ["smart quotes", "{“a”: “b”, ‘c’: ‘d’}", { a: "b", c: "d" }],
  ["backticks", "{a: `b`}", { a: "b" }],
  ["a trailing comma", '{"a": [1, 2,], }', { a: [1, 2] }],
  ["commas too many", '{,"a": [1,,2],,}', { a: [1, 2] }],
  ["a missing comma on one line", '{"a": 1 "b": "x" "c": true}', { a: 1, b: "x", c: true }],
  ["a missing comma between lines", '{"a": "x"\n "b": 2\n c: 3}', { a: "x", b: 2, c: 3 }],
  ["missing commas in a list", '["a" "b" {"c": 1} [2] 3]', ["a", "b", { c: 1 }, [2], 3]],
  ["a missing colon", '{"a" 1, "b" "c", "d" {"e": 2}}', { a: 1, b: "c", d: { e: 2 } }],
  ["an arrow or equals sign as colon", '{"a" => 1, b = 2}', { a: 1, b: 2 }],
  ["a missing value", '{"a": , "b": }', { a: null, b: null }],
  ["missing closing brackets", '{"a": {"b": [1, {"c": "d', { a: { b: [1, { c: "d" }] } }],
  ["a text cut in a literal", '{"a": 1, "b": tru', { a: 1, b: true }],
  ["a text cut in a key", '{"a": 1, "b', { a: 1 }],
  ["a text cut in an escape", '{"a": "x\\u00', { a: "x" }],
  ["a text cut after a backslash", '{"a": "x\\', { a: "x" }],
  ["a list closed by the wrong bracket", '{"a": [1, 2}', { a: [1, 2] }],
  ["an object closed by the wrong bracket", '[{"a": 1]', [{ a: 1 }]],
  ["a list that was never closed before the next key", '{"a": [1, 2, "b": 3}', { a: [1, 2], b: 3 }],
  ["closing brackets too many", '{"a": 1}}]', { a: 1 }],
  ["a stray closing bracket inside", '{"a": 1 ], "b": 2}', { a: 1, b: 2 }],
  ["a missing opening brace", '"a": 1, "b": 2', { a: 1, b: 2 }],
  ["comments of three kinds", '{"a": 1, // one\n /* two */ "b": 2 # three\n}', { a: 1, b: 2 }],
  ["a comment without an end", '{"a": 1 /* and so', { a: 1 }],
  ["bare keys", "{a: 1, $b_2: 2, c-d: 3}", { a: 1, $b_2: 2, "c-d": 3 }],
  ["Python literals", "{'a': True, 'b': False, 'c': None}", { a: true, b: false, c: null }],
  ["NaN and the infinities", "[NaN, Infinity, -Infinity, undefined]", [null, null, null, null]],
  ["loose numbers", "[.5, 5., +3, 0x1F, 1_000, 2e]", [0.5, 5, 3, 31, 1000, 2]],
  ["numbers that are names", "[007, 1.2.3, 12px]", ["007", "1.2.3", "12px"]],
  ["a Python tuple", "{'a': (1, 2)}", { a: [1, 2] }],
  ["a Python set", "{'a': {'x', 'y'}}", { a: ["x", "y"] }],
  ["string prefixes and calls", '{"a": u"x", "b": ObjectId("y"), "c": new Date("z")}', { a: "x", b: "y", c: "z" }],
  ["strings joined by plus", '{"a": "b" + "c" +\n "d"}', { a: "bcd" }],
  ["a plus that joins nothing", '{"a": "b" + }', { a: "b" }],
  ["bare words as values", "{a: red apple, b: 2024-01-05T10:00:00}", { a: "red apple", b: "2024-01-05T10:00:00" }],
  ["a bare address", "{a: https://x.y/z?q=1, b: 2}", { a: "https://x.y/z?q=1", b: 2 }],
  ["raw line breaks in strings", '{"a": "one\ntwo\tthree"}', { a: "one\ntwo\tthree" }],
  ["escaped line breaks between tokens", '{\\n "a": 1,\\n "b": 2}', { a: 1, b: 2 }],
  ["an object encoded as a string", '{\\n  \\"a\\": \\"x\\\\ny\\"}', { a: "x\ny" }],
  ["an object encoded twice", '{\\\\\\"a\\\\\\": 1}', { a: 1 }],
  ["quotes that were not escaped", '{"a": "He said "hi" to me", "b": 2}', { a: 'He said "hi" to me', b: 2 }],
  ["a quoted word before a comma", '{"a": "say "hi", then go", "b": 2}', { a: 'say "hi", then go', b: 2 }],
  ["a quoted word at the end", '{"a": "say "hi""}', { a: 'say "hi"' }],
  ["quotes before a bracket in text", '{"a": "f["x"] is y"}', { a: 'f["x"] is y' }],
  ["a closing quote left out", '{"a": "hello, "b": 2}', { a: "hello", b: 2 }],
  ["a closing quote left out at a line's end", '{"a": "hello,\n "b": 2}', { a: "hello", b: 2 }],
  ["a last closing quote left out", '{"a": "hello}', { a: "hello" }],
  ["words after a string", '{"a": "hello" world}', { a: "hello" }],
  ["escapes JSON does not have", '{"a": "it\\\'s C:\\data \\x41 \\u12"}', { a: "it's C:\\data A \\u12" }],
  ["a line continued", '{"a": "one\\\ntwo\\\r\nthree",}', { a: "onetwothree" }],
  ["an ellipsis in a list", "[1, 2, ...]", [1, 2]],
  ["an ellipsis character", "[1, 2, …]", [1, 2]],
  ["no-break and wide spaces", '{\u00a0"a":\u3000"b",\ufeff}', { a: "b" }],
  ["code fences inside a string", '{"a": "use ```js\\nx``` here", "n": 1,}', { a: "use ```js\nx``` here", n: 1 }],
  ["thinking before the answer", '<think>{"x": 0}</think>\n{"x": 1}', { x: 1 }],
  ["a fenced value beside a longer free one", 'like {"long": "example value"}: ```json\n{"a": 1}\n```', { a: 1 }],
  ["a fenced value behind a list in prose", 'of [1, 2, 3, 4] I take\n```json\n{"a": 1}\n```', { a: 1 }],
  ["a draft and a later answer", 'First {"x": 1}, no: {"x": 2}', { x: 2 }],
  ["a lone Python literal", "True", true],
  ["a lone fenced number", "```\n42\n```", 42],
  ["a lone quoted word", "'abc'", "abc"],
  ["a lone word after thinking", "<think>hm</think> null", null],
];

describe("readValue", () => {
  it.each(repairs)("mends %s", (_, text, value) => {
    expect(readValue(text)).toEqual(value);
  });

  it("gives what JSON.parse gives for every JSON text, keys that reach a prototype aside", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom("", " ", "\n"), (text, space) => {
        const expected = JSON.parse(text, (_key, value) => {
          if (typeof value === "object" && value !== null && !Array.isArray(value)) {
            for (const name of ["__proto__", "constructor", "prototype"]) delete value[name];
          }
          return value;
        });
        expect(readValue(`${space}${text}${space}`)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("reads an indented value the same in a fence, between prose, and with trailing commas", () => {
    const objects = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 });
    fc.assert(
      fc.property(objects, (value) => {
        const text = JSON.stringify(value, null, 2);
        const expected = readValue(text);
        expect(readValue(`\`\`\`json\n${text}\n\`\`\``)).toEqual(expected);
        expect(readValue(`The answer is ${text} as asked.`)).toEqual(expected);
        expect(readValue(`${text.slice(0, -2)},\n}`)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("reads any beginning of a JSON object as an object", () => {
    const objects = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(objects, fc.double({ min: 0, max: 1, noNaN: true }), (value, share) => {
        const text = JSON.stringify(value);
        const cut = text.slice(0, 1 + Math.floor((text.length - 1) * share));
        expect(readValue(cut)).toBeTypeOf("object");
        expect(readValue(cut, { partial: true })).toBeTypeOf("object");
      }),
      { numRuns: 500 },
    );
  });

  it("leaves out what is still being written when the text is partial", () => {
    expect(readValue('{"a": 1, "b": 12', { partial: true })).toEqual({ a: 1 });
    expect(readValue('{"a": 1, "b": tru', { partial: true })).toEqual({ a: 1 });
    expect(readValue('{"a": 1, "b": "wor', { partial: true })).toEqual({ a: 1, b: "wor" });
    expect(readValue('{"a": 1, "b":', { partial: true })).toEqual({ a: 1 });
    expect(readValue('{"a": [1, {"b": "x"}, {', { partial: true })).toEqual({ a: [1, { b: "x" }, {}] });
  });

  it.each([
    ['{"__proto__": {"polluted": 1}, "a": {"constructor": 1, "prototype": 2, "b": 3}}'],
    ['{"\\u005f_proto__": {"polluted": 1}, "a": {"b": 3}}'],
    ['{"__proto__": {"polluted": 1}, a: {constructor: 1, prototype: 2, b: 3}}'],
    ['{\\"__proto__\\": {\\"polluted\\": 1}, \\"a\\": {\\"b\\": 3}}'],
  ])("drops keys that reach a prototype: %s", (text) => {
    const value = readValue(text) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.getOwnPropertyNames(value)).toEqual(["a"]);
    expect(Object.getOwnPropertyNames((value as { a: object }).a)).toEqual(["b"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ["", "an empty text", 0],
    [" \n", "an empty text", 0],
    ["I cannot help with that.", "text without any JSON value", 0],
    ["  The answer is 42", "text without any JSON value", 2],
    ["See [the docs] for [more].", "text without any JSON value", 0],
    ["<!DOCTYPE html><html><style>a { margin: 0 }</style></html>", "an HTML page", 0],
    ["'a' or 'b'", "text without any JSON value", 0],
  ])("refuses %j, which holds no value", (text, reason, offset) => {
    const { details, message } = refusal(text);
    expect(details).toMatchObject({ pointer: "", reason, position: { offset } });
    expect(message).toContain(reason);
  });

  it.each([
    ['```json\n{"a": 1}\n```', 0],
    ['{"a": 1,}', 8],
    ['{"a": 1} x', 9],
    ["{'a': 1}", 1],
    ['{"a": tru}', 6],
    ['{"a": 01}', 6],
    ['{"a": "b\n"}', 8],
    ['{"a": "\\q"}', 8],
    ['{"a": "\\u00g0"}', 11],
    ['{"a": [1, 2}', 11],
    ['{"a": 1', 7],
    ["NaN", 0],
    ["", 0],
    ['[1 "a"]', 3],
    ["]", 0],
  ])("refuses %j when strict, and says where", (text, offset) => {
    expect(refusal(text, { strict: true }).details.position?.offset).toBe(offset);
  });

  it("takes JSON when strict", () => {
    expect(readValue(' {"a": [1, "x", null]} ', { strict: true })).toEqual({ a: [1, "x", null] });
  });

  it("counts lines and columns from 1 in a refusal", () => {
    const { details } = refusal('{\n  "a": x\n}', { strict: true });
    expect(details.position).toEqual({ line: 2, column: 8, offset: 9 });
  });

  it("never puts the text itself into a refusal", () => {
    const error = refusal('{"key": sk-very-secret}', { strict: true });
    expect(JSON.stringify(error)).not.toContain("secret");
  });

  it("refuses a text longer than allowed without reading it", () => {
    expect(refusal("[1, 2, 3]", { maxCharacters: 8 }).details.reason).toBe("more than 8 characters");
    expect(readValue("[1, 2, 3]", { maxCharacters: 9 })).toEqual([1, 2, 3]);
  });

  it.each([
    ["[".repeat(300) + "]".repeat(300)],
    ["[".repeat(300)],
    [`{"a":${"[".repeat(300)}1,`],
    ['{"a":'.repeat(300)],
    [`{"a":${"[".repeat(300)}${"]".repeat(300)}}`],
  ])("refuses values nested deeper than allowed", (text) => {
    expect(refusal(text).details.reason).toContain("deeper than 256");
  });

  it("takes values nested as deep as allowed", () => {
    const text = "[".repeat(256) + "]".repeat(256);
    expect(JSON.stringify(readValue(text))).toBe(text);
    expect(refusal("[[1]]", { maxDepth: 1 }).details.reason).toContain("deeper than 1");
    expect(readValue("[[1],]", { maxDepth: 2 })).toEqual([[1]]);
    expect(readValue(`[[[[[1]]]]] or ${"[".repeat(300)}`, { maxDepth: 9 })).toEqual([[[[[1]]]]]);
  });

  it("drops an unsafe key below a wide list and keeps the rest", () => {
    const items = Array.from({ length: 400 }, (_, index) => ({ index, list: [[index]] }));
    const text = JSON.stringify({ items, last: "prototype of a thing" });
    expect(readValue(text)).toEqual({ items, last: "prototype of a thing" });
  });
});

describe("candidatesOf", () => {
  it("puts answers before thoughts, fenced before free, long before short, late before early", () => {
    const text = '<think>{"a": 0, "long": 1}</think> {"a": 1} {"a": 2} {"a": 3, "b": 4} ```\n{"a": 5}\n```';
    expect(candidatesOf(text).map((found) => found.value)).toEqual([
      { a: 5 },
      { a: 3, b: 4 },
      { a: 2 },
      { a: 1 },
      { a: 0, long: 1 },
    ]);
  });

  it("says where each value stands and whether it is whole", () => {
    const text = 'x {"a": 1} y [1, 2';
    expect(candidatesOf(text)).toMatchObject([
      { value: { a: 1 }, start: 2, end: 10, complete: true },
      { value: [1, 2], start: 13, end: 18, complete: false },
    ]);
  });

  it("keeps at most 32: the first and the last ones", () => {
    const text = Array.from({ length: 100 }, (_, index) => `{"i": ${index + 100}}`).join(" ");
    const found = candidatesOf(text).map((candidate) => (candidate.value as { i: number }).i);
    expect(found).toHaveLength(32);
    expect(found[0]).toBe(199);
    expect(found.at(-1)).toBe(100);
  });

  it("gives none for prose", () => {
    expect(candidatesOf("no value here")).toEqual([]);
  });
});
