import { describe, expect, it } from "vitest";
import { sentenceEmbedder } from "../../src/models/sentence-embedder.ts";

const cosine = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, index) => sum + x * b[index]!, 0);

describe("sentenceEmbedder", () => {
  it("brings sentences of like meaning together though they share no word", async () => {
    const embedder = sentenceEmbedder();
    expect(embedder).toMatchObject({
      provider: "offline",
      modelId: "offline/sentence-en",
      supportsParallelCalls: false,
    });
    const { embeddings, warnings } = await embedder.doEmbed({
      values: ["How do I reset my password?", "I forgot the code to log in", "The soup needs more salt"],
    });
    const [question, paraphrase, stranger] = embeddings as [number[], number[], number[]];
    expect(question).toHaveLength(512);
    expect(Math.hypot(...question)).toBeCloseTo(1, 5);
    expect(cosine(question, paraphrase)).toBeGreaterThan(cosine(question, stranger) + 0.2);
    expect(warnings).toEqual([]);
  });

  it("answers alike each time and reads the first 600 characters only", async () => {
    const long = "The tax was raised. ".repeat(40);
    const { embeddings } = await sentenceEmbedder().doEmbed({ values: [long, long.slice(0, 600), long] });
    expect(embeddings[0]).toEqual(embeddings[1]);
    expect(embeddings[0]).toEqual(embeddings[2]);
  });

  it("takes any text: blank ones are zero, half of an emoji does no harm", async () => {
    const { embeddings } = await sentenceEmbedder().doEmbed({ values: ["", " \n", "!!!", "😀", "\ud83d"] });
    expect(embeddings.map((vector) => Math.round(Math.hypot(...vector)))).toEqual([0, 0, 1, 1, 1]);
  });

  it("stops with the signal's own reason", async () => {
    const reason = new Error("enough");
    await expect(sentenceEmbedder().doEmbed({ values: ["x"], abortSignal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});
