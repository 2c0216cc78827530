/** Bends a value to a signature, for people who hold a value and no agent. */

import { type CheckValueOptions, checkValue } from "./check/check-value.ts";
import type { CheckedShape, Side } from "./field.ts";
import type { InferInput, InferOutput, SignatureText } from "./infer-signature.ts";

/**
 * Bends near misses to their types ("3" to 3, "yes" to true, a lone value to a list) and checks the result. The value
 * itself is never changed; one that fits comes back as it is. Unknown fields are dropped.
 *
 * @throws output_invalid (input_invalid for `side: "input"`) with every issue and its JSON pointer.
 * @throws type_invalid when a registered schema checks asynchronously.
 */
export function coerce<const Text extends string, Types = {}, const Which extends Side = "output">(
  value: unknown,
  signature: SignatureText<Text, Types> | CheckedShape,
  options?: CheckValueOptions<Types, Which>,
): Which extends "input" ? InferInput<Text, Types> : InferOutput<Text, Types> {
  return checkValue(value, signature, options, true) as never;
}
