/** The grammar itself, read by recursive descent: fields and the types they have. */

import type { Field, FieldType } from "../field.ts";
import { afterBar } from "./bar-rule.ts";
import { bareTypes, type GenericKind, genericTypes, isForbiddenKey, keyTypes, plainTypes } from "./grammar-names.ts";
import { parseLiterals } from "./parse-literal.ts";
import { type SignatureReader, shownText } from "./signature-reader.ts";
import { unionOf } from "./union-of.ts";

const maximumDepth = 64;

/** Reads fields up to the end, or up to the `}` of the object they stand in (which stays unread). */
export function parseFields(reader: SignatureReader): readonly Field[] {
  const fields: Field[] = [];
  const names = new Set<string>();
  do {
    const atEnd = reader.isFieldEnd(reader.spaceEnd(reader.offset)) && reader.skipSpace() !== ",";
    // A trailing comma is fine; no field at all is not.
    if (atEnd && fields.length > 0) break;
    fields.push(parseField(reader, names));
  } while (reader.take(","));
  return Object.freeze(fields);
}

function parseField(reader: SignatureReader, names: Set<string>): Field {
  const name = parseName(reader, names);
  const optional = reader.take("?");
  const field = reader.take(":") ? parseTypeAndDescription(reader) : { type: textType, ...parseBareField(reader) };
  reader.skipSpace();
  if (!reader.isFieldEnd(reader.offset)) {
    const end = reader.braces > 0 ? "'}'" : "the end";
    reader.fail(field.description === undefined ? `',', '|' or ${end}` : `',' or ${end} after the description`);
  }
  reader.afterBar = false;
  return Object.freeze({ name, optional, ...field });
}

const textType = plainTypes.get("str")!;

function parseName(reader: SignatureReader, names: Set<string>): string {
  reader.skipSpace();
  const at = reader.offset;
  const name = reader.wordAt(at);
  if (name === "") {
    const hint = reader.next === "{" ? { hint: "leave out the outer braces" } : {};
    reader.fail("a field name", hint);
  }
  if (!/^[\p{L}_]/u.test(name)) reader.fail("a field name that starts with a letter or '_'");
  if (isForbiddenKey(name)) reader.fail("a field name that is safe as an object key", { hint: "choose another name" });
  if (names.has(name)) reader.fail("a field name that is not used yet", { hint: "each field needs its own name" });
  names.add(name);
  reader.offset = at + name.length;
  return name;
}

function parseBareField(reader: SignatureReader): { description?: string } {
  if (reader.skipSpace() !== "|") {
    if (!reader.isFieldEnd(reader.offset)) reader.fail("':', '|', ',' or the end after the field name");
    return {};
  }
  reader.offset++;
  const first = reader.skipSpace();
  return describe(first === '"' ? reader.quoted("the description") : parseText(reader));
}

function parseTypeAndDescription(reader: SignatureReader): { type: FieldType; description?: string } {
  const members = [parseMember(reader)];
  while (reader.take("|")) {
    reader.skipSpace();
    const meaning = afterBar(reader);
    if (meaning !== "type") {
      reader.afterBar = false;
      const text = meaning === "quoted" ? reader.quoted("the description") : parseText(reader);
      return { type: unionOf(members), ...describe(text) };
    }
    reader.afterBar = true;
    members.push(parseMember(reader));
  }
  return { type: unionOf(members) };
}

const textEnd = /,|$/g;
const textEndInBraces = /[,}]|$/g;

function parseText(reader: SignatureReader): string {
  const pattern = reader.braces > 0 ? textEndInBraces : textEnd;
  const start = reader.offset;
  pattern.lastIndex = start;
  const end = pattern.exec(reader.text)?.index ?? reader.text.length;
  if (end === start) reader.fail("a description or a type after '|'");
  reader.offset = end;
  return reader.text.slice(start, end).replace(/[ \t\r]*\n[ \t\r\n]*/g, " ");
}

function describe(text: string): { description?: string } {
  const description = text.trim();
  return description === "" ? {} : { description };
}

/** Reads a type where every `|` joins union members: inside brackets and parentheses, and in a registry. */
export function parseType(reader: SignatureReader): FieldType {
  const members = [parseMember(reader)];
  while (reader.take("|")) members.push(parseMember(reader));
  return unionOf(members);
}

function parseMember(reader: SignatureReader): FieldType {
  let type = parsePrimary(reader);
  let suffixes = 0;
  while (reader.skipSpace() === "[") {
    if (++suffixes + reader.depth > maximumDepth) failTooDeep(reader);
    reader.offset++;
    if (!reader.take("]")) reader.fail("']', as in 'str[]'");
    type = Object.freeze({ kind: "list", item: type });
  }
  return type;
}

function parsePrimary(reader: SignatureReader): FieldType {
  const first = reader.skipSpace();
  if (first === "'") return Object.freeze({ kind: "literal", values: Object.freeze([reader.quoted("the literal")]) });
  if (first === "(") return inside(reader, ")", () => parseType(reader));
  if (first === "{") {
    reader.braces++;
    const outer = reader.afterBar;
    reader.afterBar = false;
    const fields = inside(reader, "}", () => parseFields(reader));
    reader.afterBar = outer;
    reader.braces--;
    return Object.freeze({ kind: "object", fields });
  }
  const at = reader.offset;
  const word = reader.wordAt(at);
  if (word === "") failNoType(reader, first);
  const plain = plainTypes.get(word);
  const generic = plain === undefined ? genericTypes.get(word) : undefined;
  if (plain === undefined && generic === undefined) return parseRegistered(reader, word);
  reader.offset = at + word.length;
  return plain ?? parseGeneric(reader, word, generic!, at);
}

function failNoType(reader: SignatureReader, first: string): never {
  if (first === '"') reader.fail("a type", { hint: "string literals are in single quotes, or inside Literal[...]" });
  if (first === "[") reader.fail("a type", { hint: "write tuple[A, B] or list[T]" });
  return reader.fail("a type");
}

function parseRegistered(reader: SignatureReader, word: string): FieldType {
  const registered = reader.types?.get(word);
  if (registered === undefined) {
    const isValue = /^\d/.test(word) || /^(true|false)$/i.test(word);
    const suggestion = isValue ? undefined : reader.nearestType(word);
    const hint = isValue ? { hint: `write Literal[${word}] for one fixed value` } : registerHint(reader, suggestion);
    reader.fail("a type", { found: `unknown type ${shownText(word)}`, suggestion, ...hint });
  }
  reader.offset += word.length;
  return Object.freeze({ kind: "registered", name: word, registered });
}

function registerHint(reader: SignatureReader, suggestion: string | undefined): { hint?: string } {
  if (suggestion !== undefined || reader.afterBar) return {};
  const known = reader.types?.names ?? [];
  const listed = known.length > 0 && known.length <= 12 ? `; registered are ${known.join(", ")}` : "";
  return { hint: `a type of your own must be registered in 'types'${listed}` };
}

function parseGeneric(reader: SignatureReader, word: string, kind: GenericKind, at: number): FieldType {
  const open = reader.skipSpace();
  if (open !== "[" && open !== "<") {
    const bare = bareTypes.get(kind);
    if (bare !== undefined) return bare;
    reader.fail(`'[' after ${word}`, { hint: kind === "literal" ? "write Literal['a', 'b']" : `write ${word}[str]` });
  }
  return inside(reader, open === "[" ? "]" : ">", (close) => parseArguments(reader, kind, close, at));
}

function parseArguments(reader: SignatureReader, kind: GenericKind, close: string, at: number): FieldType {
  if (kind === "literal") return parseLiterals(reader, close);
  if (kind === "record") return parseRecord(reader, close);
  const items = [parseType(reader)];
  let repeats = false;
  while (reader.take(",")) {
    if (reader.skipSpace() === close) break;
    if (kind === "tuple" && items.length === 1 && reader.text.startsWith("...", reader.offset)) {
      reader.offset += 3;
      repeats = true;
      break;
    }
    if (kind !== "tuple" && kind !== "union") reader.fail(`'${close}'`, { hint: `only one type goes in here` });
    items.push(parseType(reader));
  }
  const first = items[0]!;
  if (kind === "union") return unionOf(items);
  if (kind === "optional") return unionOf([first, plainTypes.get("None")!]);
  if (kind === "set") return Object.freeze({ kind: "set", item: first });
  if (kind === "list" || repeats) return Object.freeze({ kind: "list", item: first });
  if (items.length > maximumDepth) reader.fail(`at most ${maximumDepth} items in a tuple`, { at });
  return Object.freeze({ kind: "tuple", items: Object.freeze(items) });
}

function parseRecord(reader: SignatureReader, close: string): FieldType {
  reader.skipSpace();
  const key = reader.wordAt(reader.offset);
  if (!keyTypes.has(key)) {
    reader.fail("'str', the type of the keys", { hint: "for fixed keys write an object, { a: T, b: T }" });
  }
  reader.offset += key.length;
  if (!reader.take(",")) reader.fail("',' and the type of the values");
  const value = parseType(reader);
  if (reader.take(",") && reader.skipSpace() !== close) reader.fail(`'${close}'`);
  return Object.freeze({ kind: "record", value });
}

function inside<T>(reader: SignatureReader, close: string, read: (close: string) => T): T {
  if (++reader.depth > maximumDepth) failTooDeep(reader);
  reader.offset++;
  const result = read(close);
  if (!reader.take(close)) reader.fail(`'${close}'`);
  reader.depth--;
  return result;
}

function failTooDeep(reader: SignatureReader): never {
  return reader.fail(`at most ${maximumDepth} levels of nesting`, { hint: "register the inner part as a type" });
}
