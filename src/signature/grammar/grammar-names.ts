/** The type names of the grammar, in one table that the parser, the registry and the messages share. */

import type { FieldType } from "../field.ts";

const anyType: FieldType = Object.freeze({ kind: "any" });

/** Types that are one word and take no arguments. */
export const plainTypes: ReadonlyMap<string, FieldType> = new Map(
  (
    [
      ["str", "string"],
      ["string", "string"],
      ["int", "integer"],
      ["float", "number"],
      ["number", "number"],
      ["bool", "boolean"],
      ["boolean", "boolean"],
      ["None", "null"],
      ["null", "null"],
      ["date", "date"],
      ["datetime", "datetime"],
    ] as const
  ).map(([name, kind]): [string, FieldType] => [name, Object.freeze({ kind })]),
)
  // One object per kind lets equal types be compared by identity first.
  .set("any", anyType)
  .set("Any", anyType)
  .set("unknown", anyType);

/** Which generic a name stands for. */
export type GenericKind = "list" | "set" | "tuple" | "record" | "optional" | "union" | "literal";

/** Types that take arguments in brackets, by every spelling. */
export const genericTypes: ReadonlyMap<string, GenericKind> = new Map([
  ["list", "list"],
  ["List", "list"],
  ["Array", "list"],
  ["set", "set"],
  ["Set", "set"],
  ["tuple", "tuple"],
  ["Tuple", "tuple"],
  ["dict", "record"],
  ["Dict", "record"],
  ["Record", "record"],
  ["Optional", "optional"],
  ["Union", "union"],
  ["Literal", "literal"],
]);

/** What a generic means without arguments; the others need them. */
export const bareTypes: ReadonlyMap<GenericKind, FieldType> = new Map<GenericKind, FieldType>([
  ["list", Object.freeze({ kind: "list", item: anyType })],
  ["set", Object.freeze({ kind: "set", item: anyType })],
  ["tuple", Object.freeze({ kind: "list", item: anyType })],
  ["record", Object.freeze({ kind: "record", value: anyType })],
]);

/** The type names a record's key may have: JSON keys are text, whatever they are read as. */
export const keyTypes: ReadonlySet<string> = new Set([
  "str",
  "string",
  "int",
  "float",
  "number",
  "date",
  "datetime",
  "any",
  "Any",
  "unknown",
]);

/** Words of other languages, and what they are called here. */
export const foreignNames: ReadonlyMap<string, string> = new Map([
  ["text", "str"],
  ["char", "str"],
  ["varchar", "str"],
  ["url", "str"],
  ["uuid", "str"],
  ["integer", "int"],
  ["long", "int"],
  ["bigint", "int"],
  ["double", "float"],
  ["decimal", "float"],
  ["real", "float"],
  ["num", "number"],
  ["array", "list"],
  ["sequence", "list"],
  ["iterable", "list"],
  ["object", "dict"],
  ["map", "dict"],
  ["mapping", "dict"],
  ["hash", "dict"],
  ["json", "any"],
  ["undefined", "None"],
  ["void", "None"],
  ["nil", "None"],
  ["enum", "Literal"],
  ["maybe", "Optional"],
  ["nullable", "Optional"],
  ["timestamp", "datetime"],
  ["time", "datetime"],
]);

/** Every name the grammar keeps for itself; a registry refuses them. */
export const reservedTypeNames: readonly string[] = [
  ...plainTypes.keys(),
  ...genericTypes.keys(),
  "true",
  "false",
  "True",
  "False",
];

/** A field's or type's name: a letter or `_`, then letters, digits, `_` and dots. */
export const namePattern: RegExp = /^[\p{L}_][\p{L}\p{M}\p{N}_.]*$/u;

/** Keys that would change an object's prototype; they are neither field names nor kept in any value. */
export function isForbiddenKey(key: string): boolean {
  return key === "__proto__" || key === "constructor" || key === "prototype";
}
