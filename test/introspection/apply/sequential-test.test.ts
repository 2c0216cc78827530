import { describe, expect, it } from "vitest";
import {
  anytimeHalfWidth,
  failsMoreThan,
  isSurelyAbove,
  momentsOf,
  noMoments,
  standardError,
  withValue,
} from "../../../src/introspection/advise/apply/sequential-test.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

const { random } = createTestRuntime({ seed: 11 });
const streams = 400;

/** How many of some streams make a test speak at any of 200 looks. */
function alarms(look: (draw: () => number) => boolean): number {
  return Array.from({ length: streams }, () => look(random)).filter(Boolean).length;
}

describe("moments", () => {
  it("are the mean and the spread of what went in", () => {
    const moments = momentsOf([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(moments).toMatchObject({ count: 8, mean: 5, squares: 32 });
    expect(standardError(moments)).toBeCloseTo(Math.sqrt(32 / 7 / 8), 12);
    expect([standardError(noMoments), standardError(momentsOf([3]))]).toEqual([0, 0]);
  });
});

describe("the test of the mean", () => {
  const before = momentsOf(Array.from({ length: 400 }, () => 100 * (0.5 + random())));
  const speaks = (factor: number) => (draw: () => number) => {
    let moments = noMoments;
    for (let run = 0; run < 200; run++) {
      moments = withValue(moments, factor * 100 * (0.5 + draw()));
      if (isSurelyAbove(moments, 200, before)) return true;
    }
    return false;
  };

  it("rarely speaks where nothing changed, though it is asked after every run", () => {
    expect(alarms(speaks(1))).toBeLessThan(streams * 0.05);
  });

  it("speaks within 200 runs where they take a fifth longer", () => {
    expect(alarms(speaks(1.2))).toBeGreaterThan(streams * 0.95);
  });

  it("allows what was said beforehand, and says nothing of a few runs", () => {
    const slower = momentsOf(Array.from({ length: 200 }, () => 120 + random()));
    expect([isSurelyAbove(slower, 200, before), isSurelyAbove(slower, 200, before, 130)]).toEqual([true, false]);
    expect(anytimeHalfWidth(momentsOf([1, 2, 3]), 200)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the test of failures", () => {
  const speaks = (share: number) => (draw: () => number) => {
    let failed = 0;
    for (let run = 1; run <= 200; run++) {
      if (draw() < share) failed++;
      if (failsMoreThan(0.05, failed, run)) return true;
    }
    return false;
  };

  it("rarely speaks while as much fails as before", () => {
    expect(alarms(speaks(0.05))).toBeLessThan(streams * 0.05);
  });

  it("speaks within 200 runs when four times as much does", () => {
    expect(alarms(speaks(0.2))).toBeGreaterThan(streams * 0.95);
  });

  it("never speaks where everything failed before, or nothing fails", () => {
    expect([failsMoreThan(1, 9, 9), failsMoreThan(0, 0, 100), failsMoreThan(0, 3, 3)]).toEqual([false, false, true]);
  });
});
