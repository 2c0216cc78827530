import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlidingWindow } from "../../../src/layers/resources/limits/sliding-window.ts";
import { Heap } from "../../../src/layers/resources/queue/heap.ts";
import { runSchedule } from "./random-schedule.ts";

describe("random schedules", () => {
  it("never pass a limit at any instant, leave nobody waiting and nothing behind", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.constantFrom(20, 40, 300), async (seed, steps) => {
        await runSchedule(seed, steps);
      }),
      { numRuns: 400 },
    );
  });

  it("that once went wrong stay right", async () => {
    for (const seed of [295, 465]) await runSchedule(seed, 40);
    for (const seed of [5_000, 5_001, 5_002]) await runSchedule(seed, 400);
  });

  it("are the same for the same seed", async () => {
    expect(await runSchedule(7, 200)).toEqual(await runSchedule(7, 200));
  });
});

describe("a sliding window", () => {
  const moves = fc.array(
    fc.record({
      afterMs: fc.nat(400),
      ask: fc.integer({ min: 1, max: 60 }),
      useShare: fc.double({ min: 0, max: 1.5, noNaN: true }),
    }),
    { maxLength: 120 },
  );

  it("agrees with the sum of everything taken in the window, looked at one by one", () => {
    fc.assert(
      fc.property(moves, fc.nat(1_000_000), (list, start) => {
        const window = new SlidingWindow("tokens.perSecond", "test", 2, 100, 0, 1_000);
        const taken: { at: number; amount: number }[] = [];
        let now = start;
        for (const { afterMs, ask, useShare } of list) {
          now += afterMs;
          const sumSince = (since: number) => taken.reduce((sum, one) => (one.at >= since ? sum + one.amount : sum), 0);
          // A whole window at least, and a 64th of it more at most.
          expect(window.used(now)).toBeGreaterThanOrEqual(sumSince(now - 1_000));
          expect(window.used(now)).toBeLessThanOrEqual(sumSince(now - 1_015.625));
          const wait = window.waitFor(ask, now);
          if (ask <= window.room(now)) {
            expect(wait).toBe(0);
            window.take(ask, now);
            const actual = Math.floor(ask * useShare);
            window.settle(ask, actual, now, now);
            taken.push({ at: now, amount: actual });
          } else if (sumSince(now - 1_000) <= 100) {
            expect(window.room(now + wait)).toBeGreaterThanOrEqual(ask);
            now += wait;
          }
        }
        expect(window.used(now + 2_000)).toBe(0);
      }),
    );
  });

  it("says that time never helps for more than its limit", () => {
    const window = new SlidingWindow("tokens.perSecond", "test", 2, 100, 0, 1_000);
    window.take(50, 0);
    expect(window.waitFor(101, 10)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a heap", () => {
  it("gives members in order, whatever is added, moved and removed between", () => {
    type Member = { key: number; readonly places: number[] };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(50), fc.nat(100))), (moves) => {
        const heap = new Heap<Member>(0, (a, b) => a.key < b.key);
        const members: Member[] = [];
        for (const [move, key, at] of moves) {
          const member = members[at % Math.max(1, members.length)];
          if (move < 2 || member === undefined) {
            members.push({ key, places: [0] });
            heap.add(members.at(-1)!);
          } else if (move === 2) {
            member.key = key;
            heap.moved(member);
          } else {
            heap.remove(member);
            members.splice(members.indexOf(member), 1);
          }
          expect(heap.size).toBe(members.length);
          expect(heap.top?.key).toBe(members.length === 0 ? undefined : Math.min(...members.map((one) => one.key)));
        }
      }),
    );
  });
});
