/** Writes a type the way a signature spells it, for messages about values. */

import type { Field, FieldType, LiteralValue } from "../field.ts";

const names: Partial<Record<FieldType["kind"], string>> = {
  string: "str",
  integer: "int",
  number: "float",
  boolean: "bool",
  null: "None",
  any: "any",
  date: "date",
  datetime: "datetime",
};

/** Gives a spelling of the type that parses back to the same type; descriptions of nested fields are kept in quotes. */
export function typeText(type: FieldType): string {
  switch (type.kind) {
    case "list":
      return `list[${typeText(type.item)}]`;
    case "set":
      return `set[${typeText(type.item)}]`;
    case "record":
      return `dict[str, ${typeText(type.value)}]`;
    case "tuple":
      return `tuple[${type.items.map(typeText).join(", ")}]`;
    case "literal":
      return `Literal[${type.values.map(literalText).join(", ")}]`;
    case "union":
      return type.members.map(typeText).join(" | ");
    case "object":
      return `{ ${fieldsText(type.fields)} }`;
    case "registered":
      return type.name;
    default:
      return names[type.kind] ?? type.kind;
  }
}

/** Gives fields the way a signature spells them. */
export function fieldsText(fields: readonly Field[]): string {
  return fields.map(fieldText).join(", ");
}

function fieldText(field: Field): string {
  const head = `${field.name}${field.optional ? "?" : ""}: ${typeText(field.type)}`;
  return field.description === undefined ? head : `${head} | "${field.description.replaceAll('"', '\\"')}"`;
}

function literalText(value: LiteralValue): string {
  if (typeof value === "string") return `'${value.replaceAll("'", "\\'")}'`;
  return value === null ? "None" : String(value);
}
