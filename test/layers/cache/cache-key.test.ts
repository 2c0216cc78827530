import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../../../src/core/json/canonical-key.ts";
import { entryKey, entryKeyWith, storeKeyOf, userKeyOf } from "../../../src/layers/cache/cache-key.ts";

/** Texts that try to look like parts of a key. */
const anyKey = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: fc.constantFrom("\0", "=", ":", "#", "~", "1", "2", "a", '"', "{", "}", "\ud800"), maxLength: 8 }),
);
/** All but those with a field that is refused. */
const anyJson = fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes('"__proto__":'));
const anyArguments = fc.option(fc.oneof(anyJson, anyKey), { nil: undefined });

const idOf = (key: string, args: unknown) => (args === undefined ? entryKey(key) : entryKeyWith(key, args));
const meaning = (key: string, args: unknown) => JSON.stringify([key, args === undefined ? [] : [canonicalText(args)]]);

describe("keys of entries", () => {
  it("never meet for different keys and arguments, in 100,000 near-equal pairs", () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(anyKey, anyArguments, anyKey, (key, args, more) => {
        // Moves the border between key and arguments, which is where joins collide.
        const near = [
          [key, args],
          [key + more, args],
          [key, more],
          [key + JSON.stringify(args ?? null), undefined],
          [idOf(key, args), undefined],
          [`${key.length}:${key}`, args],
        ] as const;
        for (const [nearKey, nearArgs] of near) {
          const id = idOf(nearKey, nearArgs);
          const means = meaning(nearKey, nearArgs);
          expect(seen.get(id) ?? means).toBe(means);
          seen.set(id, means);
          expect(userKeyOf(id)).toBe(nearKey);
        }
      }),
      { numRuns: 17_000 },
    );
  }, 60_000);

  it("never meet in a store either, and begin there with the key", () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(anyKey, anyArguments, (key, args) => {
        const stored = storeKeyOf("space", idOf(key, args));
        if (!key.isWellFormed() || key.includes("\0")) {
          expect(stored).toBeUndefined();
          return;
        }
        expect(stored?.startsWith(`space:${key}`)).toBe(true);
        const means = meaning(key, args);
        expect(seen.get(stored!) ?? means).toBe(means);
        seen.set(stored!, means);
      }),
      { numRuns: 5_000 },
    );
  });

  it("are the same whatever the order of fields, and short for long arguments", () => {
    expect(entryKeyWith("a", { x: 1, y: [2] })).toBe(entryKeyWith("a", { y: [2], x: 1 }));
    const long = "x".repeat(10_000);
    expect(entryKeyWith("a", [long]).length).toBeLessThan(40);
    expect(entryKeyWith("a", [long])).not.toBe(entryKeyWith("a", [`${long}x`]));
    expect(userKeyOf(entryKeyWith("a", [long]))).toBe("a");
  });
});
