import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { describeKeyValueStore } from "./key-value-conformance.ts";

describeKeyValueStore("MemoryStore", async (runtime) => new MemoryStore({ runtime }));

describe("MemoryStore", () => {
  it("lets go of what was written longest ago when there are too many", async () => {
    await using store = new MemoryStore({ maxEntries: 2 });
    await store.set("a", "one");
    await store.set("b", "two");
    await store.set("a", "three");
    await store.set("c", "four");
    expect(await store.get("b")).toBeUndefined();
    expect((await store.get("a"))?.value).toBe("three");
    expect((await store.get("c"))?.value).toBe("four");
  });

  it("checks its options when it is made", () => {
    for (const options of [{ maxEntries: 0 }, { size: 3 }, { runtime: 1 }, null]) {
      expect(() => new MemoryStore(options as never)).toThrow(
        expect.toSatisfy((error: unknown) => isFlockError(error, "option_invalid")),
      );
    }
  });
});
