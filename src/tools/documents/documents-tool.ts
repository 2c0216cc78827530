/** Gives agents the search as a tool. */

import { tool } from "../../agent/tool.ts";
import { checkOptions, nameString, nonEmptyString, wholeNumber } from "../../core/errors/options.ts";
import type { Documents } from "./documents.ts";

/** How the tool presents itself to models. */
export interface DocumentsToolOptions {
  /** @default "searchDocuments" */
  readonly name?: string;
  /** Passages given when the model does not say how many. @default 5 */
  readonly limit?: number;
  /** What the documents are about; models choose by it. @default says that it searches documents */
  readonly description?: string;
}

/** Passages a model may ask for at most; more would only fill its context. */
const mostPassages = 20;

/**
 * Makes a tool that searches documents. The model gives a query and, if it likes, a limit (cut to 1 to 20); it gets passages
 * with file, heading, offset and text.
 *
 * @throws option_invalid for an unknown option or a wrong value.
 */
export function documentsTool(documents: Documents, options: DocumentsToolOptions = {}) {
  checkOptions("documentsTool", options, { name: nameString, limit: wholeNumber(1), description: nonEmptyString });
  const usual = options.limit ?? 5;
  return tool({
    name: options.name ?? "searchDocuments",
    description:
      options.description ??
      "Searches the documents at hand. Give words or a question; get the passages that fit best, with their file.",
    input: "query: str | what to look for, limit?: int | how many passages to give",
    output: "results: list[{ file: str, heading?: str, offset: int, text: str }]",
    idempotent: true,
    execute: async (input, { signal }) => {
      const limit = Math.max(1, Math.min(mostPassages, Math.trunc(input.limit ?? usual)));
      const found = await documents.search(input.query, { limit, signal });
      const results = found.map(({ file, heading, offset, text }) => ({
        file,
        ...(heading === undefined ? {} : { heading }),
        offset,
        text,
      }));
      return { results };
    },
  });
}
