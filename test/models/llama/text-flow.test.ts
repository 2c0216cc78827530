import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TextFlow } from "../../../src/models/llama/text-flow.ts";

/** Reads bytes as tokens, as byte-wise vocabularies do for what they have no word for. */
const bytes = (tokens: readonly number[]) => new TextDecoder().decode(Uint8Array.from(tokens));

function flow(text: string, stops: readonly string[] = []) {
  const all = new TextFlow(bytes, stops);
  const pieces: string[] = [];
  for (const byte of new TextEncoder().encode(text)) if (!all.stopped) pieces.push(all.push(byte));
  pieces.push(all.end());
  return { pieces: pieces.filter((piece) => piece !== ""), stopped: all.stopped };
}

describe("the text of tokens", () => {
  it("comes in whole characters, whatever bytes they are made of", () => {
    expect(flow("é🙂x").pieces).toEqual(["é", "🙂", "x"]);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { pieces } = flow(text.toWellFormed());
        expect(pieces.join("")).toBe(text.toWellFormed());
        for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
      }),
    );
  });

  it("gives a replacement for bytes that never become a character", () => {
    const all = new TextFlow(bytes, []);
    expect([0xff, 0xff, 0xff].map((byte) => all.push(byte))).toEqual(["", "", ""]);
    expect(all.push(0xff)).toBe("\uFFFD\uFFFD\uFFFD\uFFFD");
    all.push(0xe2);
    expect(all.end()).toBe("\uFFFD");
    expect(all.end()).toBe("");
  });

  it("is told what came before, so that spaces come out right", () => {
    const seen: (readonly number[])[] = [];
    const all = new TextFlow((tokens, before) => {
      seen.push(before);
      return bytes(tokens);
    }, []);
    for (const byte of [97, 98, 99, 100, 101, 102]) all.push(byte);
    expect(seen[1]).toEqual([97]);
    expect(seen[5]).toEqual([98, 99, 100, 101]);
  });

  it("ends before the first stop sequence, and shows nothing of it on the way", () => {
    expect(flow("one END two", ["END", "two"])).toEqual({ pieces: ["o", "n", "e", " "], stopped: true });
    expect(flow("aab", ["ab"])).toEqual({ pieces: ["a"], stopped: true });
    expect(flow("EN and E", ["END", ""])).toEqual({ pieces: ["EN ", "a", "n", "d", " ", "E"], stopped: false });
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b") }),
        fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1 })),
        (text, stops) => {
          const first = Math.min(...stops.map((stop) => text.indexOf(stop)).filter((at) => at !== -1), text.length);
          const { pieces, stopped } = flow(text, stops);
          // The stop that is complete first wins, which may lie behind the beginning of a longer one.
          const joined = pieces.join("");
          expect(text.startsWith(joined)).toBe(true);
          expect(joined.length).toBeGreaterThanOrEqual(first);
          expect(stops.some((stop) => joined.includes(stop))).toBe(false);
          expect(stopped).toBe(stops.some((stop) => text.includes(stop)));
        },
      ),
    );
  });
});
