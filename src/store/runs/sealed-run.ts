/** Writes a stored run as one block of bytes with a checksum, and reads it back only as it was written. */

import type { StoredRun } from "../../core/run-store.ts";
import { keyBytes } from "../rows/key-bytes.ts";
import { openRow, sealRow } from "../rows/row-envelope.ts";
import { keyOfRun } from "./run-request.ts";

/** A run as its row has it. */
export interface SealedRun {
  readonly key: Buffer;
  readonly endMs: number;
  readonly sealed: Buffer;
}

/** Seals a run under its key. */
export function sealRun(run: StoredRun): SealedRun {
  const { runId, name, startMs, endMs, text } = run;
  const key = keyBytes(keyOfRun(run));
  // The head is JSON without a line break, so that the first one ends it.
  const value = `${JSON.stringify([runId, name, startMs])}\n${text}`;
  return { key, endMs, sealed: sealRow(key, { value, writtenAt: endMs, expiresAt: Number.POSITIVE_INFINITY }, []) };
}

/** Gives the run of a row; undefined for one that is not as it was written. */
export function openRun(key: unknown, sealed: unknown): StoredRun | undefined {
  if (!(key instanceof Uint8Array)) return undefined;
  const row = openRow(Buffer.from(key.buffer, key.byteOffset, key.length), sealed);
  if (row === undefined) return undefined;
  const lineEnd = row.value.indexOf("\n");
  const [runId, name, startMs] = headOf(row.value.slice(0, lineEnd)) ?? [];
  if (typeof runId !== "string" || typeof name !== "string" || typeof startMs !== "number") return undefined;
  return { runId, name, startMs, endMs: row.writtenAt, text: row.value.slice(lineEnd + 1) };
}

/** Whoever may write the file can make a checksum for anything. */
function headOf(text: string): readonly unknown[] | undefined {
  try {
    const head: unknown = JSON.parse(text);
    return Array.isArray(head) ? head : undefined;
  } catch {
    return undefined;
  }
}
