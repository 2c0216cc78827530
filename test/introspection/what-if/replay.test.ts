import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replayDuration } from "../../../src/introspection/advise/what-if/replay.ts";
import { walkTree } from "../../../src/introspection/record/call-tree.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom } from "./episodes-from.ts";

const { call } = fc.letrec<{ call: DescribedCall; leaf: DescribedCall; node: DescribedCall }>((tie) => ({
  call: fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("node")),
  leaf: fc.record({ name: fc.constantFrom("a", "b"), ms: fc.integer({ min: 0, max: 50 }) }),
  node: fc.record({ name: fc.constantFrom("x", "y"), calls: fc.array(tie("call"), { maxLength: 4 }) }),
}));
const trees = fc
  .array(call, { minLength: 1, maxLength: 4 })
  .map((calls) => episodesFrom([{ name: "root", calls }])[0]!.root!);

describe("replayDuration", () => {
  it("gives what was measured when nothing changes", () => {
    fc.assert(
      fc.property(trees, (root) => {
        expect(replayDuration(root, () => undefined)).toBeCloseTo(root.call.durationMs, 2);
      }),
    );
  });

  it("takes off exactly the time of calls that follow one another", () => {
    fc.assert(
      fc.property(trees, fc.constantFrom("a", "b"), (root, gone) => {
        let lost = 0;
        for (const node of walkTree(root)) if (node.call.name === gone) lost += node.call.durationMs;
        const replayed = replayDuration(root, (node) => (node.call.name === gone ? 0 : undefined));
        expect(replayed).toBeCloseTo(root.call.durationMs - lost, 2);
      }),
    );
  });

  it("never gets longer when calls get shorter, side by side or not", () => {
    const parallel = fc.array(
      fc.record({
        name: fc.constantFrom("a", "b"),
        at: fc.integer({ min: 0, max: 60 }),
        ms: fc.integer({ min: 0, max: 60 }),
      }),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(parallel, fc.double({ min: 0, max: 1, noNaN: true }), (calls, factor) => {
        const end = Math.max(...calls.map(({ at, ms }) => at + ms));
        const root = episodesFrom([{ name: "root", ms: end + 5, calls }])[0]!.root!;
        const shorter = replayDuration(root, (node) =>
          node.call.name === "a" ? node.call.durationMs * factor : undefined,
        );
        expect(shorter).toBeLessThanOrEqual(root.call.durationMs + 0.01);
        expect(shorter).toBeGreaterThanOrEqual(0);
        expect(replayDuration(root, () => undefined)).toBeCloseTo(root.call.durationMs, 2);
      }),
    );
  });

  it("saves nothing when the other of two side by side was waited for", () => {
    const calls = [
      { name: "slow", at: 0, ms: 100 },
      { name: "quick", at: 0, ms: 60 },
      { name: "last", at: 100, ms: 10 },
    ];
    const root = episodesFrom([{ name: "root", ms: 115, calls }])[0]!.root!;
    const without = (name: string) => replayDuration(root, (node) => (node.call.name === name ? 0 : undefined));
    expect([without("quick"), without("slow"), without("last")].map(Math.round)).toEqual([115, 75, 105]);
  });
});
