/** One text for a key and its arguments, such that two different pairs never give the same one. */

import { canonicalText, digestOf } from "../../core/json/canonical-key.ts";
import { copyExactly } from "./memory/private-copy.ts";

/** Marks texts that are not a key alone. A key that itself begins so is marked too. */
const mark = "\0";
const keyAlone = `${mark}=`;
/** Begins the text of a call's answer, which no key of a user can meet. */
export const callMark = `${mark}!`;
/** Arguments with a longer text are kept as their hash. */
const longestArguments = 256;

/** Gives the text of a key alone: the key itself, but for keys that begin with NUL. */
export function entryKey(key: string): string {
  return key.charCodeAt(0) === 0 ? `${keyAlone}${key}` : key;
}

/**
 * Gives the text of a key with arguments: the key with its length before it, then the arguments in canonical form.
 *
 * @throws NotPlainJson when the arguments are not plain JSON: a Map and a Set would both look like an empty object,
 *   as would one with a field named `__proto__`, which copies leave out.
 */
export function entryKeyWith(key: string, args: unknown): string {
  if (args === undefined) return entryKey(key);
  const text = canonicalText(copyExactly(args));
  // No JSON begins with "#".
  return `${mark}${key.length}:${key}${text.length > longestArguments ? `#${digestOf(text)}` : text}`;
}

/** Gives the key that an entry's text was made of. */
export function userKeyOf(text: string): string {
  return splitText(text)[0];
}

/**
 * Gives the text for a second level: it begins with the key, so that stores can delete by prefix, and ends with the key's
 * length, so that it can be taken apart in one way alone. A key that is no valid Unicode has none, since stores would mix it
 * up with others; that of a call, which nobody reads, is hashed then. A call's ends with "!", as no user's key does.
 */
export function storeKeyOf(namespace: string, text: string): string | undefined {
  const [key, args] = splitText(text);
  const isPlain = key.isWellFormed() && !key.includes(mark);
  if (text.startsWith(callMark)) return `${namespace}:${isPlain ? key : `!${digestOf(JSON.stringify(key))}`}~!`;
  return isPlain ? `${namespace}:${key}${args}~${key.length}` : undefined;
}

/** Takes an entry's text apart into the key and the text of the arguments. */
function splitText(text: string): readonly [key: string, args: string] {
  if (text.charCodeAt(0) !== 0) return [text, ""];
  if (text.startsWith(callMark)) return [text.slice(1), ""];
  if (text.startsWith(keyAlone)) return [text.slice(keyAlone.length), ""];
  const start = text.indexOf(":") + 1;
  const end = start + Number(text.slice(1, start - 1));
  return [text.slice(start, end), text.slice(end)];
}
