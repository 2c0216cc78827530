import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedNames } from "../../src/introspection/measure/bounded-names.ts";
import { RecentNumbers, RecentRecords } from "../../src/introspection/measure/recent.ts";

describe("the last so many", () => {
  it("keeps exactly the last numbers, oldest first", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 20 }), (values, capacity) => {
        const recent = new RecentNumbers(capacity);
        for (const value of values) recent.push(value);
        expect(recent.toArray()).toEqual(values.slice(-capacity));
        expect(recent.size).toBe(Math.min(values.length, capacity));
        recent.clear();
        expect(recent.toArray()).toEqual([]);
      }),
    );
  });

  it("keeps exactly the last records and hands out the one each new one took the place of", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 20 }), (values, capacity) => {
        const recent = new RecentRecords<number>(capacity);
        const left = values.map((value) => recent.push(value));
        const kept = values.slice(-capacity);
        expect(recent.toArray()).toEqual(kept);
        expect(left).toEqual(values.map((_, index) => (index < capacity ? undefined : values[index - capacity])));
        expect(kept.map((_, position) => recent.at(position))).toEqual(kept);
        expect([recent.at(-1), recent.at(kept.length), recent.at(Number.NaN)]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
        recent.clear();
        expect([recent.size, recent.at(0)]).toEqual([0, undefined]);
      }),
    );
  });

  it("refuses a capacity that is no whole number of 1 or more", () => {
    for (const capacity of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new RecentNumbers(capacity)).toThrow(expect.objectContaining({ code: "option_invalid" }));
      expect(() => new RecentRecords(capacity)).toThrow(expect.objectContaining({ code: "option_invalid" }));
    }
  });
});

describe("BoundedNames", () => {
  it("counts names beyond the limit together and loses none", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", "c", "d", "other")),
        fc.integer({ min: 1, max: 4 }),
        (names, limit) => {
          const counts = new BoundedNames(limit, (name) => ({ name, count: 0 }));
          for (const name of names) counts.of(name).count++;
          expect([...counts.values()].reduce((sum, { count }) => sum + count, 0)).toBe(names.length);
          expect(counts.size).toBeLessThanOrEqual(limit + 1);
          for (const [name, value] of counts.entries()) expect(value.name).toBe(name);
          counts.clear();
          expect([counts.size, counts.peek("a")]).toEqual([0, undefined]);
        },
      ),
    );
  });
});
