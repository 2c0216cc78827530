/** Writes the fields of a signature as people read them. */

import type { Field, FieldType } from "../../entries/types.ts";

const plainNames: Readonly<Record<string, string>> = {
  string: "str",
  integer: "int",
  number: "float",
  boolean: "bool",
  null: "None",
};

/** Gives one line for each field: its name, its type, its description. */
export function fieldLines(fields: readonly Field[]): readonly string[] {
  const heads = fields.map((field) => headOf(field));
  const width = Math.min(40, Math.max(0, ...heads.map((head) => head.length)));
  return fields.map(({ description }, index) =>
    `  ${heads[index]!.padEnd(width)}${description === undefined ? "" : `  ${description.replace(/\s+/g, " ")}`}`.trimEnd(),
  );
}

function headOf({ name, optional, type }: Field): string {
  return `${name}${optional ? "?" : ""}: ${typeWords(type)}`;
}

/** Spells a type as a signature does; descriptions inside it are left out. */
export function typeWords(type: FieldType): string {
  switch (type.kind) {
    case "list":
    case "set":
      return `${type.kind}[${typeWords(type.item)}]`;
    case "record":
      return `dict[str, ${typeWords(type.value)}]`;
    case "tuple":
      return `tuple[${type.items.map(typeWords).join(", ")}]`;
    case "literal":
      return literalWords(type.values);
    case "union":
      return type.members.map(typeWords).join(" | ");
    case "object":
      return `{ ${type.fields.map(headOf).join(", ")} }`;
    case "registered":
      return type.name;
    default:
      return plainNames[type.kind] ?? type.kind;
  }
}

/** Only texts may stand alone in a signature: a bare `| 2` would begin a description. */
function literalWords(values: readonly (string | number | boolean | null)[]): string {
  const words = values.map((value) =>
    typeof value === "string" ? `'${value}'` : value === null ? "None" : `${value}`,
  );
  return values.every((value) => typeof value === "string") ? words.join(" | ") : `Literal[${words.join(", ")}]`;
}
