/** The text that stands for an input: equal for equal inputs, different for all others. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyText } from "../../../src/layers/cache/calls/call-key.ts";

const long = "long ".repeat(200);
/** What takes more than 256 characters to write. */
const many = Array.from({ length: 100 }, (_, index) => index);

/** JSON in which things meet that look alike, beside texts long enough to be hashed. */
const confusable = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, 0, 1, "", "0", "null", "#none", "[]", "{}", '"', "\u0000", "\ud800", long, `${long} `),
    fc.string(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b", "a,b", '"', "__proto_", "$bytes"), tie("value"), { maxKeys: 4 }),
  ),
})).value;

/** A text for a value that is beyond doubt, if slow. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${plain(field)}`).join(",")}}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

describe("the text of an input", () => {
  it("is the same for two inputs exactly when they are equal", () => {
    fc.assert(
      fc.property(confusable, confusable, (one, other) => {
        expect(keyText(one) === keyText(other)).toBe(plain(one) === plain(other));
        expect(keyText(structuredClone(one))).toBe(keyText(one));
      }),
      { numRuns: 3_000 },
    );
  });

  it("does not depend on the order of fields, nor on whether they are frozen, known or absent", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), confusable), (fields) => {
        const text = keyText(fields);
        const turned = Object.fromEntries(Object.entries(fields).reverse());
        expect(keyText(turned)).toBe(text);
        const frozen = deepFreeze(structuredClone(fields));
        expect([keyText(frozen), keyText(frozen)]).toEqual([text, text]);
        expect(keyText({ ...fields, absent: undefined })).toBe(text);
      }),
    );
  });

  it("follows what can still change inside of what is frozen", () => {
    const inner = { list: [...many] };
    const outer = Object.freeze({ inner, last: Object.freeze([1]) });
    const before = keyText(outer);
    inner.list.push(1);
    expect(keyText(outer)).not.toBe(before);
    const bytes = Object.freeze({ data: new Uint8Array(400), more: many });
    const empty = keyText(bytes);
    bytes.data[0] = 1;
    expect(keyText(bytes)).not.toBe(empty);
  });

  it("follows what a getter of something frozen gives", () => {
    let day = 1;
    const today = { enumerable: true, get: () => day };
    const numbers = Object.freeze([...many]);
    const short = Object.freeze(Object.defineProperty({}, "day", today));
    const item = Object.freeze(Object.defineProperty([...many], 0, today));
    const field = Object.freeze(Object.defineProperty({ numbers }, "day", today));
    for (const value of [item, field, Object.freeze({ short, numbers }), Object.freeze([short, ...many])]) {
      const before = keyText(value);
      day += 1;
      expect(keyText(value)).not.toBe(before);
    }
  });

  it("reads what is frozen and long but once", () => {
    let reads = 0;
    const list = new Proxy(Object.freeze([...many]), {
      get(target, name) {
        reads += 1;
        return Reflect.get(target, name) as unknown;
      },
    });
    const text = keyText({ list });
    const once = reads;
    expect(once).toBeGreaterThan(many.length);
    expect([keyText({ list }), keyText(list)]).toEqual([text, keyText(many)]);
    expect(reads).toBe(once);
  });

  it("holds texts of up to 256 characters as they are, and longer ones as short marks", () => {
    expect(keyText("a".repeat(256))).toBe(`256"${"a".repeat(256)}`);
    expect(keyText("a".repeat(257))).toMatch(/^".{22}$/);
    expect(keyText([1, 2])).toBe("[1,2,]");
    expect(keyText(many)).toMatch(/^#.{22}$/);
  });

  it("is there for 200 levels, and not for one more", () => {
    const nested = (levels: number) => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level++) value = [value];
      return value;
    };
    expect([keyText(nested(200)), keyText(nested(201))]).toEqual([expect.any(String), undefined]);
  });

  it("tells bytes, addresses, absent items and texts that look like them apart", () => {
    const alike = [
      new Uint8Array([1]),
      "#bytesAQ==",
      { $bytes: "AQ==" },
      new URL("https://a.example/"),
      new URL("https://b.example/"),
      "https://a.example/",
      [undefined],
      [null],
      ["#none"],
      [],
    ];
    const texts = alike.map((value) => keyText({ value }));
    expect(new Set(texts).size).toBe(alike.length);
    expect(texts).not.toContain(undefined);
  });

  it("tells long texts apart that differ in halves of surrogate pairs, or in how they are written, alone", () => {
    const torn = [`${long}\ud800`, `${long}\ud801`, `${long}\udc00`, `${long}\ufffd`];
    const written = torn.map((text) => JSON.stringify(text));
    const objects = [...torn, ...written].map((text) => ({ [text]: 1, more: [text] }));
    const all: unknown[] = [...torn, ...written, ...objects, JSON.stringify(objects[0]), `{${long}`];
    expect(new Set(all.map(keyText)).size).toBe(all.length);
  });

  it("is not there for what could be taken for something else", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    class Money {}
    const values = [
      new Map(),
      new Date(0),
      new Money(),
      () => 1,
      1n,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      circle,
      Symbol("x"),
    ];
    for (const value of values) expect([keyText(value), keyText([{ value }])]).toEqual([undefined, undefined]);
  });
});
