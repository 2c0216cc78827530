/** What a store keeps for a value: the value's JSON with its age and limit, and a digest that finds damage. */

import { digestOf } from "../../core/json/canonical-key.ts";

/** A value with what is needed to judge its age. */
export interface Envelope {
  readonly value: unknown;
  /** Milliseconds for which it is fresh from when it was written; null for ever. */
  readonly ttlMs: number | null;
  /** Wall clock, milliseconds since 1970. */
  readonly writtenAt: number;
}

const digestLength = 22;
/** Says how the rest is written; others are not read. */
const format = "1";

/** Writes an envelope. The digest covers the key too, so that a text under another key is not taken for its own. */
export function sealEnvelope(key: string, { value, ttlMs, writtenAt }: Envelope): string {
  const body = `${format};${ttlMs ?? ""};${writtenAt};${JSON.stringify(value)}`;
  return `${digestOf(key, body)}${body}`;
}

/** Reads an envelope; undefined when it was damaged, written in another format or for another key. */
export function openEnvelope(key: string, text: string): Envelope | undefined {
  if (typeof text !== "string") return undefined;
  const body = text.slice(digestLength);
  if (digestOf(key, body) !== text.slice(0, digestLength)) return undefined;
  const [version, ttl, writtenAt] = body.split(";", 3);
  if (version !== format || ttl === undefined || writtenAt === undefined) return undefined;
  const json = body.slice(version.length + ttl.length + writtenAt.length + 3);
  return { value: JSON.parse(json), ttlMs: ttl === "" ? null : Number(ttl), writtenAt: Number(writtenAt) };
}
