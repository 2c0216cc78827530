import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemRuntime } from "../../../src/core/runtime/system-runtime.ts";
import { ExpiryQueue } from "../../../src/eviction/expiry-queue.ts";
import { BurstClock } from "../../../src/layers/cache/memory/burst-clock.ts";
import { copyIn, copyOut, NotPlainJson } from "../../../src/layers/cache/memory/private-copy.ts";

describe("the expiry queue", () => {
  const anyTime = fc.oneof(
    fc.nat(50),
    fc.nat(5_000),
    fc.nat(2 ** 31),
    fc.bigInt(0n, 2n ** 50n).map(Number),
    fc.constant(Number.POSITIVE_INFINITY),
  );

  it("finds what has expired, all of it and nothing else, whatever came and went before", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("add", "add", "remove", "wait"), fc.nat(30), anyTime), { maxLength: 300 }),
        (steps) => {
          const queue = new ExpiryQueue();
          queue.grow(31);
          const times = new Map<number, number>();
          let now = 0;
          for (const [step, slot, time] of steps) {
            if (step === "wait") now += Number.isFinite(time) ? Math.min(time, 2 ** 40) : 1;
            if (step === "add" && !times.has(slot)) {
              const end = now + time;
              times.set(slot, end);
              queue.set(slot, end);
              expect(queue.timeOf(slot)).toBe(end);
            }
            if (step === "remove" && times.delete(slot)) queue.set(slot, Number.POSITIVE_INFINITY);
            const due = [...times].filter(([, end]) => end <= now).map(([each]) => each);
            if (slot % 3 > 0) continue;
            const found: number[] = [];
            for (let each = queue.expired(now); each !== -1; each = queue.expired(now)) {
              found.push(each);
              queue.set(each, Number.POSITIVE_INFINITY);
              times.delete(each);
            }
            expect(found.sort((one, other) => one - other)).toEqual(due.sort((one, other) => one - other));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("takes in what has already expired", () => {
    const queue = new ExpiryQueue();
    queue.grow(3);
    queue.set(0, 1_000);
    expect(queue.expired(999.9)).toBe(-1);
    expect(queue.expired(1_000)).toBe(0);
    queue.set(0, Number.POSITIVE_INFINITY);
    queue.set(1, 500);
    expect(queue.expired(1_000)).toBe(1);
    queue.set(1, Number.POSITIVE_INFINITY);
    expect(queue.expired(9e15)).toBe(-1);
  });
});

describe("the clock", () => {
  it("always reads a clock that is not the system's", () => {
    let now = 0;
    const clock = new BurstClock({ monotonic: () => now });
    for (let ask = 0; ask < 100; ask++) {
      expect(clock.isBefore(100_000)).toBe(true);
      now = 100_000;
      expect(clock.isBefore(100_000)).toBe(false);
      expect(clock.recent()).toBe(100_000);
      now = 0;
    }
  });

  it("is right about the system's in any burst, and within a millisecond after one", async () => {
    const clock = new BurstClock(systemRuntime);
    const start = systemRuntime.monotonic();
    let least = Number.POSITIVE_INFINITY;
    for (let ask = 0; ask < 10_000; ask++) {
      expect(clock.isBefore(start)).toBe(false);
      expect(clock.isBefore(start + 3_600_000)).toBe(true);
      least = Math.min(least, clock.recent());
    }
    expect(least).toBeGreaterThanOrEqual(start);
    await undefined;
    const before = systemRuntime.monotonic();
    expect(clock.recent()).toBeGreaterThanOrEqual(before);
  });
});

describe("private copies", () => {
  it("are equal to any JSON and share nothing with it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { value: kept } = copyIn(value);
        const given = copyOut(kept);
        const plain = withoutProto(value);
        expect(kept).toEqual(plain);
        expect(given).toEqual(plain);
        expect(sharedObjects(value, kept)).toBe(false);
        expect(sharedObjects(kept, given)).toBe(false);
      }),
    );
  });

  it("weigh about what the text does", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { bytes } = copyIn(value);
        expect(bytes).toBeGreaterThanOrEqual(0);
        expect(bytes).toBeLessThanOrEqual(JSON.stringify(value).length * 40 + 40);
      }),
    );
    expect(copyIn("x".repeat(1_000)).bytes).toBe(1_024);
    expect(copyIn([1, 2]).bytes).toBe(24 + 2 * 16);
  });

  it("leave undefined fields and __proto__ out", () => {
    const hostile = JSON.parse('{"a":1,"__proto__":{"polluted":true}}');
    const { value } = copyIn({ ...hostile, b: undefined, ["__proto__"]: 1, deep: hostile });
    expect(value).toEqual({ a: 1, deep: { a: 1 } });
    expect(Object.keys(value as object)).toEqual(["a", "deep"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  const cycle: unknown[] = [1];
  cycle.push({ back: cycle });
  let deep: unknown = 1;
  for (let level = 0; level < 5_000; level++) deep = [deep];
  const wide: unknown[] = [];
  wide.push(wide, wide);
  class Point {
    readonly x = 1;
  }
  it.each([
    [{ a: [() => 1] }, "/a/0", "a function"],
    [{ "a/b": 1n }, "/a~1b", "a bigint"],
    [[Number.NaN], "/0", "NaN"],
    [Number.POSITIVE_INFINITY, "", "Infinity"],
    [[undefined], "/0", "undefined"],
    [undefined, "", "undefined"],
    [Symbol("s"), "", "a symbol"],
    [new Date(0), "", "an instance of Date"],
    [{ m: new Map() }, "/m", "an instance of Map"],
    [new Point(), "", "an instance of Point"],
    [Object.create({ constructor: undefined }), "", "an instance of a class"],
    [new Uint8Array(2), "", "an instance of Uint8Array"],
    [cycle, "/1/back", "a cycle"],
    [wide, "/0", "a cycle"],
    [deep, "/0".repeat(1_000), "more than 1000 levels"],
  ])("refuse what is not plain JSON, and say where: %#", (value, pointer, found) => {
    let caught: unknown;
    try {
      copyIn(value);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(NotPlainJson);
    expect(caught).toMatchObject({ pointer, found });
  });

  it("pass on what a getter throws", () => {
    const own = new Error("mine");
    const value = {
      get bad(): never {
        throw own;
      },
    };
    expect(() => copyIn([value])).toThrow(own);
  });
});

function withoutProto(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProto);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => key !== "__proto__");
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutProto(field)]));
}

function objectsOf(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== "object" || value === null) return found;
  found.add(value);
  for (const part of Object.values(value)) objectsOf(part, found);
  return found;
}

function sharedObjects(one: unknown, other: unknown): boolean {
  const objects = objectsOf(one);
  return [...objectsOf(other)].some((object) => objects.has(object));
}
