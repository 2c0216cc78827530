/** Gives agents the search as a tool. */

import { checkOptions, nameString, nonEmptyString, wholeNumber } from "../../core/options.ts";
import type { Documents } from "./documents.ts";

/** How the tool presents itself to models. */
export interface DocumentsToolOptions<Name extends string = string> {
  /** @default "searchDocuments" */
  readonly name?: Name;
  /** Passages given when the model does not say how many. @default 5 */
  readonly limit?: number;
  /** What the documents are about; models choose by it. @default says that it searches documents */
  readonly description?: string;
}

/** Passages a model may ask for at most; more would only fill its context. */
const mostPassages = 20;

/**
 * Makes the options of a tool that searches documents. The model gives a query and, if it likes, a limit (cut to 1 to 20); it
 * gets passages with file, heading, offset and text.
 */
export function documentsToolOptions<const Name extends string = "searchDocuments">(
  documents: Documents,
  options: DocumentsToolOptions<Name> = {},
) {
  checkOptions("documentsTool", options, { name: nameString, limit: wholeNumber(1), description: nonEmptyString });
  const usual = options.limit ?? 5;
  return {
    name: options.name ?? ("searchDocuments" as Name),
    description:
      options.description ??
      "Searches the documents at hand. Give words or a question; get the passages that fit best, with their file.",
    input: "query: str | what to look for, limit?: int | how many passages to give",
    output: "results: list[{ file: str, heading?: str, offset: int, text: str }]",
    idempotent: true,
    execute: async (
      input: { readonly query: string; readonly limit?: number | undefined },
      context: { readonly signal: AbortSignal },
    ) => {
      const limit = Math.max(1, Math.min(mostPassages, Math.trunc(input.limit ?? usual)));
      const found = await documents.search(input.query, { limit, signal: context.signal });
      const results = found.map(({ file, heading, offset, text }) => ({
        file,
        ...(heading === undefined ? {} : { heading }),
        offset,
        text,
      }));
      return { results };
    },
  } as const;
}
