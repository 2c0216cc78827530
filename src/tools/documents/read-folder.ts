/** Reads files of one folder and never anything outside it. */

import { constants, type Dirent } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { extname, join, relative, resolve, sep } from "node:path";
import { FlockError } from "../../core/errors/errors.ts";
import type { SkippedFile } from "./skipped-file.ts";

/** A file found in the folder. */
export interface FoundFile {
  /** Path inside the folder, with `/` between its parts. */
  readonly file: string;
  /** Path to open. */
  readonly path: string;
}

/**
 * Gives the real path of a folder, links resolved.
 *
 * @throws documents_unavailable when it does not exist, is no folder or may not be entered.
 */
export async function resolveFolder(folder: string): Promise<string> {
  try {
    const root = await realpath(resolve(folder));
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    throw unavailable(
      folder,
      `cannot open the folder "${folder}": ${explain(error)}; give a folder that exists`,
      error,
    );
  }
  throw unavailable(
    folder,
    `"${folder}" is a file, not a folder; give the folder it lies in, and its name as "include"`,
  );
}

/**
 * Finds the files of a folder and its folders in the order of their names. Hidden ones and `node_modules` are passed over.
 * A link is never followed: where it stays inside, its target is found under its own name; where it leads outside, it is
 * given as skipped.
 */
export async function* walkFolder(root: string, folder: string = root): AsyncGenerator<FoundFile | SkippedFile> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    yield { file: nameIn(root, folder), reason: "unreadable", message: explain(error) };
    return;
  }
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walkFolder(root, path);
    else if (entry.isFile()) yield { file: nameIn(root, path), path };
    else if (entry.isSymbolicLink()) yield* lookAtLink(root, path);
    else yield { file: nameIn(root, path), reason: "unreadable", message: "it is no regular file" };
  }
}

async function* lookAtLink(root: string, path: string): AsyncGenerator<SkippedFile> {
  const file = nameIn(root, path);
  try {
    if (isInside(root, await realpath(path))) return;
    yield { file, reason: "path_forbidden", message: "it is a link that leads outside the folder" };
  } catch (error) {
    yield { file, reason: "unreadable", message: `it is a link that leads nowhere: ${explain(error)}` };
  }
}

/** Reads a found file; looks again where it really lies, in case somebody swaps it for a link meanwhile. */
export async function readFound(root: string, found: FoundFile, maxBytes: number): Promise<Uint8Array | SkippedFile> {
  const { file, path } = found;
  try {
    if (!isInside(root, await realpath(path))) {
      return { file, reason: "path_forbidden", message: "it leads outside the folder" };
    }
    // Never through a link in the last step, and never waiting for the other end of a pipe.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const handle = await open(path, flags);
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) return { file, reason: "unreadable", message: "it is no regular file" };
      if (facts.size > maxBytes) return tooLarge(file, facts.size, maxBytes);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { file, reason: "unreadable", message: explain(error) };
  }
}

function tooLarge(file: string, size: number, maxBytes: number): SkippedFile {
  const message = `it has ${size} bytes, more than maxFileBytes (${maxBytes})`;
  return { file, reason: "too_large", message };
}

/** Gives the ending of a name, lower-cased, without its dot. */
export function endingOf(name: string): string {
  return extname(name).slice(1).toLowerCase();
}

/** Makes the error for a source that gives nothing to search. */
export function unavailable(path: string, reason: string, cause?: unknown): FlockError<"documents_unavailable"> {
  return new FlockError("documents_unavailable", `openDocuments: ${reason}`, {
    details: { path, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function nameIn(root: string, path: string): string {
  const name = relative(root, path);
  return name === "" ? "." : name.split(sep).join("/");
}

function explain(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES" || code === "EPERM") return "permission is denied";
  return error instanceof Error ? error.message : String(error);
}
