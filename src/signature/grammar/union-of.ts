/** Makes one flat union of types, since `Optional[Union[A, B]]` and `A | B | None` mean the same. */

import type { FieldType, LiteralValue } from "../field.ts";

/** Joins types: unions inside are opened, literals become one, equal members count once, a single member stays itself. */
export function unionOf(types: readonly FieldType[]): FieldType {
  if (types.length === 1) return types[0]!;
  const members: FieldType[] = [];
  const literals = new Set<LiteralValue>();
  let literalPlace = -1;
  const seen = new Set<string>();
  for (const type of types.flatMap((one) => (one.kind === "union" ? one.members : [one]))) {
    if (type.kind === "literal") {
      if (literalPlace < 0) literalPlace = members.push(type) - 1;
      for (const value of type.values) literals.add(value);
      continue;
    }
    const key = JSON.stringify(type, (name, value) => (name === "registered" ? undefined : value));
    if (seen.has(key)) continue;
    seen.add(key);
    members.push(type);
  }
  if (literalPlace >= 0) {
    members[literalPlace] = Object.freeze({ kind: "literal", values: Object.freeze([...literals]) });
  }
  return members.length === 1 ? members[0]! : Object.freeze({ kind: "union", members: Object.freeze(members) });
}
