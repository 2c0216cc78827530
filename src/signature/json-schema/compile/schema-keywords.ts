/** Every keyword of JSON Schema draft 2020-12 that is known here, what its value must be, and where it holds schemas. */

import type { Json } from "../../../core/json/json.ts";
import { isJsonObject } from "./json-kinds.ts";

/** Where in a keyword's value schemas are: it is one, a list of them, a table of them, or there are none. */
export type SchemaPlaces = "one" | "list" | "table" | "none";

/** A keyword: where schemas are in it, and a check of the rest that gives what was expected instead. */
export interface Keyword {
  readonly holds: SchemaPlaces;
  readonly check: (value: Json) => string | undefined;
}

const typeNames = ["array", "boolean", "integer", "null", "number", "object", "string"];
const dialect = "https://json-schema.org/draft/2020-12/schema";

const expect = (what: string, test: (value: Json) => boolean): Keyword => ({
  holds: "none",
  check: (value) => (test(value) ? undefined : what),
});
const isText = (value: Json): value is string => typeof value === "string";
const isNumber = (value: Json): value is number => typeof value === "number";
const areNames = (value: Json): boolean =>
  Array.isArray(value) && value.every(isText) && new Set(value).size === value.length;

const anything = expect("any value", () => true);
const text = expect("text", isText);
const flag = expect("true or false", (value) => typeof value === "boolean");
const number = expect("a number", isNumber);
const count = expect("a whole number, 0 or more", (value) => Number.isInteger(value) && (value as number) >= 0);
const anchor = expect("a name such as item", (value) => isText(value) && /^[A-Za-z_][-A-Za-z0-9._]*$/.test(value));
const names = expect("a list of different names", areNames);
const one: Keyword = {
  holds: "one",
  check: (value) =>
    typeof value === "boolean" || isJsonObject(value) ? undefined : "a schema: an object, true or false",
};
const list: Keyword = {
  holds: "list",
  check: (value) => (Array.isArray(value) && value.length > 0 ? undefined : "a list of one or more schemas"),
};
const table: Keyword = {
  holds: "table",
  check: (value) => (isJsonObject(value) ? undefined : "an object that holds schemas by name"),
};
const items: Keyword = {
  holds: "one",
  check: (value) =>
    Array.isArray(value) ? "one schema; a list of schemas by place is written prefixItems" : one.check(value),
};

/** The keywords that say something of a value or of the document. */
export const keywords: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ["$schema", expect(`"${dialect}", the one dialect known`, (value) => value === dialect || value === `${dialect}#`)],
  ["$id", expect("a URI without a fragment", (value) => isText(value) && /^[^#]*#?$/.test(value))],
  ["$anchor", anchor],
  ["$dynamicAnchor", anchor],
  ["$ref", text],
  ["$dynamicRef", text],
  ["$defs", table],
  ["definitions", table],
  ["$vocabulary", expect("an object of true and false", (value) => isJsonObject(value))],
  ["$comment", text],
  [
    "type",
    expect(`one or several of ${typeNames.join(", ")}`, (value) =>
      Array.isArray(value) ? value.length > 0 && areNames(value) && value.every(isTypeName) : isTypeName(value),
    ),
  ],
  ["enum", expect("a list of values", (value) => Array.isArray(value))],
  ["const", anything],
  ["multipleOf", expect("a number above 0", (value) => isNumber(value) && value > 0)],
  ["maximum", number],
  ["exclusiveMaximum", number],
  ["minimum", number],
  ["exclusiveMinimum", number],
  ["maxLength", count],
  ["minLength", count],
  ["pattern", text],
  ["format", text],
  ["maxItems", count],
  ["minItems", count],
  ["uniqueItems", flag],
  ["maxContains", count],
  ["minContains", count],
  ["maxProperties", count],
  ["minProperties", count],
  ["required", names],
  [
    "dependentRequired",
    expect(
      "an object of lists of different names",
      (value) => isJsonObject(value) && Object.values(value).every(areNames),
    ),
  ],
  ["prefixItems", list],
  ["items", items],
  ["contains", one],
  ["additionalProperties", one],
  ["properties", table],
  ["patternProperties", table],
  ["dependentSchemas", table],
  ["propertyNames", one],
  ["if", one],
  ["then", one],
  ["else", one],
  ["allOf", list],
  ["anyOf", list],
  ["oneOf", list],
  ["not", one],
  ["unevaluatedItems", one],
  ["unevaluatedProperties", one],
  ["title", text],
  ["description", text],
  ["default", anything],
  ["examples", expect("a list of values", (value) => Array.isArray(value))],
  ["deprecated", flag],
  ["readOnly", flag],
  ["writeOnly", flag],
  ["contentEncoding", text],
  ["contentMediaType", text],
  ["contentSchema", one],
]);

/** What words of other drafts and dialects are written as in this one. */
export const otherWords: ReadonlyMap<string, string> = new Map([
  ["id", "$id"],
  ["$recursiveRef", "$dynamicRef"],
  ["$recursiveAnchor", "$dynamicAnchor"],
  ["dependencies", "dependentRequired"],
  ["additionalItems", "items"],
  ["divisibleBy", "multipleOf"],
  ["extends", "allOf"],
  ["disallow", "not"],
  ["optional", "required"],
  ["example", "examples"],
  ["nullable", "type"],
]);

function isTypeName(value: Json): boolean {
  return isText(value) && typeNames.includes(value);
}
