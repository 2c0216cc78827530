import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../../src/core/json/canonical-key.ts";
import { fingerprintOf, fingerprintText } from "../../src/introspection/record/input-fingerprint.ts";

/** The same value with the keys of every object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, turned(field)]),
  );
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null) for (const field of Object.values(value)) deepFreeze(field);
  return Object.freeze(value);
}

describe("fingerprintOf", () => {
  it("is the same exactly when the canonical texts are", () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(fingerprintOf(a)?.hash === fingerprintOf(b)?.hash).toBe(canonicalText(a) === canonicalText(b));
        expect(fingerprintOf(turned(a))).toEqual(fingerprintOf(a));
      }),
      { numRuns: 500 },
    );
  });

  it("tells a hundred thousand near-equal inputs apart", () => {
    const long = "The same long beginning of every prompt, and then some more of it, ".repeat(4);
    const hashes = new Set<number>();
    for (let index = 0; index < 25_000; index++) {
      for (const value of [{ topic: `${index}` }, { topic: index }, [index], { topic: `${long}${index}${long}` }]) {
        hashes.add(fingerprintOf(value)!.hash);
      }
    }
    expect(hashes.size).toBe(100_000);
  });

  it("tells strings apart that differ in two letters far from each other, of which the one undoes the other in a weak hash", () => {
    const hashes = new Set<number>();
    const base = "x".repeat(200);
    for (let first = 0; first < 200; first++) {
      for (let second = first + 1; second < 200; second++) {
        for (const [one, other] of ["ab", "ba", "\u1000\u8000"]) {
          hashes.add(
            fingerprintOf(base.slice(0, first) + one + base.slice(first + 1, second) + other + base.slice(second + 1))!
              .hash,
          );
        }
      }
    }
    expect(hashes.size).toBe(((200 * 199) / 2) * 3);
  });

  it("sees a change of one letter anywhere in a string of any length", () => {
    const text = fc.string({ minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(text, fc.nat(), (before, place) => {
        const at = place % before.length;
        const after = `${before.slice(0, at)}${before[at] === "x" ? "y" : "x"}${before.slice(at + 1)}`;
        expect(fingerprintOf(after)?.hash).not.toBe(fingerprintOf(before)?.hash);
      }),
      { numRuns: 500 },
    );
  });

  it("treats absent fields, null in lists, minus zero, bytes and toJSON as the canonical text does", () => {
    const same: [unknown, unknown][] = [
      [{ a: 1, b: undefined }, { a: 1 }],
      [[undefined], [null]],
      [-0, 0],
      [{ at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
      [new Uint8Array([1, 2]), { $bytes: "AQI=" }],
    ];
    for (const [a, b] of same) expect(fingerprintOf(a)).toEqual(fingerprintOf(b));
    expect(fingerprintOf([1, 2])?.hash).not.toBe(fingerprintOf([2, 1])?.hash);
    expect(fingerprintOf({ a: { b: 1 } })?.hash).not.toBe(fingerprintOf({ b: { a: 1 } })?.hash);
    expect(fingerprintOf([[], 1])?.hash).not.toBe(fingerprintOf([[1]])?.hash);
  });

  it("gives nothing for what is no JSON, and does not hang on it", () => {
    const cycle: Record<string, unknown> = {};
    cycle.left = cycle;
    cycle.right = cycle;
    const thrower = {
      get field(): string {
        throw new Error("no");
      },
    };
    const wide = Array.from({ length: 100_001 }, () => 0);
    const large = ["x".repeat(4_000_001), 1];
    for (const value of [
      cycle,
      thrower,
      wide,
      large,
      Number.NaN,
      () => 1,
      Symbol("s"),
      1n,
      undefined,
      { f: () => 1 },
    ]) {
      expect(fingerprintOf(value)).toBeUndefined();
    }
    expect(fingerprintOf({ fine: true })).toBeDefined();
  });

  it("is the same for a value shared twice, and for a deeply frozen one, whenever it is asked", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "number" }, c: { type: "null" } },
      of: [1, 2],
    };
    const plain = fingerprintOf({ schema, again: schema });
    const frozen = deepFreeze(structuredClone(schema));
    expect(fingerprintOf({ schema: frozen, again: frozen })).toEqual(plain);
    expect(fingerprintOf({ schema: frozen, again: frozen })).toEqual(plain);
  });

  it("notices a change inside an object that is frozen only on the outside", () => {
    const inner = { list: [1, 2, 3, 4, 5, 6, 7, 8] };
    const outer = Object.freeze({ inner });
    const before = fingerprintOf(outer);
    inner.list[0] = 9;
    expect(fingerprintOf(outer)?.hash).not.toBe(before?.hash);
  });

  it("counts about as many characters as the text has, and writes the hash as text of one length", () => {
    const value = { topic: "AI", depth: 3, tags: ["a", "b"], on: true, none: null };
    expect(Math.abs(fingerprintOf(value)!.size - canonicalText(value).length)).toBeLessThan(16);
    expect(fingerprintText(fingerprintOf(value)!.hash)).toMatch(/^[0-9a-z]{11}$/);
    expect(fingerprintOf(value)!.hash).toBeLessThan(2 ** 53);
  });
});
