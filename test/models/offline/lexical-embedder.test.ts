import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import { embedLexically, lexicalEmbedder } from "../../../src/models/offline/lexical-embedder.ts";

const lengthOf = (vector: readonly number[]) => Math.hypot(...vector);
const cosine = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, index) => sum + x * b[index]!, 0);

describe("embedLexically", () => {
  it("gives vectors of unit length, the same each time, zero only without words", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.integer({ min: 8, max: 600 }),
        (text, dimension) => {
          const vector = embedLexically(text, dimension);
          expect(vector).toHaveLength(dimension);
          expect(embedLexically(text, dimension)).toEqual(vector);
          const length = lengthOf(vector);
          if (length !== 0) expect(length).toBeCloseTo(1, 9);
          else expect(dimension < 64 || !/[a-z0-9]/i.test(text)).toBe(true);
        },
      ),
    );
  });

  it("does not care for the order of words, case or inflection", () => {
    expect(embedLexically("Taxes and imports")).toEqual(embedLexically("IMPORT; tax"));
  });

  it("brings texts that share words nearer than strangers, and misspelt words near the right ones", () => {
    const text = embedLexically("The government lowered import taxes on steel.");
    expect(cosine(text, embedLexically("taxes on imported steel"))).toBeGreaterThan(0.7);
    expect(Math.abs(cosine(text, embedLexically("a cat slept under the old tree")))).toBeLessThan(0.2);
    expect(cosine(embedLexically("government"), embedLexically("goverment"))).toBeGreaterThan(0.1);
  });

  it("counts a repeated word less than once more each time", () => {
    const once = cosine(embedLexically("tax war"), embedLexically("tax"));
    const often = cosine(embedLexically("tax tax tax tax war"), embedLexically("tax"));
    expect(often).toBeGreaterThan(once);
    expect(often).toBeLessThan(4 / Math.sqrt(17));
  });

  it("uses stopwords where there is nothing else, and gives zero where there is no word", () => {
    expect(lengthOf(embedLexically("who are you"))).toBeCloseTo(1, 9);
    expect(lengthOf(embedLexically(" … "))).toBe(0);
  });

  it("stays the same across releases, since stored vectors depend on it", () => {
    const places = embedLexically("tax", 8).map((value) => Math.round(value * 1000) / 1000);
    expect(places).toMatchInlineSnapshot(`
      [
        -0.25,
        0.25,
        0.25,
        0.867,
        0,
        -0.25,
        0,
        0,
      ]
    `);
  });

  it("remembers only so many words and still answers alike", () => {
    const before = embedLexically("connection");
    for (let index = 0; index < 22_000; index++) embedLexically(`w${index}`, 8);
    expect(embedLexically("connection")).toEqual(before);
  });
});

describe("lexicalEmbedder", () => {
  it("is an embedding model of the AI SDK", async () => {
    const embedder = lexicalEmbedder();
    expect(embedder).toMatchObject({ specificationVersion: "v4", provider: "offline", modelId: "offline/lexical" });
    const { embeddings, warnings } = await embedder.doEmbed({ values: ["tax", "war"] });
    expect(embeddings).toEqual([embedLexically("tax", 512), embedLexically("war", 512)]);
    expect(warnings).toEqual([]);
  });

  it("makes vectors of the dimension asked for, per embedder or per call", async () => {
    const embedder = lexicalEmbedder({ dimension: 64 });
    expect((await embedder.doEmbed({ values: ["tax"] })).embeddings[0]).toHaveLength(64);
    expect((await embedder.doEmbed({ values: ["tax"], dimensions: 32 })).embeddings[0]).toHaveLength(32);
  });

  it("refuses dimensions that make no sense", async () => {
    for (const dimension of [0, 7, 1.5, 70_000, "512"]) {
      expect(() => lexicalEmbedder({ dimension: dimension as number })).toThrow("whole number from 8 to 65,536");
    }
    const call = lexicalEmbedder().doEmbed({ values: ["x"], dimensions: 2 });
    await expect(call).rejects.toSatisfy((error: unknown) => isFlockError(error, "option_invalid"));
  });

  it("stops with the signal's own reason", async () => {
    const reason = new Error("enough");
    const call = lexicalEmbedder().doEmbed({ values: ["x"], abortSignal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
  });
});
