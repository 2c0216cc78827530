import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BackgroundQueue } from "../../src/providers/background-queue.ts";

describe("BackgroundQueue", () => {
  it("handles every item it took once, in order, in batches of the size given, whatever fails", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ items: fc.integer({ min: 1, max: 9 }), drain: fc.boolean() }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        fc.func(fc.boolean()),
        async (steps, batchSize, fails) => {
          const handled: number[] = [];
          const lost: number[] = [];
          const queue = new BackgroundQueue<number>({
            maxWaiting: 1_000,
            batchSize,
            async work(items) {
              expect(items.length).toBeLessThanOrEqual(batchSize);
              if (fails(items[0]!)) throw new Error("no");
              handled.push(...items);
            },
            onFailure: (items) => void lost.push(...items),
          });
          let next = 0;
          for (const { items, drain } of steps) {
            for (let count = 0; count < items; count++) queue.offer(next++);
            if (!drain) continue;
            await queue.drain();
            expect(handled.length + lost.length).toBe(next);
          }
          await queue.drain();
          expect([...handled, ...lost].sort((a, b) => a - b)).toEqual(
            Array.from({ length: next }, (_, index) => index),
          );
          expect(handled).toEqual([...handled].sort((a, b) => a - b));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("takes no more than may wait, and forgets what waits when cleared", async () => {
    const handled: string[] = [];
    const queue = new BackgroundQueue<string>({
      maxWaiting: 2,
      batchSize: 1,
      work: async (items) => void handled.push(...items),
      onFailure: () => {},
    });
    for (const item of ["a", "b", "c"]) queue.offer(item);
    expect(queue.full).toBe(true);
    const drained = queue.drain();
    queue.clear();
    await drained;
    expect(handled).toEqual([]);
    queue.offer("d");
    await queue.drain();
    expect(handled).toEqual(["d"]);
  });
});
