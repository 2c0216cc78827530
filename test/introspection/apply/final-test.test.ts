import { describe, expect, it } from "vitest";
import { failsMoreAtEnd, isAboveAtEnd } from "../../../src/introspection/advise/apply/final-test.ts";
import { isSurelyAbove, momentsOf } from "../../../src/introspection/advise/apply/sequential-test.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

describe("the look at the end of a trial", () => {
  const { random } = createTestRuntime({ seed: 21 });
  const runs = (count: number, factor: number) =>
    momentsOf(Array.from({ length: count }, () => factor * 100 * (0.2 + 1.6 * random())));

  it("sees less harm than a look after every run may", () => {
    let [late, early] = [0, 0];
    for (let round = 0; round < 200; round++) {
      const [before, after] = [runs(400, 1), runs(200, 1.13)];
      if (isAboveAtEnd(after, before)) late++;
      if (isSurelyAbove(after, 200, before)) early++;
    }
    expect(late).toBeGreaterThan(150);
    expect(early).toBeLessThan(late / 2);
  });

  it("rarely speaks where nothing changed, and never within what was allowed", () => {
    let [alarms, allowed] = [0, 0];
    for (let round = 0; round < 400; round++) {
      if (isAboveAtEnd(runs(200, 1), runs(400, 1))) alarms++;
      if (isAboveAtEnd(runs(200, 1.3), runs(400, 1), 200)) allowed++;
    }
    expect(alarms).toBeLessThan(13);
    expect(allowed).toBe(0);
  });

  it("holds nothing against a change before which there were hardly any runs", () => {
    for (const count of [0, 1, 9]) {
      const before = momentsOf(Array<number>(count).fill(1));
      expect([isAboveAtEnd(runs(200, 1), before), isSurelyAbove(runs(200, 1), 200, before)]).toEqual([false, false]);
    }
    const enough = momentsOf(Array<number>(10).fill(1));
    expect([isAboveAtEnd(runs(200, 1), enough), isSurelyAbove(runs(200, 1), 200, enough)]).toEqual([true, true]);
  });

  it("sees that more fails, beyond what was allowed", () => {
    const before = { runs: 400, failed: 8 };
    expect(failsMoreAtEnd({ runs: 200, failed: 20 }, before, 0.01)).toBe(true);
    expect(failsMoreAtEnd({ runs: 200, failed: 20 }, before, 0.1)).toBe(false);
    expect(failsMoreAtEnd({ runs: 200, failed: 6 }, before, 0.01)).toBe(false);
    expect(failsMoreAtEnd({ runs: 0, failed: 0 }, before, 0)).toBe(false);
    expect(failsMoreAtEnd({ runs: 20, failed: 9 }, { runs: 0, failed: 0 }, 0)).toBe(false);
  });
});
