import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterPrefix, keyBytes, tagWord } from "../../src/store/rows/key-bytes.ts";
import { openRow, remainingMs, sealRow } from "../../src/store/rows/row-envelope.ts";
import { SteadyClock } from "../../src/store/rows/steady-clock.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

/** Any text at all, halves of surrogate pairs included. */
const text = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0x61, 0xd83d, 0xde00)), { maxLength: 12 })
  .map((units) => String.fromCharCode(...units));

describe("keyBytes", () => {
  it("keeps every two texts apart, and begins as its text begins", () => {
    fc.assert(
      fc.property(text, text, (one, two) => {
        expect(keyBytes(one).equals(keyBytes(two))).toBe(one === two);
        const whole = keyBytes(one + two);
        const isWithin = whole.compare(keyBytes(one)) >= 0 && whole.compare(afterPrefix(keyBytes(one))) < 0;
        expect(isWithin).toBe(true);
        const other = keyBytes(two);
        const isFound = other.compare(keyBytes(one)) >= 0 && other.compare(afterPrefix(keyBytes(one))) < 0;
        expect(isFound).toBe(two.startsWith(one));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is UTF-8 where there are no surrogates", () => {
    expect(keyBytes("aé日").toString()).toBe("aé日");
    expect(keyBytes("aé日😀").subarray(0, 6).toString()).toBe("aé日");
  });
});

describe("a sealed row", () => {
  it("opens as it was, for its own key alone, and not after any flipped bit", () => {
    const times = fc.double({ noNaN: true, min: 0, max: 1e15 });
    fc.assert(
      fc.property(
        text,
        text,
        text,
        times,
        times,
        fc.array(text, { maxLength: 3 }),
        fc.nat(),
        (key, other, value, writtenAt, expiresAt, tags, bit) => {
          const sealed = sealRow(keyBytes(key), { value, writtenAt, expiresAt }, tags.map(tagWord));
          expect(openRow(keyBytes(key), sealed)).toEqual({ value, writtenAt, expiresAt });
          if (other !== key) expect(openRow(keyBytes(other), sealed)).toBeUndefined();
          sealed[Math.floor(bit / 8) % sealed.length]! ^= 1 << (bit % 8);
          expect(openRow(keyBytes(key), sealed)).toBeUndefined();
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("is not read from anything else", () => {
    for (const each of [undefined, null, "text", 7, new Uint8Array(0), Buffer.alloc(100)]) {
      expect(openRow(keyBytes("a"), each)).toBeUndefined();
    }
  });

  it("has no time left once it has expired, or when it comes from the future", () => {
    const row = { value: "", writtenAt: 1_000, expiresAt: 6_000 };
    expect([1_000, 5_999, 6_000, 9_000].map((now) => remainingMs(row, now))).toEqual([5_000, 1, 0, -3_000]);
    expect([500, 0, -1].map((now) => remainingMs(row, now))).toEqual([5_000, 5_000, 0]);
    expect(remainingMs({ ...row, expiresAt: Number.POSITIVE_INFINITY }, 9_000)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("SteadyClock", () => {
  it("never goes back and never falls behind, whatever the wall clock does", async () => {
    const steps = fc.array(fc.record({ wall: fc.integer({ min: -1e6, max: 1e6 }), on: fc.nat(1_000) }), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (moves) => {
        const runtime = createTestRuntime();
        const clock = new SteadyClock(runtime);
        let last = clock.now();
        for (const { wall, on } of moves) {
          runtime.clock.stepWallClock(wall);
          const before = clock.now();
          expect(before).toBeGreaterThanOrEqual(Math.max(last, runtime.now()));
          await runtime.clock.advance(on);
          last = clock.now();
          expect(last - before).toBe(on);
        }
      }),
    );
  });
});
