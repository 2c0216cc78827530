import { describe, expectTypeOf, it } from "vitest";
import type { InputOf, OutputOf } from "../../../src/core/door/run.ts";
import type { Documents } from "../../../src/tools/documents/documents.ts";
import { documentsTool } from "../../../src/tools/documents/documents-tool.ts";

declare const documents: Documents;

describe("documentsTool", () => {
  it("is typed by its signatures", () => {
    const search = documentsTool(documents, { name: "lookUp" });
    expectTypeOf<InputOf<typeof search>>().toEqualTypeOf<{ query: string; limit?: number }>();
    type Passage = { file: string; heading?: string; offset: number; text: string };
    expectTypeOf<OutputOf<typeof search>>().toEqualTypeOf<{ results: Passage[] }>();
  });
});
