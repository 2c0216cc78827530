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

/** What the loose hash is to tell apart, as one would explain it. */
function written(value: unknown): unknown {
  if (typeof value === "string") return value.toLowerCase().replace(/\s+/g, " ").trim();
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, written(field)]));
}

describe("the loose hash", () => {
  const letters = fc.constantFrom(..."aAbBzZ019.,!?-éÉßжЖ大备’", " ", "  ", "\n", "\t", " \r\n");
  const text = fc.array(letters, { maxLength: 40 }).map((parts) => parts.join(""));
  const leaf = fc.oneof({ weight: 4, arbitrary: text }, fc.integer(), fc.boolean(), fc.constant(null));
  const value = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 3 }),
    fc.record({ a: leaf, b: fc.oneof(leaf, fc.record({ c: leaf, d: fc.array(leaf, { maxLength: 2 }) })) }),
  );

  it("is the same exactly for what differs in case and surplus white space alone", () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        const same = canonicalText(written(one)) === canonicalText(written(other));
        expect(fingerprintOf(one)?.loose === fingerprintOf(other)?.loose).toBe(same);
        expect(fingerprintOf(written(one))?.loose).toBe(fingerprintOf(one)?.loose);
        expect(fingerprintOf(turned(one))?.loose).toBe(fingerprintOf(one)?.loose);
      }),
      { numRuns: 1_000 },
    );
  });

  it("sees how often and where white space stands, at every place in a step of four", () => {
    for (const words of ["ab", "abc", "abcd", "abcde", "abcdefg"]) {
      const plain = `${words} ${words} x ${words}`;
      for (const spelt of [
        ` ${plain}`,
        `${plain} `,
        `${words}  ${words} x ${words}`,
        `${words}\t${words} x\n${words}`,
        `${words} ${words} x   ${words}`,
        plain.toUpperCase(),
      ]) {
        expect(fingerprintOf({ q: spelt })?.loose).toBe(fingerprintOf({ q: plain })?.loose);
        expect(fingerprintOf({ q: spelt })?.hash).not.toBe(fingerprintOf({ q: plain })?.hash);
      }
      for (const other of [plain.replaceAll(" ", ""), plain.replace(" ", "-"), `${plain}y`, ""]) {
        expect(fingerprintOf({ q: other })?.loose).not.toBe(fingerprintOf({ q: plain })?.loose);
      }
    }
    expect(fingerprintOf(" \n ")?.loose).toBe(fingerprintOf("")?.loose);
  });

  it("tells ten thousand near-equal inputs apart, and looks at no more than the first hash of long texts", () => {
    const hashes = new Set<number>();
    for (let index = 0; index < 2_500; index++) {
      for (const input of [{ topic: `No ${index}` }, { topic: index }, [index], { other: `№ ${index}` }]) {
        hashes.add(fingerprintOf(input)!.loose);
      }
    }
    expect(hashes.size).toBe(10_000);
    const long = "Long Text ".repeat(60);
    expect(fingerprintOf(long)?.loose).toBe(fingerprintOf(long)?.loose);
    expect(fingerprintOf(long)?.loose).not.toBe(fingerprintOf(long.toLowerCase())?.loose);
  });

  it("is the same for a deeply frozen input, seen once or again", () => {
    const plain = { list: ["A", "b", "C", "d", "E", "f", "G", "h"], more: { x: "Y" } };
    const frozen = deepFreeze(structuredClone(plain));
    for (let again = 0; again < 2; again++) {
      expect(fingerprintOf({ of: frozen })?.loose).toBe(fingerprintOf({ of: plain })?.loose);
    }
    expect(fingerprintOf({ of: frozen })?.loose).toBe(fingerprintOf({ of: written(plain) })?.loose);
  });
});
