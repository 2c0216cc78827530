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

  it("keeps what it has at the first character that is not JSON, and says where that was", () => {
    const { reader } = readInPieces('{"a": 1, b: 2}', [4]);
    expect(reader.finish()).toEqual({ a: 1 });
    expect(reader.failedAt).toBe(9);
    expect(reader.done).toBe(false);
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
