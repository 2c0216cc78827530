/** Checks a value against a signature as it is, for people who hold a value and no agent. */

import { type CheckValueOptions, checkValue } from "./check/check-value.ts";
import type { CheckedShape, Side } from "./field.ts";
import type { InferInput, InferOutput, SignatureText } from "./infer-signature.ts";

/**
 * Checks a value strictly: nothing is bent, unknown fields are an issue. Gives the very value when it fits (what registered
 * schemas give, where there are such).
 *
 * @throws output_invalid (input_invalid for `side: "input"`) with every issue and its JSON pointer.
 * @throws type_invalid when a registered schema checks asynchronously.
 */
export function validate<const Text extends string, Types = {}, const Which extends Side = "output">(
  value: unknown,
  signature: SignatureText<Text, Types> | CheckedShape,
  options?: CheckValueOptions<Types, Which>,
): Which extends "input" ? InferInput<Text, Types> : InferOutput<Text, Types> {
  return checkValue(value, signature, options, false) as never;
}
