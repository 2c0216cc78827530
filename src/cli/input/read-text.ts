/** Gets the text of an argument: written there, from a file (`@file`), or from the standard input (`-`). */

import { createReadStream } from "node:fs";
import { addAbortSignal, type Readable } from "node:stream";
import { FlockError } from "../../entries/index.ts";
import { type CliHost, usageError } from "../command.ts";

/** More would fill the memory before any model could take it. */
const mostBytes = 32 * 2 ** 20;

/**
 * Gives the text an argument stands for, without a byte order mark and, from files and the standard input, without the
 * last line end. `@@name` stands for the text `@name`.
 *
 * @throws option_invalid for a file that cannot be read, more than 32 MiB, or what is no UTF-8; the signal's own reason.
 */
export async function readText(argument: string, host: Pick<CliHost, "stdin">, signal: AbortSignal): Promise<string> {
  if (argument === "-") return readAll(host.stdin, "the standard input", signal);
  if (!argument.startsWith("@") || argument === "@") return argument;
  if (argument.startsWith("@@")) return argument.slice(1);
  const path = argument.slice(1);
  try {
    return await readAll(createReadStream(path), `the file "${path}"`, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FlockError) throw error;
    const reason = reasonOf((error as NodeJS.ErrnoException).code);
    const message = `cannot read the file "${path}": ${reason}; for a text that begins with @, write @@`;
    throw usageError(message, "VALUE", "a file that can be read", reason);
  }
}

async function readAll(stream: Readable, name: string, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(signal, stream)) {
      const part: Uint8Array = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      bytes += part.byteLength;
      if (bytes > mostBytes) {
        const most = `${mostBytes / 2 ** 20} MiB`;
        throw usageError(`${name} holds more than ${most}; give less, or a folder with --docs`, "VALUE", most, "more");
      }
      chunks.push(part);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return decode(Buffer.concat(chunks), name);
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw usageError(`${name} is not UTF-8 text; convert it first`, "VALUE", "UTF-8 text", "other bytes");
  }
}

function reasonOf(code: string | undefined): string {
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder; search folders with --docs";
  if (code === "EACCES" || code === "EPERM") return "it may not be read";
  return code ?? "it cannot be opened";
}
