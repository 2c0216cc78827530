import { describe, expect, it } from "vitest";
import { Flock, isFlockError } from "../../../src/entries/index.ts";
import { createTestRuntime } from "../../../src/entries/testing.ts";
import { documentsTool } from "../../../src/tools/documents/documents-tool.ts";
import { openDocuments } from "../../../src/tools/documents/open-documents.ts";

const flock = new Flock({ runtime: createTestRuntime() });
const documents = await openDocuments({
  documents: Array.from({ length: 30 }, (_, index) => ({
    name: `${index}.md`,
    text: `# Part ${index}\nSteel of kind ${index}.`,
  })),
});

describe("documentsTool", () => {
  it("describes a tool that searches", () => {
    const search = documentsTool(documents);
    expect(search).toMatchObject({ name: "searchDocuments", kind: "tool", policy: { idempotent: true } });
    expect(documentsTool(documents, { name: "lookUp", description: "Steel handbook." })).toMatchObject({
      name: "lookUp",
      description: "Steel handbook.",
    });
  });

  it("gives passages with file, heading, offset and text, and nothing else", async () => {
    const { results } = await flock.run(documentsTool(documents), { query: "kind 7", limit: 1 });
    expect(results).toEqual([{ file: "7.md", heading: "Part 7", offset: 0, text: "# Part 7\nSteel of kind 7." }]);
  });

  it("gives five, or what its maker says, or what the model asks for, at most 20", async () => {
    const count = async (limit: number | undefined, usual?: number) => {
      const search = documentsTool(documents, usual === undefined ? {} : { limit: usual });
      const input = { query: "steel", ...(limit === undefined ? {} : { limit }) };
      return (await flock.run(search, input)).results.length;
    };
    expect(await Promise.all([count(undefined), count(undefined, 3), count(7, 3), count(500), count(-1)])).toEqual([
      5, 3, 7, 20, 1,
    ]);
  });

  it("stops with the call", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const call = flock.run(documentsTool(documents), { query: "steel" }, { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  it("names wrong options", () => {
    for (const options of [{ name: "no spaces" }, { limit: 0 }, { descriptions: "x" }]) {
      expect(() => documentsTool(documents, options as never)).toThrow(
        expect.toSatisfy((error: unknown) => isFlockError(error, "option_invalid")),
      );
    }
  });
});
