/** The TypeScript type of the values a JSON Schema describes, where the schema is written out in the code. */

/**
 * Infers from `type`, `enum`, `const`, `properties` with `required`, `items`, `prefixItems`, `anyOf` and `oneOf`; all else
 * is `unknown`, and so is what stands deeper than 12 levels. Keywords that only narrow a type are passed over.
 */
export type InferJsonSchema<Schema, Level extends readonly unknown[] = []> = Level["length"] extends 12
  ? unknown
  : Schema extends { readonly $ref: unknown } | { readonly $dynamicRef: unknown } | { readonly allOf: unknown }
    ? unknown
    : Schema extends { readonly const: infer Value }
      ? Mutable<Value>
      : Schema extends { readonly enum: readonly (infer Value)[] }
        ? Mutable<Value>
        : Schema extends { readonly anyOf: readonly (infer Member)[] } | { readonly oneOf: readonly (infer Member)[] }
          ? EachOf<Member, [...Level, 0]>
          : Schema extends { readonly type: infer Kind }
            ? Kind extends readonly (infer One)[]
              ? OfKind<One, Schema, [...Level, 0]>
              : OfKind<Kind, Schema, [...Level, 0]>
            : unknown;

type EachOf<Member, Level extends readonly unknown[]> = Member extends unknown ? InferJsonSchema<Member, Level> : never;

type OfKind<Kind, Schema, Level extends readonly unknown[]> = Kind extends "string"
  ? string
  : Kind extends "number" | "integer"
    ? number
    : Kind extends "boolean"
      ? boolean
      : Kind extends "null"
        ? null
        : Kind extends "array"
          ? ListOf<Schema, Level>
          : Kind extends "object"
            ? ObjectOf<Schema, Level>
            : unknown;

type ListOf<Schema, Level extends readonly unknown[]> = Schema extends { readonly prefixItems: infer Prefix }
  ? Schema extends { readonly items: false; readonly minItems: Length<Prefix> }
    ? { -readonly [Place in keyof Prefix]: InferJsonSchema<Prefix[Place], Level> }
    : unknown[]
  : Schema extends { readonly items: infer Item }
    ? InferJsonSchema<Item, Level>[]
    : unknown[];

type Length<List> = List extends { readonly length: infer Count } ? Count : never;

type ObjectOf<Schema, Level extends readonly unknown[]> = Schema extends { readonly properties: infer Fields }
  ? Flat<
      {
        -readonly [Name in keyof Fields as Name extends Required<Schema> ? Name : never]: InferJsonSchema<
          Fields[Name],
          Level
        >;
      } & {
        -readonly [Name in keyof Fields as Name extends Required<Schema> ? never : Name]?: InferJsonSchema<
          Fields[Name],
          Level
        >;
      }
    >
  : Schema extends { readonly additionalProperties: infer Value }
    ? Record<string, InferJsonSchema<Value, Level>>
    : Record<string, unknown>;

type Required<Schema> = Schema extends { readonly required: readonly (infer Name)[] } ? Name : never;

type Flat<Fields> = { [Name in keyof Fields]: Fields[Name] };

type Mutable<Value> = Value extends object ? { -readonly [Key in keyof Value]: Mutable<Value[Key]> } : Value;
