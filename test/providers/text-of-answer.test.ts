import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textOfAnswer } from "../../src/providers/text-of-answer.ts";

describe("textOfAnswer", () => {
  it("reads strings and numbers in order, one a line, without keys", () => {
    expect(textOfAnswer({ title: " A ", facts: [{ year: 1999, yes: true }, "B"], none: null })).toBe("A\n1999\nB");
    expect(textOfAnswer("plain")).toBe("plain");
  });

  it("takes any value and stays within bounds", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(typeof textOfAnswer(value)).toBe("string");
      }),
    );
    expect(textOfAnswer(["x".repeat(30_000), "y"])).toHaveLength(20_000);
    expect(textOfAnswer(Array.from({ length: 30_000 }, () => "x"))).toHaveLength(20_000 - 1);
    expect(textOfAnswer(new Uint8Array([65, 66]))).toBe("");
    let deep: unknown = "x";
    for (let level = 0; level < 10_000; level++) deep = [deep];
    expect(textOfAnswer(deep)).toBe("");
  });
});
