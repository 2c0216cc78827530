import { describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors.ts";
import { documentsToolOptions } from "../../../src/tools/documents/documents-tool.ts";
import { openDocuments } from "../../../src/tools/documents/open-documents.ts";

const signal = new AbortController().signal;
const documents = await openDocuments({
  documents: Array.from({ length: 30 }, (_, index) => ({
    name: `${index}.md`,
    text: `# Part ${index}\nSteel of kind ${index}.`,
  })),
});

describe("documentsToolOptions", () => {
  it("describes a tool that searches", () => {
    const options = documentsToolOptions(documents);
    expect(options).toMatchObject({ name: "searchDocuments", idempotent: true });
    expect(documentsToolOptions(documents, { name: "lookUp", description: "Steel handbook." })).toMatchObject({
      name: "lookUp",
      description: "Steel handbook.",
    });
  });

  it("gives passages with file, heading, offset and text, and nothing else", async () => {
    const { results } = await documentsToolOptions(documents).execute({ query: "kind 7", limit: 1 }, { signal });
    expect(results).toEqual([{ file: "7.md", heading: "Part 7", offset: 0, text: "# Part 7\nSteel of kind 7." }]);
  });

  it("gives five, or what its maker says, or what the model asks for, at most 20", async () => {
    const count = async (limit: number | undefined, usual?: number) => {
      const options = documentsToolOptions(documents, usual === undefined ? {} : { limit: usual });
      return (await options.execute({ query: "steel", limit }, { signal })).results.length;
    };
    expect(
      await Promise.all([count(undefined), count(undefined, 3), count(7, 3), count(500), count(-1), count(2.7)]),
    ).toEqual([5, 3, 7, 20, 1, 2]);
  });

  it("stops with the call", async () => {
    const reason = new Error("enough");
    const call = documentsToolOptions(documents).execute({ query: "steel" }, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
  });

  it("names wrong options", () => {
    for (const options of [{ name: "no spaces" }, { limit: 0 }, { descriptions: "x" }]) {
      expect(() => documentsToolOptions(documents, options as never)).toThrow(
        expect.toSatisfy((error: unknown) => isFlockError(error, "option_invalid")),
      );
    }
  });
});
