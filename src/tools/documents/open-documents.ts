/** Makes a folder, or texts at hand, searchable. */

import { FlockError } from "../../core/errors/errors.ts";
import {
  checkOptions,
  functionOption,
  listOption,
  nonEmptyString,
  objectOption,
  oneOf,
  optionError,
  wholeNumber,
} from "../../core/errors/options.ts";
import type { JsonObject } from "../../core/json/json.ts";
import { Pacer } from "../../core/runtime/pacer.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { embedderOption } from "../../models/embed/embed-texts.ts";
import type { AnyEmbeddingModel } from "../../models/embed/embedding-model.ts";
import { embeddingModel } from "../../models/embed/resolve-embedder.ts";
import { lexicalEmbedder } from "../../models/offline/lexical-embedder.ts";
import { Documents } from "./documents.ts";
import { IndexBuilder } from "./index-builder.ts";
import { matchGlobs } from "./match-globs.ts";
import { type DocumentFormat, isDocumentFormat, readDocument, type UnreadDocument } from "./read-document.ts";
import { endingOf, type FoundFile, readFound, resolveFolder, unavailable, walkFolder } from "./read-folder.ts";
import type { SkippedFile } from "./skipped-file.ts";

/** A document whose text is at hand. */
export interface TextDocument {
  /** Stands as `file` in what is found; unique. */
  readonly name: string;
  readonly text: string;
  /** @default the ending of the name, when it is one of these, else "txt" */
  readonly format?: Exclude<DocumentFormat, "pdf">;
  /** Given back with what is found. */
  readonly metadata?: JsonObject;
}

/** Where documents come from: the path of a folder, or texts. */
export type DocumentSource = string | { readonly documents: readonly TextDocument[] };

/** How far indexing is. */
export interface DocumentProgress {
  /** Files indexed so far, and the last of them. */
  readonly files: number;
  readonly file: string;
  readonly chunks: number;
  readonly characters: number;
}

/** How documents are indexed. */
export interface OpenDocumentsOptions {
  /** A string such as `openai/text-embedding-3-small`, or any embedding model of the AI SDK. @default "offline/lexical" */
  readonly embedder?: string | AnyEmbeddingModel;
  /** Most UTF-16 units in a passage, 100 or more. @default 1200 */
  readonly chunkCharacters?: number;
  /** Most units a passage repeats of the one before; less than half of `chunkCharacters`. @default a sixth of it */
  readonly overlapCharacters?: number;
  /** Larger files are skipped. @default 10,000,000 */
  readonly maxFileBytes?: number;
  /** Files after this many are skipped. @default 10,000 */
  readonly maxFiles?: number;
  /** Patterns of paths inside the folder, such as `["*.md", "guides/**"]`; others are passed over. @default all files */
  readonly include?: readonly string[];
  readonly signal?: AbortSignal;
  /** Called after each indexed file. */
  readonly onProgress?: (progress: DocumentProgress) => void;
  /** Called for each skipped file. */
  readonly onSkip?: (skipped: SkippedFile) => void;
  /** @default the system's */
  readonly runtime?: Runtime;
}

/** The list of skipped files ends here; `onSkip` is told of all. */
const mostSkippedKept = 10_000;

/**
 * Indexes the md, txt, json, html, htm and pdf files of a folder, or given texts, in memory. HTML needs the optional
 * package htmlparser2, PDF needs unpdf; both are loaded only when such a file is met.
 *
 * Nothing outside the folder is ever read; links that lead out, hidden files and node_modules are not either. A file that
 * cannot be read is in `skipped` with its reason, never fatal. The event loop keeps turning meanwhile; an abort stops the work.
 *
 * @throws documents_unavailable for a missing folder, a file in place of one, or nothing to index; package_missing when
 *   nothing could be indexed for want of a package; option_invalid; model_failed when the embedder fails; the signal's own reason.
 *
 * @example
 * ```ts
 * import { openDocuments } from "flock-ts/tools";
 *
 * const documents = await openDocuments({ documents: [{ name: "tax.md", text: "# Tax\nImports are taxed at 5 %." }] });
 * const [best] = await documents.search("import tax");
 * ```
 */
export async function openDocuments(source: DocumentSource, options: OpenDocumentsOptions = {}): Promise<Documents> {
  checkSource(source);
  checkOpenOptions(options);
  const { signal, runtime = systemRuntime } = options;
  const embedder = options.embedder === undefined ? lexicalEmbedder() : embeddingModel(options.embedder, { runtime });
  const started = runtime.monotonic();
  const pacer = new Pacer(runtime, signal);
  const chunkCharacters = options.chunkCharacters ?? 1200;
  const overlapCharacters = options.overlapCharacters ?? Math.floor(chunkCharacters / 6);
  const builder = new IndexBuilder({ size: { chunkCharacters, overlapCharacters }, embedder, pacer, signal });
  const skipped: SkippedFile[] = [];
  const unread = typeof source === "string" ? readFolder(source, options) : givenDocuments(source.documents);
  for await (const document of unread) {
    await pacer.pause();
    const extracted = "reason" in document ? document : await readDocument(document, pacer);
    if ("reason" in extracted) {
      if (skipped.length < mostSkippedKept) skipped.push(extracted);
      options.onSkip?.(extracted);
      continue;
    }
    const { file, metadata } = document as UnreadDocument & { metadata?: JsonObject };
    await builder.add({ file, ...extracted, ...(metadata === undefined ? {} : { metadata }) });
    const { chunks, characters } = builder;
    options.onProgress?.({ files: builder.files.length, file, chunks: chunks.length, characters });
  }
  if (builder.files.length === 0) throw nothingIndexed(source, skipped);
  const words = await builder.finish();
  const { files, chunks, vectors, characters } = builder;
  const milliseconds = runtime.monotonic() - started;
  const stats = { files: files.length, chunks: chunks.length, characters, milliseconds };
  return new Documents({ files, chunks, vectors, words, embedder, skipped, stats });
}

async function* readFolder(
  folder: string,
  options: OpenDocumentsOptions,
): AsyncGenerator<UnreadDocument | SkippedFile> {
  const included = options.include === undefined ? () => true : matchGlobs(options.include);
  const maxFiles = options.maxFiles ?? 10_000;
  const root = await resolveFolder(folder);
  let count = 0;
  for await (const found of walkFolder(root)) {
    options.signal?.throwIfAborted();
    if (!included(found.file)) continue;
    if ("reason" in found) {
      yield found;
      continue;
    }
    const format = endingOf(found.file);
    if (!isDocumentFormat(format)) yield unknownFormat(found);
    else if (++count > maxFiles) yield tooMany(found, maxFiles);
    else {
      const content = await readFound(root, found, options.maxFileBytes ?? 10_000_000);
      yield "reason" in content ? content : { file: found.file, format, content };
    }
  }
}

function unknownFormat({ file }: FoundFile): SkippedFile {
  const ending = endingOf(file);
  const name = ending === "" ? "files without an ending" : `".${ending}" files`;
  return {
    file,
    reason: "format_unknown",
    message: `there is no reader for ${name}; there is for md, txt, json, html, pdf`,
  };
}

function tooMany({ file }: FoundFile, maxFiles: number): SkippedFile {
  return { file, reason: "too_many_files", message: `it comes after the first ${maxFiles} files (maxFiles)` };
}

async function* givenDocuments(documents: readonly TextDocument[]) {
  for (const { name, text, format, metadata } of documents) {
    const ending = endingOf(name);
    const byName = isDocumentFormat(ending) && ending !== "pdf" ? ending : "txt";
    yield { file: name, format: format ?? byName, content: text, metadata } as UnreadDocument;
  }
}

function nothingIndexed(source: DocumentSource, skipped: readonly SkippedFile[]): FlockError {
  for (const { file, package: name, message } of skipped) {
    if (name === undefined) continue;
    return new FlockError("package_missing", `openDocuments: nothing could be indexed: ${message}`, {
      details: { package: name, install: `npm install ${name}`, purpose: `read ${file}` },
    });
  }
  const path = typeof source === "string" ? source : "documents";
  const where = typeof source === "string" ? `the folder "${source}"` : "the list of documents";
  const why = skipped
    .slice(0, 3)
    .map(({ file, message }) => `${file}: ${message}`)
    .join("; ");
  const reason = why === "" ? "it holds no md, txt, json, html or pdf file" : `every file was skipped (${why})`;
  return unavailable(path, `there is nothing to search in ${where}: ${reason}`);
}

function checkSource(source: unknown): asserts source is DocumentSource {
  if (typeof source === "string" && source.trim() !== "") return;
  if (typeof source !== "object")
    throw optionError("openDocuments", "source", "the path of a folder or { documents: [{ name, text }] }", source);
  checkOptions("openDocuments source", source, { documents: listOption });
  const { documents } = source as { readonly documents?: readonly TextDocument[] };
  if (documents === undefined) throw optionError("openDocuments", "documents", "a list of { name, text }", documents);
  const names = new Set<string>();
  for (const [index, document] of documents.entries()) {
    const owner = `openDocuments documents[${index}]`;
    checkOptions(owner, document, {
      name: nonEmptyString,
      text: (value) => (typeof value === "string" ? undefined : "a string"),
      format: oneOf("md", "txt", "json", "html", "htm"),
      metadata: objectOption,
    });
    for (const field of ["name", "text"] as const) {
      if (document[field] === undefined) throw optionError(owner, field, "a string", undefined);
    }
    if (names.has(document.name)) throw optionError(owner, "name", "unlike all others", document.name);
    names.add(document.name);
  }
}

function checkOpenOptions(options: OpenDocumentsOptions): void {
  checkOptions("openDocuments", options, {
    embedder: embedderOption,
    chunkCharacters: wholeNumber(100),
    overlapCharacters: wholeNumber(0),
    maxFileBytes: wholeNumber(1),
    maxFiles: wholeNumber(1),
    include: listOption,
    signal: objectOption,
    onProgress: functionOption,
    onSkip: functionOption,
    runtime: objectOption,
  });
  for (const pattern of options.include ?? []) {
    if (nonEmptyString(pattern) !== undefined)
      throw optionError("openDocuments", "include", "a list of patterns", pattern);
  }
  const { chunkCharacters = 1200, overlapCharacters = 0 } = options;
  if (overlapCharacters * 2 >= chunkCharacters) {
    throw optionError(
      "openDocuments",
      "overlapCharacters",
      `less than half of chunkCharacters (${chunkCharacters})`,
      overlapCharacters,
    );
  }
}
