/** Keys of questions that came again: never that of another question. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyText } from "../../../src/layers/cache/calls/call-key.ts";
import { RecentQuestions } from "../../../src/layers/cache/calls/recent-questions.ts";

const field = fc.oneof(
  fc.constantFrom("", "a", "b", "ab", "a ".repeat(300), 0, -0, 1, 2 ** 53, true, false, null, undefined),
  fc.string({ maxLength: 3 }),
  fc.double(),
  fc.constantFrom(["a"], { a: 1 }, new Date(0)),
);
const question = fc.oneof(
  fc.dictionary(fc.constantFrom("x", "y", "z", "__proto__", "0"), field, { maxKeys: 3 }),
  fc.dictionary(fc.string({ maxLength: 2 }), field, { maxKeys: 10 }),
  fc.constantFrom<unknown>("text", 1, null, [], ["a"], new Date(0), new Map()),
);
const keyOf = (input: unknown, whose: string | undefined) => {
  const text = keyText(input);
  return text === undefined ? undefined : `${whose}/${text}`;
};
const tenant = fc.constantFrom(undefined, "a", "b");

describe("RecentQuestions", () => {
  it("gives for a question its own key or none, whatever was asked before", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(question, tenant), { maxLength: 60 }), (asked) => {
        const recent = new RecentQuestions(keyOf);
        for (const [input, whose] of asked) {
          const key = keyOf(input, whose);
          const known = recent.keyOf(input, whose);
          if (known !== undefined) expect(known).toBe(key);
          else if (key !== undefined) recent.remember(input, whose, key);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("knows a question again that has short fields alone, in whatever order they come, and no other", () => {
    const recent = new RecentQuestions(keyOf);
    const known = (input: unknown) => recent.keyOf(input, undefined) !== undefined;
    const eight = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`f${at}`, at]));
    const full = { one: "a".repeat(200), two: "b".repeat(312) };
    expect(known({ topic: "bees" })).toBe(false);
    for (const input of [{ topic: "bees" }, { a: 1, b: true, c: null, d: "" }, Object.create(null), eight, full]) {
      recent.remember(input, undefined, keyOf(input, undefined)!);
      expect(known(structuredClone(input))).toBe(true);
    }
    for (const input of [
      { text: "a".repeat(513) },
      { ...full, three: "c" },
      { list: ["a"] },
      Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`f${at}`, at])),
      new Date(0),
      "text",
    ]) {
      recent.remember(input, undefined, `${keyOf(input, undefined)}`);
      expect(known(input)).toBe(false);
    }
    expect(recent.keyOf({ topic: "bees" }, "tenant")).toBeUndefined();
  });

  it("keeps what it remembered from being changed by the caller", () => {
    const recent = new RecentQuestions(keyOf);
    const input = { topic: "bees" };
    const key = keyOf(input, undefined)!;
    recent.remember(input, undefined, key);
    input.topic = "wasps";
    expect(recent.keyOf({ topic: "bees" }, undefined)).toBe(key);
    expect(recent.keyOf(input, undefined)).toBeUndefined();
  });

  it("remembers no key for values that came after it from a getter, however often that was read", () => {
    for (let reads = 1; reads < 5; reads++) {
      const recent = new RecentQuestions(keyOf);
      let left = reads;
      const odd = {
        get topic() {
          return left-- > 0 ? "bees" : "wasps";
        },
      };
      recent.remember(odd, undefined, keyOf(odd, undefined)!);
      expect(recent.keyOf({ topic: "wasps" }, undefined)).toBeUndefined();
    }
  });
});
