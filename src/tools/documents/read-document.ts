/** Chooses how the text of a document is read, by its format. */

import { isFlockError } from "../../core/errors/errors.ts";
import type { Pacer } from "../../core/runtime/pacer.ts";
import { decodeText } from "./decode-text.ts";
import { extractHtml } from "./extract-html.ts";
import { extractJson } from "./extract-json.ts";
import { extractMarkdown } from "./extract-markdown.ts";
import { extractPdf } from "./extract-pdf.ts";
import type { ExtractedText } from "./extracted-text.ts";
import type { SkippedFile } from "./skipped-file.ts";

/** The formats there are readers for. */
export const documentFormats = ["md", "txt", "json", "html", "htm", "pdf"] as const;
/** A format, as the ending of a file's name. */
export type DocumentFormat = (typeof documentFormats)[number];

/** Tells whether there is a reader for an ending. */
export function isDocumentFormat(ending: string): ending is DocumentFormat {
  return (documentFormats as readonly string[]).includes(ending);
}

/** What is read: a file's bytes, or text that somebody has already. */
export interface UnreadDocument {
  readonly file: string;
  readonly format: DocumentFormat;
  readonly content: Uint8Array | string;
}

/** Reads a document's text, or says why it cannot be. Rejects only when the pacer's signal aborts. */
export async function readDocument(document: UnreadDocument, pacer: Pacer): Promise<ExtractedText | SkippedFile> {
  const { file, format, content } = document;
  try {
    const extracted = await extract(format, content, pacer);
    if (extracted === undefined) return { file, reason: "broken", message: "it holds binary data, not text" };
    if (extracted.text.trim() !== "") return extracted;
    const message = format === "pdf" ? "it has no text; scanned pages are pictures" : "it has no text";
    return { file, reason: "empty", message };
  } catch (error) {
    // An abort is nobody's broken file.
    await pacer.pause();
    if (isFlockError(error, "package_missing")) {
      return { file, reason: "package_missing", message: error.message, package: error.details.package };
    }
    const why = error instanceof Error ? error.message : String(error);
    return { file, reason: "broken", message: `it cannot be read as ${format}: ${why}` };
  }
}

async function extract(
  format: DocumentFormat,
  content: Uint8Array | string,
  pacer: Pacer,
): Promise<ExtractedText | undefined> {
  if (format === "pdf") return extractPdf(content as Uint8Array, pacer);
  const text = typeof content === "string" ? content : decodeText(content);
  if (text === undefined) return undefined;
  switch (format) {
    case "md":
      return extractMarkdown(text, pacer);
    case "json":
      return extractJson(text, pacer);
    case "html":
    case "htm":
      return extractHtml(text, pacer);
    case "txt":
      return { text, marks: [] };
  }
}
