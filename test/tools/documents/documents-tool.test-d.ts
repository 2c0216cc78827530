import { describe, expectTypeOf, it } from "vitest";
import type { Documents } from "../../../src/tools/documents/documents.ts";
import { documentsToolOptions } from "../../../src/tools/documents/documents-tool.ts";

declare const documents: Documents;

describe("documentsToolOptions", () => {
  it("keeps its strings as literal types, so that a tool infers its input and output", () => {
    const options = documentsToolOptions(documents);
    expectTypeOf(options.name).toEqualTypeOf<"searchDocuments">();
    expectTypeOf(
      options.input,
    ).toEqualTypeOf<"query: str | what to look for, limit?: int | how many passages to give">();
    expectTypeOf(options.output).toEqualTypeOf<"results: list[{ file: str, heading?: str, offset: int, text: str }]">();
    expectTypeOf(options.idempotent).toEqualTypeOf<true>();
    expectTypeOf(documentsToolOptions(documents, { name: "lookUp" }).name).toEqualTypeOf<"lookUp">();
  });
});
