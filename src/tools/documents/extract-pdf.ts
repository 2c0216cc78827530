/** Reads the text of PDF files, page by page. */

import { loadPackage } from "../../core/runtime/optional-package.ts";
import type { Pacer } from "../../core/runtime/pacer.ts";
import type { ExtractedText, Mark } from "./extracted-text.ts";

/**
 * Takes the text out of a PDF, pages separated by an empty line, each with a mark. Pages without text (scans) give none.
 *
 * @throws package_missing without the optional package unpdf; the reader's own error for a broken or locked file.
 */
export async function extractPdf(bytes: Uint8Array, pacer: Pacer): Promise<ExtractedText> {
  const { getDocumentProxy } = await loadPackage({
    name: "unpdf",
    purpose: "read PDF files",
    load: () => import("unpdf"),
  });
  // A copy, since the reader takes its bytes away from whoever gave them, and refuses Node's buffers.
  const own = new Uint8Array(bytes);
  // Verbosity 0: a broken file is reported in `skipped`, not on the console.
  const pdf = await getDocumentProxy(own, { verbosity: 0 });
  try {
    const parts: string[] = [];
    const marks: Mark[] = [];
    let offset = 0;
    for (let number = 1; number <= pdf.numPages; number++) {
      await pacer.pause();
      const page = await pdf.getPage(number);
      const text = textOf((await page.getTextContent()).items);
      page.cleanup();
      if (text === "") continue;
      marks.push({ offset, page: number, cut: false });
      parts.push(text, "\n\n");
      offset += text.length + 2;
    }
    return { text: parts.join(""), marks };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

/** Marked content among the items has no text. */
function textOf(items: readonly object[]): string {
  let text = "";
  for (const item of items) {
    const { str, hasEOL } = item as { readonly str?: string; readonly hasEOL?: boolean };
    text += (str ?? "") + (hasEOL === true ? "\n" : "");
  }
  return text.trim();
}
