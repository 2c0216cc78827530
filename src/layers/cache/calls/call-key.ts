/** One text for what a call is asked, such that two different inputs never give the same one. */

import { digestOf } from "../../../core/json/canonical-key.ts";

/** Longer texts are kept as their hash. */
const longest = 256;
const deepest = 200;
/** Hashes of long texts, for objects that cannot change any more: schemas, tools and system messages of agents. */
const known = new WeakMap<object, string>();

/** Whether all that was written since it was last set is unchangeable. */
let isFixed = true;

/**
 * Writes plain JSON with sorted keys; texts with their length before them, which takes no look at their characters, and parts
 * with a long text as their hash. Bytes and addresses, which prompts may hold, are written unlike any JSON. Gives undefined
 * for anything else: its text could be that of something different.
 */
export function keyText(value: unknown): string | undefined {
  isFixed = false;
  return write(value, 0);
}

function write(value: unknown, depth: number): string | undefined {
  if (typeof value === "string") return value.length > longest ? `"${hashOf(value)}` : `${value.length}"${value}`;
  if (typeof value === "object" && value !== null) return depth < deepest ? writeObject(value, depth + 1) : undefined;
  if (typeof value === "number") return Number.isFinite(value) ? `${value}` : undefined;
  return value === null || typeof value === "boolean" ? `${value}` : undefined;
}

function writeObject(value: object, depth: number): string | undefined {
  const mayBeKnown = Object.isFrozen(value);
  const hash = mayBeKnown ? known.get(value) : undefined;
  if (hash !== undefined) return hash;
  const outer = isFixed;
  isFixed = mayBeKnown;
  const text = Array.isArray(value) ? writeList(value, depth) : writeFields(value, depth);
  const shortened = text === undefined ? undefined : short(text);
  const isLong = text !== shortened;
  if (isFixed && (isLong || outer)) isFixed = !hasGetter(value);
  if (isFixed && isLong && shortened !== undefined) known.set(value, shortened);
  isFixed &&= outer;
  return shortened;
}

/** What is frozen may still give something else each time it is read. */
function hasGetter(value: object): boolean {
  return Object.keys(value).some((key) => Object.getOwnPropertyDescriptor(value, key)?.get !== undefined);
}

function writeList(list: readonly unknown[], depth: number): string | undefined {
  let text = "[";
  for (let index = 0; index < list.length; index++) {
    const item = list[index] === undefined ? "#none" : write(list[index], depth);
    if (item === undefined) return undefined;
    text += `${item},`;
  }
  return `${text}]`;
}

function writeFields(value: object, depth: number): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return writeInstance(value);
  const keys = Object.keys(value);
  if (keys.length > 1) keys.sort();
  let text = "{";
  for (const key of keys) {
    const field = (value as Record<string, unknown>)[key];
    if (field === undefined) continue;
    const written = write(field, depth);
    if (written === undefined) return undefined;
    text += `${key.length}:${key}${written},`;
  }
  return `${text}}`;
}

/** What "#" begins is no JSON. */
function writeInstance(value: object): string | undefined {
  // Frozen or not, these can be changed.
  isFixed = false;
  if (value instanceof Uint8Array) return `#bytes${Buffer.from(value).toString("base64")}`;
  return value instanceof URL ? `#url${value.href.length}"${value.href}` : undefined;
}

function short(text: string): string {
  return text.length > longest ? `#${hashOf(text)}` : text;
}

/** Half of a surrogate pair alone has no bytes of its own, so a text with one is hashed as it is written, and marked. */
function hashOf(text: string): string {
  return text.isWellFormed() ? digestOf(text) : `~${digestOf(JSON.stringify(text))}`;
}
