/** The front door `flock-ts/tools`: ready-made tools. */

export {
  type DocumentMatch,
  type DocumentSearchOptions,
  type DocumentStats,
  Documents,
} from "../tools/documents/documents.ts";
export { type DocumentsToolOptions, documentsTool } from "../tools/documents/documents-tool.ts";
export {
  type DocumentProgress,
  type DocumentSource,
  type OpenDocumentsOptions,
  openDocuments,
  type TextDocument,
} from "../tools/documents/open-documents.ts";
export type { SkippedFile, SkipReason } from "../tools/documents/skipped-file.ts";
