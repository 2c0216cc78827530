import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearestWord } from "../../src/cli/input/nearest-word.ts";

const words = ["run", "check", "search", "instructions", "timeout"];

describe("the nearest word", () => {
  it.each([
    ["rn", "run"],
    ["runn", "run"],
    ["chekc", "check"],
    ["serach", "search"],
    ["SEARCH", "search"],
    ["instr", "instructions"],
    ["tiemout", "timeout"],
  ])("of %s is %s", (written, meant) => expect(nearestWord(written, words)).toBe(meant));

  it.each(["", "x", "zz", "deploy", "x".repeat(41)])("of %s is none", (written) =>
    expect(nearestWord(written, words)).toBeUndefined(),
  );

  it("takes the one with the fewest edits", () => expect(nearestWord("chack", ["chalk2", "check"])).toBe("check"));

  it("is found through any one slip in a longer word", () => {
    const slip = fc.record({ at: fc.nat(5), kind: fc.constantFrom("drop", "double", "swap", "replace") });
    fc.assert(
      fc.property(slip, ({ at, kind }) => {
        const letters = [..."search"];
        if (kind === "drop") letters.splice(at, 1);
        if (kind === "double") letters.splice(at, 0, letters[at]!);
        if (kind === "swap") letters.splice(at, 2, ...letters.slice(at, at + 2).reverse());
        if (kind === "replace") letters[at] = "z";
        expect(nearestWord(letters.join(""), words)).toBe("search");
      }),
    );
  });
});
