import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerHashes } from "../../src/introspection/record/answer-hashes.ts";

const hashOf = (value: unknown) => answerHashes({ value }, ["value"])![0];
const areAlike = (one: unknown, other: unknown): boolean => hashOf(one) === hashOf(other) && hashOf(one) !== null;
const word = fc.stringMatching(/^[a-z]{1,10}$/);

describe("answerHashes", () => {
  it("finds texts alike that differ in case, white space and a full stop alone", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        expect(areAlike(words.join(" "), `  ${words.join(" \n ").toUpperCase()}. `)).toBe(true);
        expect(areAlike(words.join(" "), `not ${words.join(" ")}`)).toBe(false);
      }),
    );
  });

  it("finds lists alike that have the same items in any order and number, but numbers in their order alone", () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 2 }), fc.nat(), (words, by) => {
        const turned = [...words.slice(by % words.length), ...words.slice(0, by % words.length)];
        expect(areAlike(words, [...turned, turned[0]])).toBe(true);
        expect(areAlike(words, words.slice(1))).toBe(false);
      }),
    );
    expect(areAlike([1, 2], [1, 2])).toBe(true);
    expect(areAlike([1, 2], [2, 1])).toBe(false);
    const people = [
      { name: "Ann", age: 3 },
      { name: "Bo", age: 4 },
    ];
    expect(areAlike(people, [...people].reverse())).toBe(true);
  });

  it("compares whole numbers exactly and others to two digits", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (one, other) => {
        expect(areAlike(one, other)).toBe(one === other);
      }),
    );
    expect([areAlike(0.912, 0.9149), areAlike(0.91, 0.93), areAlike(1234, 1235), areAlike(Number.NaN, 1)]).toEqual([
      ...[true, false, false, false],
    ]);
  });

  it("keeps kinds of values apart, and finds what is absent and null the same", () => {
    const values = [true, false, null, 1, 0, "1", "true", "null", [], [null], {}, { a: 1 }, { a: true }, { b: 1 }];
    expect(new Set(values.map(hashOf)).size).toBe(values.length);
    expect(answerHashes({}, ["value"])).toEqual([hashOf(null)]);
    expect(areAlike({ a: 1, b: null }, { b: undefined, a: 1 })).toBe(true);
  });

  it("does not compare free text, and leaves it out of what it stands in", () => {
    const text = "a sentence that goes on and on, and that no two models put the same way";
    expect([hashOf(text), hashOf("x".repeat(10_000)), hashOf(["short", text]), hashOf({ text })]).toEqual([
      ...[null, null, null, null],
    ]);
    expect(areAlike({ title: "Bees", text }, { title: "bees", text: `${text}!` })).toBe(true);
    expect(areAlike({ title: "Bees", text }, { title: "wasps", text })).toBe(false);
    expect(hashOf(`  ${" ".repeat(70)}yes ${" ".repeat(70)} `)).toBe(hashOf("yes"));
  });

  it("never takes for alike what differs in a part that it does not compare, but for a long text", () => {
    const text = "a sentence that goes on and on, and that no two models put the same way";
    const parts = [["short", text], Array(300).fill(1), new Date(0), new Map([[1, 2]]), new Set([1]), () => 1, 1n];
    expect(parts.map((part) => hashOf({ title: "Bees", part }))).toEqual(parts.map(() => null));
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, index]));
    expect(hashOf(wide)).toBe(null);
    expect(hashOf({ title: "Bees", deep: { part: [text] } })).toBe(null);
  });

  it("gives up on what is too large or broken, and never throws", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("a trap");
        },
      },
    );
    expect([hashOf(Array.from({ length: 300 }, () => "x")), hashOf(circle), hashOf(trap), hashOf(() => 1)]).toEqual([
      ...[null, null, null, null],
    ]);
    expect([answerHashes("text", ["value"]), answerHashes(null, ["value"]), answerHashes({ a: 1 }, [])]).toEqual([
      ...[undefined, undefined, undefined],
    ]);
    fc.assert(fc.property(fc.anything(), (value) => void hashOf(value)));
  });

  it("gives one hash a field, in the order of the fields", () => {
    const [label, reply, urgent] = answerHashes({ urgent: true, label: "A", reply: "x".repeat(99) }, [
      ...["label", "reply", "urgent"],
    ])!;
    expect([label, reply, urgent]).toEqual([hashOf("a"), null, hashOf(true)]);
  });
});
