/** The JSON Schema of a signature, for people who hold its text and no agent. */

import type { JsonSchema } from "../core/json/json.ts";
import { type CheckValueOptions, shapeOf } from "./check/check-value.ts";
import type { CheckedShape, Side } from "./field.ts";
import type { SignatureText } from "./infer-signature.ts";

/**
 * Gives the JSON Schema (draft 2020-12) of a signature string or shape, for one side of a call. Frozen.
 *
 * @throws signature_invalid for text that cannot be read, type_invalid for a registered schema without JSON Schema.
 */
export function toJsonSchema<const Text extends string, Types = {}>(
  signature: SignatureText<Text, Types> | CheckedShape,
  options: CheckValueOptions<Types, Side> = {},
): JsonSchema {
  return shapeOf(signature, options.types).toJsonSchema(options.side);
}
