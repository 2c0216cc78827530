import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { MemoryVectorStore } from "../../src/store/memory-vectors.ts";
import { describeVectorStore } from "./vector-store-conformance.ts";

describeVectorStore("MemoryVectorStore", async () => new MemoryVectorStore());

describe("MemoryVectorStore", () => {
  it("may be told its model and dimension when it is made", async () => {
    const store = new MemoryVectorStore({ embedder: "one", dimension: 2 });
    expect(store.space).toEqual({ embedder: "one", dimension: 2 });
    await expect(store.claim({ embedder: "two", dimension: 2 })).rejects.toThrow(
      'holds vectors of 2 numbers made by "one" and cannot mix them with vectors of 2 numbers made by "two"',
    );
  });

  it("knows its size at once", async () => {
    const store = new MemoryVectorStore({ dimension: 3 });
    expect(store.size).toBe(0);
    await store.add([{ id: "a", vector: new Float32Array([1, 2, 3]), metadata: {} }]);
    expect(store.size).toBe(1);
    await expect(store.add([{ id: "b", vector: [1], metadata: {} }])).rejects.toThrow("vectors of 3 numbers");
  });

  it("checks its options when it is made", () => {
    for (const options of [{ embedder: "one" }, { dimension: 0 }, { dimensions: 3 }, null]) {
      expect(() => new MemoryVectorStore(options as never)).toThrow(
        expect.toSatisfy((error: unknown) => isFlockError(error, "option_invalid")),
      );
    }
  });
});
