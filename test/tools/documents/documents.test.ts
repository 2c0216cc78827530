import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import { sentenceEmbedder } from "../../../src/models/embed/sentence-embedder.ts";
import { openDocuments } from "../../../src/tools/documents/open-documents.ts";

const filler = Array.from(
  { length: 40 },
  (_, index) => `Paragraph ${index} speaks of weather, roads and schools.`,
).join("\n\n");

async function open(texts: Readonly<Record<string, string>>, embedder?: EmbeddingModelV4) {
  const documents = Object.entries(texts).map(([name, text]) => ({ name, text }));
  return openDocuments({ documents }, embedder === undefined ? {} : { embedder });
}

describe("Documents.search", () => {
  it("puts the passage that speaks of the query first, out of a long text", async () => {
    const text = `${filler}\n\nThe canal of Panama was dug by steam shovels.\n\n${filler}`;
    const documents = await open({ "long.txt": text, "other.txt": filler });
    const [best] = await documents.search("who dug the Panama canal?");
    expect(best!.file).toBe("long.txt");
    expect(best!.text).toContain("steam shovels");
  });

  it("finds by the name of the file and by the heading of a section", async () => {
    const documents = await open({
      "1790_washington.txt": "The nation prospers.",
      "1850_fillmore.txt": "The nation suffers.",
      "guide.md": `# Billing\n${"Money matters a lot. ".repeat(120)}\n# Refunds\n${"It goes back then. ".repeat(120)}`,
    });
    expect((await documents.search("Washington"))[0]!.file).toBe("1790_washington.txt");
    const refunds = await documents.search("refunds", { limit: 3 });
    expect(refunds.map(({ heading }) => heading)).toEqual(["Refunds", "Refunds"]);
  });

  it("names the section the words are in, also before the first heading", async () => {
    const documents = await open({ "a.md": "Iron first.\n\n# Two\nGold here.\n\n# Three\nZinc there." });
    const headingOf = async (query: string) => (await documents.search(query))[0]!.heading;
    expect([await headingOf("iron"), await headingOf("gold"), await headingOf("zinc")]).toEqual([
      undefined,
      "Two",
      "Three",
    ]);
  });

  it("reads a word nobody wrote as the nearest one somebody did", async () => {
    const documents = await open({ "a.txt": "Inflation rises.", "b.txt": "Schools open." });
    expect((await documents.search("inflaton")).map(({ file }) => file)).toEqual(["a.txt"]);
    expect(await documents.search("opel")).toEqual([]);
  });

  it("gives nothing where nothing fits", async () => {
    const documents = await open({ "a.txt": "Inflation rises.", "b.txt": filler });
    for (const query of ["zygomorphic quokka", "", " ", "the of and", "!!!", "東京"]) {
      expect(await documents.search(query)).toEqual([]);
    }
  });

  it("gives one of several equal passages, and as many different ones as asked for", async () => {
    const documents = await open({
      "a.txt": "Steel tax.",
      "copy.txt": "Steel tax.",
      "b.txt": "Steel mill.",
      "c.txt": "Steel.",
    });
    expect((await documents.search("steel tax")).map(({ file }) => file)).toEqual(["a.txt", "c.txt", "b.txt"]);
    expect(await documents.search("steel", { limit: 2 })).toHaveLength(2);
  });

  it("gives scores from 1 downwards", async () => {
    const documents = await open({ "a.txt": "Steel tax.", "b.txt": "A tax on windows and doors." });
    const scores = (await documents.search("steel tax")).map(({ score }) => score);
    expect(scores[0]).toBe(1);
    expect(scores[1]).toBeLessThan(1);
  });

  it("answers two searches at once like one after the other", async () => {
    const documents = await open({ "a.txt": "Steel tax.", "b.txt": "Gold coins.", "c.txt": filler });
    const queries = ["steel", "gold", "roads", "coins tax"];
    const alone = [];
    for (const query of queries) alone.push(await documents.search(query));
    expect(await Promise.all(queries.map((query) => documents.search(query)))).toEqual(alone);
  });

  it("finds by meaning with an embedder that knows meaning", async () => {
    const documents = await open(
      {
        "password.txt": "Use the link on the sign-in page to choose new credentials.",
        "soup.txt": "Add salt and simmer for an hour.",
        "trip.txt": "The bus leaves at noon from the station.",
      },
      sentenceEmbedder(),
    );
    expect((await documents.search("I forgot my password", { limit: 1 }))[0]!.file).toBe("password.txt");
    expect((await documents.search("cooking recipe", { limit: 1 }))[0]!.file).toBe("soup.txt");
  });

  it("takes a query of any length", async () => {
    const documents = await open({ "a.txt": "Steel tax." });
    const long = Array.from({ length: 5_000 }, (_, index) => `word${index}`).join(" ");
    expect(await documents.search(`steel ${long}`)).toHaveLength(1);
  });

  it("stops with the signal's own reason, and hands the signal to the embedder", async () => {
    const reason = new Error("enough");
    const documents = await open({ "a.txt": "Steel tax." });
    await expect(documents.search("steel", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    let calls = 0;
    const waiting = await open(
      { "a.txt": "Steel tax." },
      {
        specificationVersion: "v4",
        provider: "vendor",
        modelId: "slow",
        maxEmbeddingsPerCall: 8,
        supportsParallelCalls: false,
        async doEmbed({ values, abortSignal }) {
          if (calls++ === 0) return { embeddings: values.map(() => [1, 0]), warnings: [] };
          controller.abort(reason);
          abortSignal!.throwIfAborted();
          throw new Error("the signal did not come");
        },
      },
    );
    await expect(waiting.search("steel", { signal: controller.signal })).rejects.toBe(reason);
  });

  it("names wrong queries and options", async () => {
    const documents = await open({ "a.txt": "Steel tax." });
    await expect(documents.search(7 as never)).rejects.toSatisfy((error: unknown) =>
      isFlockError(error, "input_invalid"),
    );
    for (const options of [{ limit: 0 }, { limit: 101 }, { limit: 1.5 }, { max: 3 }]) {
      await expect(documents.search("x", options as never)).rejects.toSatisfy((error: unknown) =>
        isFlockError(error, "option_invalid"),
      );
    }
  });

  it("knows the text of its documents", async () => {
    const documents = await open({ "a.txt": "Steel tax." });
    expect(documents.textOf("a.txt")).toBe("Steel tax.");
    expect(documents.textOf("b.txt")).toBeUndefined();
  });
});
