/** Says why a file is not among the documents, so that nobody wonders why it is never found. */

/** Why a file was not indexed. */
export type SkipReason =
  /** A link that leads outside the folder. */
  | "path_forbidden"
  /** The name's ending is none of md, txt, json, html, htm, pdf. */
  | "format_unknown"
  | "too_large"
  /** It came after the first `maxFiles` files. */
  | "too_many_files"
  /** It could not be opened or read: permissions, a dangling link, no regular file. */
  | "unreadable"
  /** Its content is not what its name says. */
  | "broken"
  /** It needs an optional package that is not installed. */
  | "package_missing"
  /** It has no text. */
  | "empty";

/** A file that was not indexed. */
export interface SkippedFile {
  /** Path inside the folder, with `/` between its parts, or the name of a given document. */
  readonly file: string;
  readonly reason: SkipReason;
  /** A sentence for people. */
  readonly message: string;
  /** The package it needs, when that is the reason. */
  readonly package?: string;
}
