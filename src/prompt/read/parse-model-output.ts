/** Turns a model's answer into the value a signature asks for: read, bend near misses, check, or say what is wrong. */

import type { StandardSchemaV1 } from "@standard-schema/spec";
import { FlockError } from "../../core/errors/errors.ts";
import {
  anyOption,
  booleanOption,
  checkOptions,
  objectOption,
  optionError,
  wholeNumber,
} from "../../core/errors/options.ts";
import type { JsonSchema } from "../../core/json/json.ts";
import type { CheckedShape } from "../../signature/field.ts";
import type { InferOutput, SignatureText } from "../../signature/infer-signature.ts";
import { parseSignature } from "../../signature/parse-signature.ts";
import { isStandardSchema, shapeFromSchema } from "../../signature/standard-schema-shape.ts";
import type { TypeRegistry } from "../../signature/type-registry.ts";
import { type AnswerShape, jsonSchemaShape } from "../json-schema/json-schema-shape.ts";
import { readAnswer } from "./read-answer.ts";
import { type ReadValueOptions, readValue } from "./read-value.ts";

/** How a model's text is read and checked. */
export interface ParseModelOutputOptions<S extends string = string, Types = {}> extends ReadValueOptions {
  /** The output's signature. Give this or `schema`; with neither the value is only read. */
  readonly signature?: SignatureText<S, Types> | undefined;
  /** The names the signature may use beside the built-in types. @default none */
  readonly types?: TypeRegistry<Types> | undefined;
  /** A parsed signature, a Standard Schema of an object, or a JSON Schema. */
  readonly schema?: CheckedShape | StandardSchemaV1 | JsonSchema | undefined;
}

const optionChecks = {
  signature: anyOption,
  types: objectOption,
  schema: objectOption,
  strict: booleanOption,
  partial: booleanOption,
  maxCharacters: wholeNumber(1),
  maxDepth: wholeNumber(1),
};

/**
 * Reads the value a model's text means, bends near misses to the signature or schema, and checks it. With `partial` the
 * text may still be going on: what is there is given, checked when it is whole already. Repairs nothing when `strict`.
 *
 * @throws output_unreadable when there is no value in the text; output_invalid, with all issues, when it does not fit;
 * option_invalid for wrong options; type_invalid for a schema that checks asynchronously.
 */
export function parseModelOutput<const S extends string, Types = {}>(
  text: string,
  options: ParseModelOutputOptions<S, Types> & {
    readonly signature: SignatureText<S, Types>;
    readonly partial?: false;
  },
): InferOutput<S, Types>;
export function parseModelOutput<const S extends string, Types = {}>(
  text: string,
  options?: ParseModelOutputOptions<S, Types>,
): unknown;
export function parseModelOutput(text: string, options: ParseModelOutputOptions = {}): unknown {
  if (typeof text !== "string") throw optionError("parseModelOutput", "text", "the model's text", text);
  checkOptions("parseModelOutput", options, optionChecks);
  const shape = shapeOf(options);
  if (shape === undefined) return readValue(text, options);
  const answer = readAnswer(text, shape, options);
  if (answer instanceof Promise) {
    answer.catch(ignore);
    const reason = "a registered schema checks asynchronously; use `await readAnswer(text, shape)`";
    throw new FlockError("type_invalid", reason, { details: { name: "schema", reason } });
  }
  if (answer.ok) return answer.value;
  if (options.partial === true && answer.error.code === "output_invalid") return readValue(text, options);
  throw answer.error;
}

function ignore(): void {}

function shapeOf(options: ParseModelOutputOptions): AnswerShape | undefined {
  const { signature, schema, types } = options;
  if (signature !== undefined && schema !== undefined) {
    throw optionError("parseModelOutput", "schema", "absent when a signature is given", schema);
  }
  if (signature !== undefined) return parseSignature(signature, { name: "signature", types: types as TypeRegistry });
  if (schema === undefined) return undefined;
  if (isStandardSchema(schema)) return shapeFromSchema(schema);
  if (typeof (schema as Partial<CheckedShape>).check === "function") return schema as CheckedShape;
  return jsonSchemaShape(schema as JsonSchema);
}
