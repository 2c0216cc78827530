/** What `coerce` and `validate` share: take a signature in any form, check once, answer with the value or an error. */

import { FlockError, type ValueIssue } from "../../core/errors/errors.ts";
import { checkOptions, objectOption, oneOf, optionError } from "../../core/errors/options.ts";
import type { CheckedShape, Side } from "../field.ts";
import { parseSignature } from "../parse-signature.ts";
import type { TypeRegistry } from "../type-registry.ts";

/** How a lone value is checked. */
export interface CheckValueOptions<Types = {}, Which extends Side = "output"> {
  /** The registered types a signature string may name. @default none */
  readonly types?: TypeRegistry<Types>;
  /** Which side of a call the value is on: decides the error's code. @default "output" */
  readonly side?: Which;
}

const optionChecks = { types: objectOption, side: oneOf("input", "output") };

/** Checks a value against a signature string or shape, bending it first when `coerce`. */
export function checkValue(
  value: unknown,
  signature: unknown,
  options: CheckValueOptions<unknown, Side> = {},
  coerce: boolean,
): Record<string, unknown> {
  checkOptions(coerce ? "coerce" : "validate", options, optionChecks);
  const { types, side = "output" } = options;
  const shape = shapeOf(signature, types);
  const result = shape.check(value, { coerce, side });
  if (result instanceof Promise) {
    const reason = "a registered schema checks asynchronously; use `await parseSignature(…).check(value)`";
    throw new FlockError("type_invalid", reason, { details: { name: "signature", reason } });
  }
  if (result.ok) return result.value;
  throw invalidValue(side, result.issues);
}

/** Gives the shape of a signature string; a shape is itself. */
export function shapeOf(signature: unknown, types: TypeRegistry<unknown> | undefined): CheckedShape {
  if (typeof signature === "string") return parseSignature(signature, { types });
  if (isShape(signature)) return signature;
  throw optionError("signature", "signature", "a signature string or a shape", signature);
}

function isShape(value: unknown): value is CheckedShape {
  return typeof value === "object" && value !== null && typeof (value as Partial<CheckedShape>).check === "function";
}

function invalidValue(side: Side, issues: readonly ValueIssue[]): FlockError {
  const [first] = issues;
  const place = first === undefined || first.pointer === "" ? "the value" : first.pointer;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return new FlockError(side === "input" ? "input_invalid" : "output_invalid", `${place}: ${first?.message}${more}`, {
    details: { pointer: first?.pointer ?? "", issues },
  });
}
