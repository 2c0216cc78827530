/** What a store on disk or on a server keeps for a value: one block of bytes with its times, and a checksum that finds damage. */

import { tagBytes } from "./key-bytes.ts";

/** A value with its times. Both are milliseconds since 1970. */
export interface Row {
  readonly value: string;
  readonly writtenAt: number;
  /** `Infinity` when it never expires. */
  readonly expiresAt: number;
}

/** Bytes of the checksum a sealed row begins with: 128 bits of SHA-256. */
export const checksumBytes = 16;
/** Says how the rest is written; others are not read. */
export const rowFormat = 1;
/** Clocks of two writers may differ by this much; what is further in the future says nothing about its age. */
const skewMs = 1_000;

const utf8 = 0;
const utf16 = 1;
const writtenAtOffset = checksumBytes + 2;
const expiresAtOffset = writtenAtOffset + 8;
const tagCountOffset = expiresAtOffset + 8;
const headBytes = tagCountOffset + 4;

/** Writes a row. The checksum covers key, times, tags and value, so that no row is taken for another. */
export function sealRow(key: Buffer, row: Row, tags: readonly Buffer[]): Buffer {
  // UTF-8 would change halves of surrogate pairs.
  const encoding = row.value.isWellFormed() ? utf8 : utf16;
  const value = Buffer.from(row.value, encoding === utf8 ? "utf8" : "utf16le");
  const head = Buffer.alloc(headBytes);
  head[checksumBytes] = rowFormat;
  head[checksumBytes + 1] = encoding;
  head.writeDoubleBE(row.writtenAt, writtenAtOffset);
  head.writeDoubleBE(row.expiresAt, expiresAtOffset);
  head.writeUInt32BE(tags.length, tagCountOffset);
  const bytes = Buffer.concat([head, ...tags, value]);
  checksum(key, bytes).copy(bytes, 0, 0, checksumBytes);
  return bytes;
}

/** Reads a row; undefined when it was damaged, written in another format or for another key. */
export function openRow(key: Buffer, sealed: unknown): Row | undefined {
  if (!(sealed instanceof Uint8Array) || sealed.length < headBytes) return undefined;
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
  if (bytes[checksumBytes] !== rowFormat) return undefined;
  if (checksum(key, bytes).compare(bytes, 0, checksumBytes, 0, checksumBytes) !== 0) return undefined;
  const start = headBytes + bytes.readUInt32BE(tagCountOffset) * tagBytes;
  const encoding = bytes[checksumBytes + 1] === utf8 ? "utf8" : "utf16le";
  return {
    value: bytes.toString(encoding, start),
    writtenAt: bytes.readDoubleBE(writtenAtOffset),
    expiresAt: bytes.readDoubleBE(expiresAtOffset),
  };
}

/** Gives the milliseconds a row has left, `Infinity` for ever; 0 or less when it has expired or comes from the future. */
export function remainingMs({ writtenAt, expiresAt }: Row, now: number): number {
  if (writtenAt > now + skewMs) return 0;
  return expiresAt - Math.max(now, writtenAt);
}

function checksum(key: Buffer, bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(key.length);
  // Loaded here, not at the start: it takes Node about as long to load as a third of this package.
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  return hash.update(length).update(key).update(bytes.subarray(checksumBytes)).digest().subarray(0, checksumBytes);
}
