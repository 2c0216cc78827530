import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import type { VectorItem, VectorStore } from "../../src/core/vector-store.ts";

const rejection = (code: Parameters<typeof isFlockError>[1]) => (error: unknown) => isFlockError(error, code);

/** What every vector store promises. A store's own test calls this with the way to make an empty one. */
export function describeVectorStore(name: string, make: () => Promise<VectorStore>): void {
  describe(`${name} as a vector store`, () => {
    it("finds the nearest by direction, not by length, best first", async () => {
      await using store = await make();
      await store.add([
        { id: "north", vector: [0, 10], metadata: { side: "n" } },
        { id: "east", vector: [0.1, 0], metadata: { side: "e" } },
        { id: "south", vector: [0, -1], metadata: {} },
      ]);
      const matches = await store.search([1, 3]);
      expect(matches.map(({ id }) => id)).toEqual(["north", "east", "south"]);
      expect(matches[0]!.score).toBeCloseTo(3 / Math.sqrt(10), 5);
      expect(matches[2]!.score).toBeCloseTo(-3 / Math.sqrt(10), 5);
      expect(matches[0]!.metadata).toEqual({ side: "n" });
    });

    it("gives ten at most unless told otherwise, and equal scores in order of id", async () => {
      await using store = await make();
      const ids = Array.from({ length: 15 }, (_, index) => `id-${String.fromCharCode(111 - index)}`);
      await store.add(ids.map((id) => ({ id, vector: [1, 1], metadata: {} })));
      expect((await store.search([1, 1])).map(({ id }) => id)).toEqual([...ids].sort().slice(0, 10));
      expect(await store.search([1, 1], { limit: 3 })).toHaveLength(3);
      expect(await store.search([1, 1], { limit: 100 })).toHaveLength(15);
    });

    it("finds nothing in an empty store", async () => {
      await using store = await make();
      expect(await store.search([1, 2, 3])).toEqual([]);
      expect(await store.count()).toBe(0);
      expect(store.space).toBeUndefined();
    });

    it("keeps to items whose metadata has the filter's values", async () => {
      await using store = await make();
      await store.add([
        { id: "a", vector: [1, 0], metadata: { agent: "writer", rank: 1 } },
        { id: "b", vector: [1, 0], metadata: { agent: "critic", rank: 1 } },
        { id: "c", vector: [0, 1], metadata: { agent: "writer", rank: null } },
        { id: "d", vector: [0, 1], metadata: {} },
      ]);
      const idsOf = async (filter: Record<string, string | number | null>) =>
        (await store.search([1, 0], { filter })).map(({ id }) => id);
      expect(await idsOf({ agent: "writer" })).toEqual(["a", "c"]);
      expect(await idsOf({ agent: "writer", rank: 1 })).toEqual(["a"]);
      expect(await idsOf({ rank: null })).toEqual(["c"]);
      expect(await idsOf({ toString: "x" })).toEqual([]);
    });

    it("replaces an item of a known id and forgets deleted ones", async () => {
      await using store = await make();
      await store.add([
        { id: "a", vector: [1, 0], metadata: { version: 1 } },
        { id: "b", vector: [1, 1], metadata: {} },
        { id: "c", vector: [0, 1], metadata: {} },
      ]);
      await store.add([{ id: "a", vector: [0, 1], metadata: { version: 2 } }]);
      expect(await store.count()).toBe(3);
      expect((await store.search([0, 1], { limit: 1 }))[0]).toMatchObject({ id: "a", metadata: { version: 2 } });
      await store.delete(["a", "unknown"]);
      await store.delete(["a"]);
      expect((await store.search([0, 1])).map(({ id }) => id)).toEqual(["c", "b"]);
    });

    it("keeps its own copy of vectors and metadata", async () => {
      await using store = await make();
      const item = { id: "a", vector: [1, 0], metadata: { tags: ["x"] } };
      await store.add([item]);
      item.vector[0] = -1;
      item.metadata.tags.push("y");
      const [found] = await store.search([1, 0]);
      expect(found).toEqual({ id: "a", score: 1, metadata: { tags: ["x"] } });
      (found!.metadata.tags as string[]).push("z");
      expect((await store.search([1, 0]))[0]!.metadata).toEqual({ tags: ["x"] });
    });

    it("gives a zero vector the score 0", async () => {
      await using store = await make();
      await store.add([{ id: "nothing", vector: [0, 0], metadata: {} }]);
      expect((await store.search([1, 0]))[0]!.score).toBe(0);
      expect((await store.search([0, 0]))[0]!.score).toBe(0);
    });

    it("compares directions also where squares would overflow or vanish", async () => {
      await using store = await make();
      await store.add([{ id: "a", vector: [3e200, 4e200], metadata: {} }]);
      expect((await store.search([3e-200, 4e-200]))[0]!.score).toBeCloseTo(1, 5);
    });

    it("refuses to mix models or dimensions", async () => {
      await using store = await make();
      await store.claim({ embedder: "one", dimension: 2 });
      await store.claim({ embedder: "one", dimension: 2 });
      expect(store.space).toEqual({ embedder: "one", dimension: 2 });
      await expect(store.claim({ embedder: "two", dimension: 2 })).rejects.toSatisfy(rejection("store_mismatch"));
      await expect(store.claim({ embedder: "one", dimension: 3 })).rejects.toSatisfy(rejection("store_mismatch"));
      await expect(store.add([{ id: "a", vector: [1, 2, 3], metadata: {} }])).rejects.toSatisfy(
        rejection("store_mismatch"),
      );
      await expect(store.search([1, 2, 3])).rejects.toSatisfy(rejection("store_mismatch"));
    });

    it("refuses to name vectors that came in unnamed", async () => {
      await using store = await make();
      await store.add([{ id: "a", vector: [1, 2], metadata: {} }]);
      await expect(store.claim({ embedder: "one", dimension: 2 })).rejects.toSatisfy(rejection("store_mismatch"));
    });

    it("adds all items or none", async () => {
      await using store = await make();
      const good: VectorItem = { id: "a", vector: [1, 0], metadata: {} };
      for (const bad of [
        { id: "b", vector: [1], metadata: {} },
        { id: "b", vector: [1, Number.NaN], metadata: {} },
        { id: "b", vector: [1, "x"], metadata: {} },
        { id: "b", vector: [], metadata: {} },
        { id: "b", metadata: {} },
        { id: "", vector: [1, 0], metadata: {} },
        { id: "b", vector: [1, 0], metadata: "x" },
        null,
      ]) {
        const error = await store.add([good, bad as unknown as VectorItem]).catch((reason: unknown) => reason);
        expect(isFlockError(error, "input_invalid") || isFlockError(error, "store_mismatch")).toBe(true);
        expect(await store.count()).toBe(0);
      }
      await expect(store.add("x" as never)).rejects.toSatisfy(rejection("input_invalid"));
      await store.add([]);
      expect(await store.count()).toBe(0);
    });

    it("names wrong search values instead of searching", async () => {
      await using store = await make();
      for (const vector of ["x", [], [1, Number.POSITIVE_INFINITY], null, undefined, {}]) {
        await expect(store.search(vector as never)).rejects.toSatisfy(rejection("input_invalid"));
      }
      await expect(store.search([1], { limit: 0 })).rejects.toSatisfy(rejection("option_invalid"));
      await expect(store.search([1], { limits: 1 } as never)).rejects.toSatisfy(rejection("option_invalid"));
    });

    it("finds exactly what comparing with every vector finds, whatever was added and deleted", async () => {
      const vector = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 5, maxLength: 5 });
      const steps = fc.array(fc.oneof(fc.record({ add: fc.nat(30), vector }), fc.record({ delete: fc.nat(30) })), {
        maxLength: 60,
      });
      await fc.assert(
        fc.asyncProperty(steps, vector, fc.integer({ min: 1, max: 12 }), async (list, query, limit) => {
          await using store = await make();
          const known = new Map<string, number[]>();
          for (const step of list) {
            if ("add" in step) {
              known.set(`${step.add}`, step.vector);
              await store.add([{ id: `${step.add}`, vector: step.vector, metadata: {} }]);
            } else {
              known.delete(`${step.delete}`);
              await store.delete([`${step.delete}`]);
            }
          }
          const found = await store.search(query, { limit });
          expect(await store.count()).toBe(known.size);
          expect(found).toHaveLength(Math.min(limit, known.size));
          const scores = new Map([...known].map(([id, values]) => [id, cosine(values, query)]));
          for (const { id, score } of found) {
            expect(score).toBeCloseTo(scores.get(id)!, 5);
            scores.delete(id);
          }
          const worst = found.at(-1)?.score ?? 1;
          for (const [, score] of scores) expect(score).toBeLessThanOrEqual(worst + 1e-5);
        }),
        { numRuns: 50 },
      );
    });
  });
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, index) => sum + value * b[index]!, 0);
  return dot === 0 ? 0 : dot / (Math.hypot(...a) * Math.hypot(...b));
}
