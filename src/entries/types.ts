/** The front door `flock-ts/types`: signatures, their TypeScript types, checking and bending values to them. */

export { coerce } from "../signature/coerce.ts";
export type { CheckedShape, CheckOptions, CheckResult, Field, FieldType, Side } from "../signature/field.ts";
export type {
  AllowsBareValue,
  BareInput,
  InferInput,
  InferOutput,
  SignatureText,
} from "../signature/infer-signature.ts";
export type { InferJsonSchema } from "../signature/json-schema/infer-json-schema.ts";
export { type JsonSchemaOptions, type JsonSchemaType, jsonSchema } from "../signature/json-schema/json-schema-type.ts";
export { type ParseSignatureOptions, parseSignature } from "../signature/parse-signature.ts";
export { Signature } from "../signature/signature.ts";
export { type ShapeFromSchemaOptions, shapeFromSchema } from "../signature/standard-schema-shape.ts";
export { toJsonSchema } from "../signature/to-json-schema.ts";
export { type RegisterOptions, TypeRegistry } from "../signature/type-registry.ts";
export { validate } from "../signature/validate.ts";
