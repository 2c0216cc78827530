/** Looks at a model file before any weight is read, so that a wrong file is told by name. */

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { FlockError } from "../../core/errors/errors.ts";
import { llamaScheme } from "../model-name.ts";

/** A file that begins as GGUF files do. */
export interface GgufFile {
  /** Absolute. */
  readonly path: string;
  /** The file's name without its folder, which is all that events show. */
  readonly name: string;
}

/**
 * Finds a GGUF file; a relative path counts from the working directory, `~` is a character like any other.
 *
 * @throws model_unknown, naming the path, when there is no such file, it cannot be read, or it is no GGUF file.
 */
export function findGguf(path: string): GgufFile {
  const absolute = resolve(path);
  const shown = clip(path);
  const reason = reasonAgainst(absolute);
  if (reason === undefined) return { path: absolute, name: basename(absolute) };
  throw new FlockError("model_unknown", `there is no model "${llamaScheme}${shown}": ${reason}`, {
    details: { model: llamaScheme + shown },
  });
}

function reasonAgainst(path: string): string | undefined {
  const shown = clip(path);
  try {
    // Opening a pipe would wait for a writer.
    if (!statSync(path).isFile()) return `${shown} is no file`;
    return startOf(path) === "GGUF" ? undefined : `the file ${shown} is no GGUF file`;
  } catch (error) {
    return `the file ${shown} cannot be read (${(error as NodeJS.ErrnoException).code})`;
  }
}

function startOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(4);
    readSync(file, start, 0, 4, 0);
    return start.toString("latin1");
  } finally {
    closeSync(file);
  }
}

function clip(path: string): string {
  return path.length <= 300 ? path : `${path.slice(0, 299)}…`;
}
