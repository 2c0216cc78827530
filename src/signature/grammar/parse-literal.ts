/** The values inside `Literal[…]`: quoted text, numbers in their plain spelling, true, false, None. */

import type { FieldType, LiteralValue } from "../field.ts";
import { type SignatureReader, shownText } from "./signature-reader.ts";

const wordValues: ReadonlyMap<string, LiteralValue> = new Map([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["None", null],
  ["null", null],
]);

/** Reads values and the commas between them, up to the closing bracket (which stays unread). */
export function parseLiterals(reader: SignatureReader, close: string): FieldType {
  const values = new Set<LiteralValue>();
  do {
    if (reader.skipSpace() === close && values.size > 0) break;
    values.add(parseLiteral(reader));
  } while (reader.take(","));
  return Object.freeze({ kind: "literal", values: Object.freeze([...values]) });
}

const literalEnd = /[,\]>]|$/g;

function parseLiteral(reader: SignatureReader): LiteralValue {
  if (reader.next === "'" || reader.next === '"') return reader.quoted("the literal");
  literalEnd.lastIndex = reader.offset;
  const end = literalEnd.exec(reader.text)?.index ?? reader.text.length;
  const text = reader.text.slice(reader.offset, end).trim();
  const word = wordValues.get(text);
  const number = Number(text);
  // Only the plain spelling of a number, so that the compiler's own reading of it is the same.
  const isNumber = text !== "" && Number.isFinite(number) && String(number) === text;
  if (word === undefined && !isNumber) {
    const plain = text !== "" && Number.isFinite(number) ? { suggestion: String(number) } : {};
    const hint = { hint: "text needs quotes" };
    reader.fail(
      "a value in quotes, a number, true, false or None",
      text === "" ? {} : { found: shownText(text), ...plain, ...hint },
    );
  }
  reader.offset = reader.spaceEnd(reader.offset) + text.length;
  return word === undefined ? number : word;
}
