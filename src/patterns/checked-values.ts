/** Holds values to a signature at the edge of a pattern, with an error that says which place is wrong. */

import { FlockError } from "../core/errors/errors.ts";
import type { CheckedShape, CheckResult, Field, FieldType, Side } from "../signature/field.ts";
import { Signature } from "../signature/signature.ts";
import type { StepField } from "./step.ts";

/**
 * Checks values as they are: nothing is bent, and what a registered schema would make of them is not kept, since the
 * agents inside take what was given and have checked what they gave. A promise comes back only when a registered schema
 * gave one, so that the common case adds no turn of the event loop.
 *
 * @throws input_invalid or output_invalid, by side, with a JSON pointer to the first wrong place and all issues.
 */
export function checkValues(
  owner: string,
  shape: CheckedShape,
  values: unknown,
  side: Side,
): Promise<void> | undefined {
  const result = shape.check(values, { side });
  if (result instanceof Promise) return result.then((late) => refuseWrong(owner, late, side));
  refuseWrong(owner, result, side);
  return undefined;
}

function refuseWrong(owner: string, result: CheckResult, side: Side): void {
  if (result.ok) return;
  const [first] = result.issues;
  const pointer = first?.pointer ?? "";
  const others = result.issues.length > 1 ? ` (and ${result.issues.length - 1} more)` : "";
  const place = pointer === "" ? "" : ` at ${pointer}`;
  const message = `the ${side} of "${owner}" is wrong${place}: ${first?.message}${others}`;
  throw new FlockError(side === "input" ? "input_invalid" : "output_invalid", message, {
    details: { pointer, issues: result.issues },
  });
}

/**
 * Gives the signature of values that `writer` has written and checked. What it wrote as a registered type does not go
 * through that schema again: a schema may give another type than it takes.
 */
export function settledSignature(promised: Signature, writer: readonly StepField[]): Signature {
  const written = new Set<string>();
  for (const { type } of writer) if (type !== undefined) collectSchemas(type, written);
  if (written.size === 0) return promised;
  return new Signature(promised.source, settledFields(promised.fields, written));
}

function settledFields(fields: readonly Field[], written: ReadonlySet<string>): readonly Field[] {
  return fields.map((field) => ({ ...field, type: settledType(field.type, written) }));
}

function settledType(type: FieldType, written: ReadonlySet<string>): FieldType {
  switch (type.kind) {
    case "list":
    case "set":
      return { kind: type.kind, item: settledType(type.item, written) };
    case "record":
      return { kind: "record", value: settledType(type.value, written) };
    case "tuple":
      return { kind: "tuple", items: type.items.map((item) => settledType(item, written)) };
    case "union":
      return { kind: "union", members: type.members.map((member) => settledType(member, written)) };
    case "object":
      return { kind: "object", fields: settledFields(type.fields, written) };
    case "registered":
      if (type.registered.type !== undefined) return settledType(type.registered.type, written);
      return written.has(type.name) ? { kind: "any" } : type;
    default:
      return type;
  }
}

/** Collects the names of registered schemas, other than texts of the grammar, anywhere in a type. */
function collectSchemas(type: FieldType, names: Set<string>): void {
  switch (type.kind) {
    case "list":
    case "set":
      return collectSchemas(type.item, names);
    case "record":
      return collectSchemas(type.value, names);
    case "tuple":
      for (const item of type.items) collectSchemas(item, names);
      return;
    case "union":
      for (const member of type.members) collectSchemas(member, names);
      return;
    case "object":
      for (const field of type.fields) collectSchemas(field.type, names);
      return;
    case "registered":
      if (type.registered.type !== undefined) collectSchemas(type.registered.type, names);
      else names.add(type.name);
      return;
    default:
      return;
  }
}
