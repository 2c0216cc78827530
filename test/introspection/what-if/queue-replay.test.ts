import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Arrival,
  leavesAt,
  type QueueLimits,
  replayQueue,
} from "../../../src/introspection/advise/what-if/queue-replay.ts";

/** A queue as one would explain it: at every millisecond, whoever is first goes in if there is room. */
function naiveWaits(calls: readonly Arrival[], { concurrency = 1e9, windows = [] }: QueueLimits): number[] {
  const starts: number[] = [];
  for (let now = 0; starts.length < calls.length; now++) {
    for (let next = calls[starts.length]; next !== undefined && next.atMs <= now; next = calls[starts.length]) {
      const working = starts.filter((start, index) => start + calls[index]!.serviceMs > now).length;
      const isFull = windows.some(({ ms, most }) => starts.filter((start) => leavesAt(start, ms) > now).length >= most);
      if (working >= concurrency || isFull) break;
      starts.push(now);
    }
  }
  return starts.map((start, index) => start - calls[index]!.atMs);
}

const calls = fc
  .array(fc.record({ atMs: fc.integer({ min: 0, max: 200 }), serviceMs: fc.integer({ min: 1, max: 60 }) }), {
    maxLength: 25,
  })
  .map((list) => list.sort((a, b) => a.atMs - b.atMs));

describe("replayQueue", () => {
  it("lets each call wait as long as a queue looked at every millisecond does", () => {
    const window = fc.record({ ms: fc.constantFrom(64, 128), most: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(
        calls,
        fc.integer({ min: 1, max: 4 }),
        fc.array(window, { maxLength: 2 }),
        (asked, concurrency, windows) => {
          expect([...replayQueue(asked, { concurrency, windows })]).toEqual(
            naiveWaits(asked, { concurrency, windows }),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("lets nobody wait without limits, and never longer with more room", () => {
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 4 }), (asked, concurrency) => {
        expect([...replayQueue(asked, {})].every((wait) => wait === 0)).toBe(true);
        const [tight, wide] = [concurrency, concurrency + 1].map((most) => replayQueue(asked, { concurrency: most }));
        expect(wide!.every((wait, index) => wait <= tight![index]!)).toBe(true);
      }),
    );
  });
});
