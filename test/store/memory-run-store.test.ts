/** The store of runs in memory. */

import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { MemoryRunStore } from "../../src/store/runs/memory-run-store.ts";
import { describeRunStore } from "./run-store-conformance.ts";

describeRunStore("MemoryRunStore", (runtime, _, retention) => new MemoryRunStore({ runtime, ...retention }));

describe("MemoryRunStore", () => {
  it("refuses bounds without meaning", () => {
    for (const options of [{ maxRuns: 0 }, { maxAgeMs: 0.5 }, { maxBytes: 1 }, { maxRun: 1 }]) {
      expect(() => new MemoryRunStore(options as never)).toThrow(
        expect.toSatisfy((error) => isFlockError(error, "option_invalid")),
      );
    }
    expect(new MemoryRunStore().name).toBe("memory");
  });
});
