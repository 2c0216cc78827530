/** One text for equal JSON, so that caches, journals and introspection agree on what "the same input" is. */

import { FlockError } from "../errors/errors.ts";

/**
 * Writes a JSON value with object keys sorted by UTF-16 code units and without spaces (the form of RFC 8785, for the
 * values JSON.stringify keeps). Equal values give equal text whatever the order of their keys. `undefined` fields are
 * absent, as in JSON; a `Uint8Array` is written as its bytes.
 *
 * @throws input_invalid for a cycle, a function, a symbol, a bigint, NaN or an infinite number.
 */
export function canonicalText(value: unknown): string {
  return write(value, "", undefined);
}

/** Hashes parts with SHA-256, each preceded by its length so that no two lists of parts can meet; 22 base64url characters (132 bits). */
export function digestOf(...parts: readonly string[]): string {
  let joined = "";
  for (const part of parts) joined += `${part.length}:${part}`;
  // Loaded here, not at the start: it takes Node about as long to load as a third of this package.
  return process.getBuiltinModule("node:crypto").hash("sha256", joined, "base64url").slice(0, 22);
}

interface Ancestor {
  readonly value: object;
  readonly above: Ancestor | undefined;
}

function write(value: unknown, pointer: string, above: Ancestor | undefined): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (Number.isFinite(value)) return JSON.stringify(value);
      throw notJson(pointer, `${value}`);
    case "object":
      if (value === null) return "null";
      return writeObject(value, pointer, above);
    default:
      throw notJson(pointer, typeof value === "undefined" ? "undefined" : `a ${typeof value}`);
  }
}

function writeObject(value: object, pointer: string, above: Ancestor | undefined): string {
  for (let ancestor = above; ancestor !== undefined; ancestor = ancestor.above) {
    if (ancestor.value === value) throw notJson(pointer, "a cycle");
  }
  const here: Ancestor = { value, above };
  if (Array.isArray(value)) {
    let text = "[";
    for (let index = 0; index < value.length; index++) {
      if (index > 0) text += ",";
      text += value[index] === undefined ? "null" : write(value[index], `${pointer}/${index}`, here);
    }
    return `${text}]`;
  }
  if (value instanceof Uint8Array) return `{"$bytes":"${Buffer.from(value).toString("base64")}"}`;
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
    return write((value as { toJSON(): unknown }).toJSON(), pointer, here);
  }
  let text = "{";
  for (const key of Object.keys(value).sort()) {
    const field = (value as Record<string, unknown>)[key];
    if (field === undefined) continue;
    if (text.length > 1) text += ",";
    text += `${JSON.stringify(key)}:${write(field, `${pointer}/${escapePointer(key)}`, here)}`;
  }
  return `${text}}`;
}

/** Escapes one step of a JSON pointer (RFC 6901). */
export function escapePointer(step: string): string {
  return step.includes("~") || step.includes("/") ? step.replaceAll("~", "~0").replaceAll("/", "~1") : step;
}

function notJson(pointer: string, found: string): FlockError<"input_invalid"> {
  const place = pointer === "" ? "the value" : pointer;
  const message = `expected plain JSON, found ${found} at ${place}`;
  return new FlockError("input_invalid", message, {
    details: { pointer, issues: [{ pointer, message, expected: "plain JSON", received: found }] },
  });
}
