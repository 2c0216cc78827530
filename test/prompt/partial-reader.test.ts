import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PartialReader } from "../../src/prompt/read/partial-reader.ts";
import { readValue } from "../../src/prompt/read/read-value.ts";

function readInPieces(text: string, sizes: readonly number[]): { reader: PartialReader; steps: unknown[] } {
  const reader = new PartialReader();
  const steps: unknown[] = [];
  let at = 0;
  for (let turn = 0; at < text.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    reader.push(text.slice(at, at + size));
    steps.push(reader.value());
    at += size;
  }
  return { reader, steps };
}

const pieces = [
  ..."{}[]():,\"'`\\\n #;=+-.aé…“”",
  "```json\n",
  '\\"',
  '"key":',
  "true",
  "None",
  "//",
  "/*",
  "*/",
  "<think>",
  "</think>",
  "\\u00",
  '{"a": 1}',
  "[1, 2]",
  ",\n",
  "k: ",
  "'y'",
];
const answers = [
  '{"title":"A \\"q\\" t","n":[1,2.5,-3e2],"o":{"x":null,"y":true}}',
  'Here:\n```json\n{"title": "t", "n": [1,],\n // c\n}\n```\nbye',
  "{'title': 'x', n: [True, None], /* c */ a: 'b',}",
  '<think>{"n": 1}</think>[{"a":"one\ntwo"},{"b":[1,2,{"c":"\\u00e9\\ud83d\\ude00"}]}]',
];
const damaged = fc
  .tuple(
    fc.constantFrom(...answers),
    fc.array(fc.tuple(fc.nat(99), fc.nat(3), fc.constantFrom("", ...pieces)), { maxLength: 3 }),
    fc.nat(120),
  )
  .map(([text, edits, length]) =>
    edits.reduce((now, [at, cut, piece]) => now.slice(0, at) + piece + now.slice(at + cut), text).slice(0, length + 20),
  );

/** Tells whether all of one partial value is still there in a later one, its last text perhaps longer. */
function isPartOf(before: unknown, after: unknown): boolean {
  if (before === undefined) return true;
  if (typeof before === "string") return typeof after === "string" && after.startsWith(before);
  if (typeof before !== "object" || before === null) return Object.is(before, after);
  if (typeof after !== "object" || after === null || Array.isArray(before) !== Array.isArray(after)) return false;
  const later = after as Record<string, unknown>;
  // A key that comes again takes the place of the value before it, as in JSON.parse.
  return Object.entries(before).every(
    ([key, value]) => key in later && (isPartOf(value, later[key]) || !Array.isArray(after)),
  );
}

describe("PartialReader", () => {
  it("ends with the value readValue gives, however JSON text is cut into pieces", () => {
    const texts = fc.oneof(
      fc.json({ maxDepth: 5 }),
      fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value, null, 2)),
      fc.string().map((text) => JSON.stringify({ text, escaped: "\u2028\ud83d\ude00" })),
    );
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (text, sizes) => {
        const { reader } = readInPieces(text, sizes);
        expect(reader.finish()).toEqual(readValue(text));
        expect(reader.failedAt).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it("never changes a value it gave, and only adds to it", () => {
    const text = '{"a": [1, {"b": "xyz"}, []], "c": {"d": "long text"}}';
    const { steps } = readInPieces(text, [1]);
    const seen = readInPieces(text, [1]).steps.map((step) => JSON.stringify(step));
    expect(steps.map((step) => JSON.stringify(step))).toEqual(seen);
    expect(new Set(seen)).toContain('{"a":[1,{"b":"xy"}]}');
    expect(new Set(seen)).toContain('{"a":[1,{"b":"xyz"},[]],"c":{"d":"long t"}}');
  });

  it("gives the very same value while nothing was added, and shares finished parts", () => {
    const reader = new PartialReader();
    reader.push('{"done": {"x": 1}, "now": "a');
    const first = reader.value() as { done: object };
    expect(reader.value()).toBe(first);
    reader.push("b");
    const second = reader.value() as { done: object };
    expect(second).toEqual({ done: { x: 1 }, now: "ab" });
    expect(second.done).toBe(first.done);
  });

  it("shows a number or word once it is whole, a string as it grows, and no key without a value", () => {
    const reader = new PartialReader();
    const valueAfter = (piece: string) => {
      reader.push(piece);
      return reader.value();
    };
    expect(valueAfter("")).toBeUndefined();
    expect(valueAfter('{"n": 12')).toEqual({});
    expect(valueAfter("3")).toEqual({});
    expect(valueAfter(', "s": "he')).toEqual({ n: 123, s: "he" });
    expect(valueAfter("llo\\u00")).toEqual({ n: 123, s: "hello" });
    expect(valueAfter('e9", "key')).toEqual({ n: 123, s: "helloé" });
    expect(valueAfter('": tr')).toEqual({ n: 123, s: "helloé" });
    expect(valueAfter("ue}")).toEqual({ n: 123, s: "helloé", key: true });
    expect(reader.done).toBe(true);
  });

  it("passes over prose and fences around the value", () => {
    for (const text of ['Here it is:\n```json\n{"a": [1]}\n```\nDone {x}', 'the answer: {"a": [1]}', '1. {"a": [1]}']) {
      const { reader } = readInPieces(text, [3]);
      expect(reader.finish()).toEqual({ a: [1] });
    }
  });

  it.each([
    ["a word that may go on", '{"a": 1, "b": red}', { a: 1 }, 14],
    ["a quote that may be content", '{"a": 1, "b": "say "hi""}', { a: 1, b: "say " }, 20],
    ["a line that may lack its quote", '{"a": "x,\n "b": 2}', { a: "x," }, 9],
    ["thousands", '{"a": 1,000}', { a: 1 }, 11],
    ["a stray bracket", '{"a": 1]', { a: 1 }, 7],
    ["a missing value", '{"a": }', {}, 6],
    ["an escape JSON does not have", '{"a": "C:\\d"}', { a: "C:" }, 10],
    ["a slash that opens no comment", '{"a": 1 / 2}', { a: 1 }, 9],
    ["an encoded object", '{\\"a\\": 1}', {}, 1],
    ["a key of two words", "{a b: 1}", {}, 3],
  ])("keeps what it has at %s, and says where that was", (_, text, value, failedAt) => {
    const { reader } = readInPieces(text, [4]);
    expect(reader.finish()).toEqual(value);
    expect(reader.failedAt).toBe(failedAt);
    expect(reader.done).toBe(false);
  });

  it.each([
    ["commas too many", '[{"a": 1,}, , [2,], {,"b": 3},]', [{ a: 1 }, [2], { b: 3 }]],
    ["comments", '{ // one, {x}\n "a": /* two * / */ 1, # "b"\n "c": 2 }', { a: 1, c: 2 }],
    ["raw line breaks and tabs in strings", '{"a": "one\n\ttwo\r\n", "k\n": 1}', { a: "one\n\ttwo\r\n", "k\n": 1 }],
    ["one quote", "{'a': 'b', 'c\\'s': ['d \"e\"']}", { a: "b", "c's": ['d "e"'] }],
    ["bare keys", "{a: 1, $b_2 : 2, c-d:3, 4: 5}", { a: 1, $b_2: 2, "c-d": 3, 4: 5 }],
    [
      "Python's and other literals",
      "[True, False, None, NaN, .5, +3, 5., undefined]",
      [true, false, null, null, 0.5, 3, 5, null],
    ],
    ["white space of other kinds", '{\u00a0"a":\u30001,\ufeff"b": 2}', { a: 1, b: 2 }],
    ["a thought with a draft", '<think>maybe {"a": 0}</think>\n{"a": 1}', { a: 1 }],
    ["prose that begins like a value", 'None of 3 items: true or not, {"a": 1}', { a: 1 }],
  ])("takes %s, as readValue does", (_, text, value) => {
    const { reader } = readInPieces(text, [3]);
    expect(reader.finish()).toEqual(value);
    expect(reader.failedAt).toBeUndefined();
    expect(reader.done).toBe(true);
    expect(readValue(text)).toEqual(value);
  });

  it("reads a text that was cut off behind a bare key as readValue does", () => {
    for (const [text, value] of [
      ['{"title": "t",a ', { title: "t" }],
      ['{"title": "t", key\n', { title: "t" }],
      ['["t", a  ', ["t"]],
    ] as const) {
      const { reader } = readInPieces(text, [1]);
      expect(reader.finish()).toEqual(value);
      if (text.startsWith("{")) expect(readValue(text, { partial: true })).toEqual(value);
    }
  });

  it.each([
    ["another value", '{"a": 1} or {"a": 2}', 12],
    ["fields behind a brace too early", '{"a": 1}, "b": 2}', 8],
    ["anything behind a lone text", '"a": 1', 3],
  ])("is no longer sure of its value at %s", (_, text, failedAt) => {
    const { reader } = readInPieces(text, [2]);
    expect(reader.done).toBe(true);
    expect(reader.failedAt).toBe(failedAt);
  });

  it("takes JSON alone when told to pass over no prose", () => {
    for (const text of ["[1,]", "{'a': 1}", "{a: 1}", '["a\nb"]', "[True]", "[1 // one\n]", "x", '["\\\'"]']) {
      const reader = new PartialReader({ prose: false });
      reader.push(text);
      reader.finish();
      expect(reader.failedAt, text).toBeDefined();
    }
  });

  it("gives the same however a text is cut, only adds, and agrees with readValue unless it stopped", () => {
    fc.assert(
      fc.property(damaged, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (text, sizes) => {
        const whole = new PartialReader();
        whole.push(text);
        const value = whole.finish();
        const { reader, steps } = readInPieces(text, sizes);
        expect([reader.finish(), reader.failedAt, reader.done]).toEqual([value, whole.failedAt, whole.done]);
        steps.reduce((before, after) => {
          if (!isPartOf(before, after)) throw new Error(`${JSON.stringify(before)} became ${JSON.stringify(after)}`);
          return after;
        }, undefined);
        if (whole.failedAt !== undefined || typeof value !== "object" || value === null) return;
        expect(value).toEqual(readValue(text, { partial: !whole.done }));
      }),
      { numRuns: 3000 },
    );
  });

  it("reads a lone scalar, a number only when told that it ended", () => {
    const reader = new PartialReader();
    reader.push("12");
    expect(reader.value()).toBeUndefined();
    expect(reader.finish()).toBe(12);
    const text = new PartialReader();
    text.push('"ab');
    expect(text.value()).toBe("ab");
  });

  it("drops keys that reach a prototype", () => {
    const reader = new PartialReader();
    reader.push('{"__proto__": {"polluted": 1}, "constructor": "x", "a": {"prototype": 1, "b": 2}}');
    expect(reader.value()).toEqual({ a: { b: 2 } });
    expect(Object.getPrototypeOf(reader.value())).toBe(Object.prototype);
    const open = new PartialReader();
    open.push('{"__proto__": {"polluted": "y');
    expect(Object.getOwnPropertyNames(open.value())).toEqual([]);
  });

  it("refuses more text than allowed with a typed error", () => {
    const reader = new PartialReader({ maxCharacters: 10 });
    reader.push('{"a": "123');
    expect(() => reader.push("4")).toThrowError(expect.objectContaining({ code: "output_unreadable" }));
  });

  it("stops at nesting deeper than allowed", () => {
    const reader = new PartialReader({ maxDepth: 2 });
    reader.push('{"a": [[1]]}');
    expect(reader.failedAt).toBe(7);
    expect(reader.value()).toEqual({ a: [] });
  });

  it("takes a megabyte in pieces of one character", () => {
    const reader = new PartialReader();
    const text = JSON.stringify({ rows: Array.from({ length: 20_000 }, (_, id) => ({ id, name: "some text here" })) });
    for (const char of text) reader.push(char);
    expect(reader.value()).toEqual(JSON.parse(text));
  });
});
