import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { coerce } from "../../src/signature/coerce.ts";
import type {
  AllowsBareValue,
  BareInput,
  InferInput,
  InferOutput,
  SignatureText,
  TypeText,
} from "../../src/signature/infer-signature.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";
import { validate } from "../../src/signature/validate.ts";
// Importing the table has every row of it checked by the compiler.
import { type Equal, type Types as TableTypes, valid } from "./table.ts";

const types = new TypeRegistry()
  .register(
    "When",
    z.string().transform((text) => new Date(text)),
  )
  .register("Settings", z.object({ depth: z.number().default(3) }))
  .register("Span", "{ from: When, to?: When }")
  .register("Id", "str");
type Types = (typeof types)["~types"];

declare function declare<const S extends string>(text: SignatureText<S, Types>): InferOutput<S, Types>;

describe("the sentence on the argument", () => {
  it("names the field, the type and what was meant", () => {
    expectTypeOf<
      SignatureText<"titel: strr">
    >().toEqualTypeOf<"[flock] field 'titel': unknown type 'strr'; did you mean 'str'?">();
    expectTypeOf<
      SignatureText<"a: { b: list[Integer] }">
    >().toEqualTypeOf<"[flock] field 'a': field 'b': unknown type 'Integer'; did you mean 'int'?">();
    expectTypeOf<
      SignatureText<"a: BOOL">
    >().toEqualTypeOf<"[flock] field 'a': unknown type 'BOOL'; did you mean 'bool'?">();
    expectTypeOf<SignatureText<"a: Zebra">>().toEqualTypeOf<"[flock] field 'a': unknown type 'Zebra'">();
    expectTypeOf<
      SignatureText<"a: str | Topic">
    >().toEqualTypeOf<"[flock] field 'a': unknown type 'Topic'; if this is a description, put it in double quotes">();
    expectTypeOf<
      SignatureText<"a -> b">
    >().toEqualTypeOf<"[flock] '->' joins two signatures: write the fields before it as 'input' and those after it as 'output'">();
    expectTypeOf<SignatureText<"a: str, a: int">>().toEqualTypeOf<"[flock] field 'a' is declared twice">();
    expectTypeOf<SignatureText<"">>().toEqualTypeOf<"[flock] expected a field, such as 'name: str'">();
    expectTypeOf<SignatureText<"a: list[str">>().toEqualTypeOf<"[flock] field 'a': expected ']'">();
    expectTypeOf<SignatureText<"a b: str">>().toEqualTypeOf<"[flock] invalid field name 'a b'">();
    expectTypeOf<TypeText<"list[strr]">>().toEqualTypeOf<"[flock] unknown type 'strr'; did you mean 'str'?">();
    expectTypeOf<TypeText<"str, int">>().toEqualTypeOf<"[flock] expected '|' or the end of the type, found ','">();
    expectTypeOf<TypeText<"Id | None", Types>>().toEqualTypeOf<"Id | None">();
  });

  it("stands on the argument itself", () => {
    expectTypeOf(declare("when: When, id: Id")).toEqualTypeOf<{ when: Date; id: string }>();
    // @ts-expect-error unknown type 'strr'
    declare("titel: strr");
    // @ts-expect-error the name is not registered
    declare("a: Missing");
    // @ts-expect-error unknown type in the text of a type
    types.register("Other", "{ a: Missing }");
    // @ts-expect-error neither a schema nor a text
    types.register("Other", 3);
    // @ts-expect-error unknown type 'strr'
    coerce({}, "a: strr");
  });
});

describe("the two sides", () => {
  it("give a registered schema's input and output", () => {
    expectTypeOf<InferInput<"a: When, b: Settings", Types>>().toEqualTypeOf<{
      a: string;
      b: { depth?: number | undefined };
    }>();
    expectTypeOf<InferOutput<"a: When, b: Settings", Types>>().toEqualTypeOf<{ a: Date; b: { depth: number } }>();
    expectTypeOf<InferInput<"a: Span", Types>>().toEqualTypeOf<{ a: { from: string; to?: string } }>();
    expectTypeOf<InferOutput<"a: Span", Types>>().toEqualTypeOf<{ a: { from: Date; to?: Date } }>();
  });

  it("are chosen by coerce and validate", () => {
    expectTypeOf(coerce({}, "a: int, b?: str")).toEqualTypeOf<{ a: number; b?: string }>();
    expectTypeOf(validate({}, "a: When", { types })).toEqualTypeOf<{ a: Date }>();
    expectTypeOf(validate({}, "a: When", { types, side: "input" })).toEqualTypeOf<{ a: string }>();
  });
});

describe("inferred objects", () => {
  it("are flat and mutable", () => {
    type Flat = InferOutput<"a: str, b?: { c: int }">;
    expectTypeOf<Equal<Flat, { a: string; b?: { c: number } }>>().toEqualTypeOf<true>();
    const value = {} as Flat;
    value.a = "x";
    // @ts-expect-error an optional key is absent or has a value
    value.b = undefined;
  });

  it("are loose for text the compiler cannot see", () => {
    expectTypeOf<InferOutput<string>>().toEqualTypeOf<Record<string, unknown>>();
    expectTypeOf<SignatureText<string>>().toEqualTypeOf<string>();
    expectTypeOf(coerce({}, "a: int" as string)).toEqualTypeOf<Record<string, unknown>>();
  });

  it("take many fields, deep nesting and long descriptions", () => {
    type Deep = InferOutput<"a: list[list[list[list[list[list[list[list[list[list[list[list[int]]]]]]]]]]]]">;
    expectTypeOf<Deep["a"][0][0][0][0][0][0][0][0][0][0][0][0]>().toEqualTypeOf<number>();
    type Many = InferOutput<"a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z: int">;
    expectTypeOf<Many["z"]>().toEqualTypeOf<number>();
  });

  it("are those of the whole table", () => {
    expectTypeOf(valid.length).toEqualTypeOf<number>();
    expectTypeOf<InferInput<"a: Finding", TableTypes>>().toEqualTypeOf<{
      a: { text: string; score?: number | undefined };
    }>();
  });
});

describe("a bare value", () => {
  it("stands for the only field when it cannot be mistaken", () => {
    expectTypeOf<BareInput<"topic: str">>().toEqualTypeOf<string | { topic: string }>();
    expectTypeOf<BareInput<"n?: int">>().toEqualTypeOf<number | { n?: number }>();
    expectTypeOf<BareInput<"a: list[{ b: str }]">>().toEqualTypeOf<{ b: string }[] | { a: { b: string }[] }>();
    expectTypeOf<BareInput<"a: 'x' | None">>().toEqualTypeOf<"x" | null | { a: "x" | null }>();
    expectTypeOf<BareInput<"flag: bool">>().toEqualTypeOf<boolean | { flag: boolean }>();
  });

  it("does not, elsewhere", () => {
    expectTypeOf<BareInput<"a: str, b: str">>().toEqualTypeOf<{ a: string; b: string }>();
    expectTypeOf<BareInput<"a: { b: str }">>().toEqualTypeOf<{ a: { b: string } }>();
    expectTypeOf<BareInput<"a: str | { b: str }">>().toEqualTypeOf<{ a: string | { b: string } }>();
    expectTypeOf<BareInput<"a: dict">>().toEqualTypeOf<{ a: Record<string, unknown> }>();
    expectTypeOf<BareInput<"a: any">>().toEqualTypeOf<{ a: unknown }>();
    expectTypeOf<BareInput<"a: Id", Types>>().toEqualTypeOf<{ a: string }>();
    expectTypeOf<BareInput<"a: Id | None", Types>>().toEqualTypeOf<{ a: string | null }>();
    expectTypeOf<BareInput<string>>().toEqualTypeOf<Record<string, unknown>>();
    expectTypeOf<AllowsBareValue<"a: Id", Types>>().toEqualTypeOf<false>();
    expectTypeOf<AllowsBareValue<"a: list[Id]", Types>>().toEqualTypeOf<true>();
    expectTypeOf<AllowsBareValue<"a: wrong">>().toEqualTypeOf<false>();
  });
});
