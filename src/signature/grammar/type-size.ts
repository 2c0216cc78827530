/** How deep, large and many-sided a type is with its registered parts opened, so that nothing multiplies without end. */

import type { FieldType, RegisteredType } from "../field.ts";

/** Depth, number of nodes, and in how many ways one value may have to be read before it is known to be wrong. */
export interface TypeSize {
  readonly depth: number;
  readonly nodes: number;
  readonly ways: number;
}

const sizes = new WeakMap<RegisteredType, TypeSize>();

/** Measures a type. A name registered as a signature string counts as what it stands for, each time it is used. */
export function sizeOf(type: FieldType): TypeSize {
  if (type.kind === "registered") {
    const known = sizes.get(type.registered);
    if (known !== undefined) return known;
    const size = type.registered.type === undefined ? leaf : sizeOf(type.registered.type);
    sizes.set(type.registered, size);
    return size;
  }
  const parts = partsOf(type).map(sizeOf);
  const depth = parts.reduce((deepest, part) => Math.max(deepest, part.depth), 0);
  const nodes = parts.reduce((sum, part) => sum + part.nodes, 0);
  return { depth: depth + 1, nodes: nodes + 1, ways: waysOf(type, parts) };
}

const leaf: TypeSize = { depth: 1, nodes: 1, ways: 1 };

/** A union tries each member, up to three times (as it is, bent, as a list); fields and items each have their own value. */
function waysOf(type: FieldType, parts: readonly TypeSize[]): number {
  if (type.kind !== "union") return parts.reduce((most, part) => Math.max(most, part.ways), 1);
  const choices = type.members.filter((member) => member.kind !== "null").length;
  return parts.reduce((sum, part) => sum + part.ways, 0) * (choices === 1 ? 1 : 3);
}

function partsOf(type: FieldType): readonly FieldType[] {
  switch (type.kind) {
    case "list":
    case "set":
      return [type.item];
    case "record":
      return [type.value];
    case "tuple":
      return type.items;
    case "union":
      return type.members;
    case "object":
      return type.fields.map((field) => field.type);
    default:
      return [];
  }
}
