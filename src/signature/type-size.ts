/** How deep and how large a type is with its registered parts opened, so that names cannot multiply without end. */

import type { FieldType, RegisteredType } from "./field.ts";

/** Depth and number of nodes of a type. */
export interface TypeSize {
  readonly depth: number;
  readonly nodes: number;
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
  let depth = 0;
  let nodes = 0;
  for (const part of partsOf(type)) {
    const size = sizeOf(part);
    depth = Math.max(depth, size.depth);
    nodes += size.nodes;
  }
  return { depth: depth + 1, nodes: nodes + 1 };
}

const leaf: TypeSize = { depth: 1, nodes: 1 };

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
