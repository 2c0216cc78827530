import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuseRankings } from "../../../src/tools/documents/fuse-rankings.ts";

describe("fuseRankings", () => {
  it("adds scaled scores by weight; first place everywhere is 1", () => {
    const words = [
      { row: 1, score: 8 },
      { row: 2, score: 6 },
    ];
    const vectors = [
      { row: 1, score: 0.9 },
      { row: 3, score: 0.7 },
      { row: 2, score: 0.5 },
    ];
    const fused = fuseRankings([
      { rows: words, weight: 1, floor: 0 },
      { rows: vectors, weight: 0.5, floor: 0.5 },
    ]);
    expect(fused.map(({ row }) => row)).toEqual([1, 2, 3]);
    expect(fused[0]!.score).toBe(1);
    expect(fused[1]!.score).toBeCloseTo(0.75 / 1.5, 10);
    expect(fused[2]!.score).toBeCloseTo((0.5 * 0.5) / 1.5, 10);
  });

  it("gives each row once, scores from 0 to 1, best first, whatever the rankings", () => {
    const ranking = fc
      .tuple(
        fc.uniqueArray(fc.nat(20), { maxLength: 10 }),
        fc.array(fc.double({ min: 0.01, max: 5, noNaN: true }), { minLength: 10, maxLength: 10 }),
        fc.boolean(),
      )
      .map(([rows, scores, full]) => {
        const sorted = [...scores].sort((one, other) => other - one);
        const listed = rows.map((row, index) => ({ row, score: sorted[index]! }));
        return { rows: listed, weight: 0.5, floor: full ? (listed.at(-1)?.score ?? 0) : 0 };
      });
    fc.assert(
      fc.property(fc.array(ranking, { minLength: 1, maxLength: 3 }), (rankings) => {
        const fused = fuseRankings(rankings);
        expect(new Set(fused.map(({ row }) => row)).size).toBe(fused.length);
        expect(new Set(fused.map(({ row }) => row))).toEqual(
          new Set(rankings.flatMap(({ rows }) => rows.map(({ row }) => row))),
        );
        for (const [index, { row, score }] of fused.entries()) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1 + 1e-12);
          const next = fused[index + 1];
          if (next) expect(score > next.score || (score === next.score && row < next.row)).toBe(true);
        }
      }),
    );
  });

  it("gives all rows of a ranking without differences the same", () => {
    const rows = [4, 2].map((row) => ({ row, score: 3 }));
    expect(fuseRankings([{ rows, weight: 1, floor: 3 }])).toEqual([
      { row: 2, score: 1 },
      { row: 4, score: 1 },
    ]);
  });
});
