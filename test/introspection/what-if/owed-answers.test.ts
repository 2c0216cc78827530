import { describe, expect, it } from "vitest";
import { owing, passedOn } from "../../../src/introspection/advise/what-if/owed-answers.ts";

const replayOf = (...durationsMs: number[]) => ({ hits: 0, joined: 0, durationsMs: Float64Array.from(durationsMs) });
const asked = (...calls: [key: string, run: number][]) => calls.map(([key, run]) => ({ key, run }) as never);

describe("what runs owe each other for answers", () => {
  it("is what the first to find an answer saved, owed to the run that made it", () => {
    const calls = asked(["a", 5], ["a", 6], ["a", 7], ["b", 8]);
    const passed = passedOn(calls, replayOf(-1, 0, 0, -1), 5);
    expect(passed).toEqual([{ from: 1, to: 0, part: 1 }]);
    const figures = Float64Array.of(100, 20, 20, 100);
    expect([...owing(figures, Float64Array.of(0, 80, 80, 0), passed, -1)]).toEqual([20, 20, 20, 100]);
  });

  it("is nothing within a run, and shared where a run finds several", () => {
    const within = passedOn(asked(["a", 0], ["a", 0], ["a", 1]), replayOf(-1, 0, 0), 0);
    expect(within).toEqual([{ from: 1, to: 0, part: 1 }]);
    const shared = passedOn(asked(["a", 0], ["b", 1], ["a", 2], ["b", 2]), replayOf(-1, -1, 0, 0), 0);
    expect(shared).toEqual([
      { from: 2, to: 0, part: 0.5 },
      { from: 2, to: 1, part: 0.5 },
    ]);
  });

  it("begins anew with an answer that was made anew, and is nothing without its maker", () => {
    const anew = passedOn(asked(["a", 0], ["a", 1], ["a", 2], ["a", 3]), replayOf(-1, 0, -1, 0), 0);
    expect(anew.map(({ from, to }) => [from, to])).toEqual([
      [1, 0],
      [3, 2],
    ]);
    expect(passedOn(asked(["a", 0]), replayOf(0), 0)).toEqual([]);
  });
});
