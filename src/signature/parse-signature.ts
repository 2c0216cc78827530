/** The front door of the runtime parser: text in, a Signature or one positioned error out. */

import type { FieldType } from "./field.ts";
import { parseFields, parseType } from "./grammar/parse-type.ts";
import { type NamedTypes, SignatureReader } from "./grammar/signature-reader.ts";
import { sizeOf } from "./grammar/type-size.ts";
import { Signature } from "./signature.ts";

/** How a signature is read. */
export interface ParseSignatureOptions {
  /** Names that may be used as types. @default none */
  readonly types?: NamedTypes | undefined;
  /** What the signature is, for messages: "input of researcher". @default "signature" */
  readonly name?: string | undefined;
}

const maximumCharacters = 100_000;
const maximumDepth = 64;
const maximumNodes = 20_000;
const maximumWays = 1_000_000;

/**
 * Reads a signature such as `"topic: str | what to research, depth?: int"`. Takes time in proportion to the text; nothing
 * in it is evaluated. At most 100,000 characters, 64 levels, and 20,000 types with registered names opened; unions nested so
 * that a value could be read in more than a million ways are refused.
 *
 * @throws signature_invalid with the position, what was expected, what was found and the nearest valid spelling.
 */
export function parseSignature(text: string, options: ParseSignatureOptions = {}): Signature {
  const reader = open(text, options);
  const fields = parseFields(reader);
  if (reader.skipSpace() !== "") reader.fail("',' or the end");
  checkSize(reader, { kind: "object", fields });
  return new Signature(text, fields);
}

/** Reads a single type, such as the `"{ summary: str }"` or `"list[str]"` given to a registry. Bounds and errors as above. */
export function parseTypeText(text: string, options: ParseSignatureOptions = {}): FieldType {
  const reader = open(text, options);
  const type = parseType(reader);
  if (reader.skipSpace() !== "") reader.fail("'|' or the end of the type");
  checkSize(reader, type);
  return type;
}

function open(text: string, options: ParseSignatureOptions): SignatureReader {
  const owner = options.name ?? "signature";
  if (typeof text !== "string") {
    new SignatureReader("", owner, undefined).fail("a signature string", {
      found: text === null ? "null" : typeof text,
    });
  }
  if (text.length > maximumCharacters) {
    const found = `${text.length} characters`;
    new SignatureReader(text, owner, undefined).fail(`at most ${maximumCharacters} characters`, {
      at: maximumCharacters,
      found,
    });
  }
  return new SignatureReader(text, owner, options.types);
}

function checkSize(reader: SignatureReader, type: FieldType): void {
  const size = sizeOf(type);
  // The fields themselves are one level, so that 64 brackets may stand inside them.
  if (size.depth > maximumDepth + 2) {
    reader.fail(`at most ${maximumDepth} levels of nesting`, { at: 0, found: `${size.depth - 2} levels` });
  }
  if (size.nodes > maximumNodes) {
    reader.fail(`at most ${maximumNodes} types`, { at: 0, found: `${size.nodes} types with registered names opened` });
  }
  if (size.ways > maximumWays) {
    reader.fail("unions that are not nested as deeply", {
      at: 0,
      found: `more than ${maximumWays} ways to read a value`,
    });
  }
}
