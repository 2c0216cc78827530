/** Finds the texts inside plain JSON (inputs, tool results), each with what stood beside it: file, heading, year, title. */

import type { Json } from "../../../core/json/json.ts";
import { isJsonObject } from "../offline-request.ts";
import { wordsOf } from "../text/words.ts";

/** A scalar that stood beside a text. */
export type FieldValue = string | number | boolean;

/** A text with its origin. */
export interface Passage {
  readonly text: string;
  /** Name of the input field or the tool it came from. */
  readonly from: string;
  readonly origin: "input" | "tool";
  /** The scalars beside the text and above it, by lower-cased name; the nearest wins. */
  readonly fields: ReadonlyMap<string, FieldValue>;
}

const deepest = 24;
/** Values visited in one document; what lies beyond is not read. */
const mostValues = 200_000;
const textNames = new Set(
  `text content body snippet passage passages quote quotes summary description excerpt abstract claim claims finding findings
   answer sentence sentences paragraph highlight highlights chunk page_content pagecontent extract comment review message
   transcript statement point points key_points keypoints details detail observation insight insights evidence fact facts
   markdown note notes line lines`.split(/\s+/),
);

/** Gives every text of a JSON value in order. Numbers, booleans and short labels become fields of the texts beside them. */
export function passagesFrom(value: Json, from: string, origin: Passage["origin"]): Passage[] {
  const found: Passage[] = [];
  let visited = 0;
  const visit = (node: Json, name: string, above: ReadonlyMap<string, FieldValue>, depth: number): void => {
    if (depth > deepest || ++visited > mostValues) return;
    if (typeof node === "string") {
      if (depth === 0 ? node.trim() !== "" : hasSeveralWords(node))
        found.push({ text: node, from, origin, fields: above });
    } else if (Array.isArray(node)) {
      for (const item of node) visit(item, name, above, depth + 1);
    } else if (isJsonObject(node)) {
      const fields = new Map(above);
      const inner: [string, Json][] = [];
      for (const [key, item] of Object.entries(node)) {
        if (isText(key, item)) inner.push([key, item]);
        else addField(fields, key, item, inner);
      }
      if (inner.length === 0 && fields.size > above.size) found.push({ text: "", from, origin, fields });
      for (const [key, item] of inner) visit(item, key, fields, depth + 1);
    }
  };
  visit(value, from, new Map(), 0);
  return found;
}

/** A nested `source: { title, url }` counts as fields of its parent; any other nested value may hold texts. */
function addField(fields: Map<string, FieldValue>, key: string, item: Json, inner: [string, Json][]): void {
  if (typeof item === "string" || typeof item === "number" || typeof item === "boolean") {
    if (item !== "") fields.set(key.toLowerCase(), item);
  } else if (isJsonObject(item) && /^(?:source|metadata|meta|document|reference)$/i.test(key)) {
    for (const [name, part] of Object.entries(item)) {
      if (isText(name, part)) inner.push([name, part]);
      else if (typeof part === "string" || typeof part === "number") fields.set(name.toLowerCase(), part);
    }
  } else if (typeof item === "object" && item !== null) {
    inner.push([key, item]);
  }
}

function isText(name: string, value: Json): boolean {
  if (typeof value !== "string") return false;
  if (!hasSeveralWords(value)) return false;
  if (textNames.has(name.toLowerCase())) return true;
  return value.length > 60 && value.includes(" ") && wordsOf(value.slice(0, 400)).length >= 8;
}

/** File names, addresses and ids are no texts; scripts without spaces are judged by length. */
function hasSeveralWords(value: string): boolean {
  return (
    /\S\s+\S/.test(value.slice(0, 500)) ||
    (/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]/u.test(value) && value.length > 4)
  );
}

const sourceNames = ["file", "path", "source", "filename", "url", "uri", "link", "href", "document", "doc"];
const weakSourceNames = ["citation", "reference", "title", "name", "speech", "article", "paper", "book", "id"];

/** Gives what a reader would cite: file, path, source, url, then title or id; undefined when nothing names the document. */
export function sourceOf(passage: Passage): string | undefined {
  return firstText(passage, sourceNames) ?? firstText(passage, weakSourceNames);
}

/** Gives the first of these fields as text, in the order of the names. */
export function firstText(passage: Passage, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = passage.fields.get(name);
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    if (typeof value === "number") return `${value}`;
  }
  return undefined;
}

const yearPattern = /(?<!\d)(?:1[4-9]|20)\d\d(?!\d)/;

/** Finds the year of a passage: a year or date field, else a year within its source, title or heading. */
export function yearOf(passage: Passage): number | undefined {
  for (const name of ["year", "date", "published", "publishedat", "created", "timestamp"]) {
    const year = yearIn(`${passage.fields.get(name) ?? ""}`.slice(0, 40));
    if (year !== undefined) return year;
  }
  for (const name of [...sourceNames, ...weakSourceNames, "heading", "section"]) {
    const value = passage.fields.get(name);
    const year = typeof value === "string" ? yearIn(value.slice(0, 300)) : undefined;
    if (year !== undefined) return year;
  }
  return undefined;
}

/** Finds the first year from 1400 to 2099 written in a text. */
export function yearIn(text: string): number | undefined {
  const match = yearPattern.exec(text);
  return match ? Number(match[0]) : undefined;
}
