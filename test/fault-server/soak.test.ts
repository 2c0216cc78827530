import { describe, expect, it } from "vitest";
import { soak } from "./soak.ts";

/** What keeps a process alive, counted by kind. */
function resources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** What there is more of than before, after a wait for what closes by itself a few turns after the last run. */
async function leftSince(before: Readonly<Record<string, number>>): Promise<readonly string[]> {
  const more = () => Object.entries(resources()).filter(([kind, count]) => count > (before[kind] ?? 0));
  for (let turn = 0; turn < 500 && more().length > 0; turn++) await new Promise(setImmediate);
  return more().map(([kind, count]) => `${count - (before[kind] ?? 0)} ${kind}`);
}

/** How a run may end, whatever its server does: no other code, nothing untyped, no hang. */
const known = new Set([
  ...["left", "value", "output_invalid", "output_unreadable", "model_stopped", "steps_exhausted"],
  ...["rate_limited", "quota_exhausted", "overloaded", "model_unreachable", "model_unauthorized", "context_too_long"],
  ...["model_request_invalid", "model_failed"],
]);

describe("300 runs against servers that fail at random", () => {
  it("all end, leave nothing open, and end alike for the same seed", async () => {
    const listenersBefore = process.eventNames().map((name) => process.listenerCount(name));
    const before = resources();
    const first = await soak({ seed: 7, runs: 300, atOnce: 25 });
    expect(first.endings).toHaveLength(300);
    expect(first.openAnswers).toBe(0);
    expect(await leftSince(before)).toEqual([]);
    expect(process.eventNames().map((name) => process.listenerCount(name))).toEqual(listenersBefore);

    const kinds = new Set(first.endings);
    expect([...kinds]).toEqual(expect.arrayContaining(["left", "model_failed!", "model_unreachable!", "value"]));
    expect([...kinds].filter((kind) => !known.has(kind.replace("!", "")))).toEqual([]);
    expect(first.endings.filter((ending) => ending === "value").length).toBeGreaterThan(100);

    const second = await soak({ seed: 7, runs: 300, atOnce: 10 });
    expect(second.endings).toEqual(first.endings);
    expect(second.requests).toBe(first.requests);
    const other = await soak({ seed: 8, runs: 50, atOnce: 10 });
    expect(other.endings).not.toEqual(first.endings.slice(0, 50));
  });
});
