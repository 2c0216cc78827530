import { describe, expectTypeOf, it } from "vitest";
import { TypeRegistry, tool } from "../../../src/entries/index.ts";
import { coerce, type InferJsonSchema, jsonSchema } from "../../../src/entries/types.ts";

describe("InferJsonSchema", () => {
  it("knows plain types, and several at once", () => {
    expectTypeOf<InferJsonSchema<{ type: "string"; minLength: 1 }>>().toEqualTypeOf<string>();
    expectTypeOf<InferJsonSchema<{ type: "integer" }>>().toEqualTypeOf<number>();
    expectTypeOf<InferJsonSchema<{ type: readonly ["string", "null"] }>>().toEqualTypeOf<string | null>();
    expectTypeOf<InferJsonSchema<{ enum: readonly ["a", 2, null] }>>().toEqualTypeOf<"a" | 2 | null>();
    expectTypeOf<InferJsonSchema<{ const: { readonly a: readonly [1] } }>>().toEqualTypeOf<{ a: [1] }>();
    expectTypeOf<InferJsonSchema<{ anyOf: readonly [{ type: "null" }, { enum: readonly ["a"] }] }>>().toEqualTypeOf<
      "a" | null
    >();
  });

  it("knows lists, tuples and records", () => {
    expectTypeOf<InferJsonSchema<{ type: "array"; items: { type: "number" } }>>().toEqualTypeOf<number[]>();
    expectTypeOf<InferJsonSchema<{ type: "array" }>>().toEqualTypeOf<unknown[]>();
    expectTypeOf<
      InferJsonSchema<{
        type: "array";
        prefixItems: readonly [{ type: "string" }, { type: "boolean" }];
        items: false;
        minItems: 2;
      }>
    >().toEqualTypeOf<[string, boolean]>();
    expectTypeOf<InferJsonSchema<{ type: "array"; prefixItems: readonly [{ type: "string" }] }>>().toEqualTypeOf<
      unknown[]
    >();
    expectTypeOf<InferJsonSchema<{ type: "object"; additionalProperties: { type: "number" } }>>().toEqualTypeOf<
      Record<string, number>
    >();
    expectTypeOf<InferJsonSchema<{ type: "object" }>>().toEqualTypeOf<Record<string, unknown>>();
  });

  it("leaves what it does not follow unknown", () => {
    expectTypeOf<InferJsonSchema<true>>().toEqualTypeOf<unknown>();
    expectTypeOf<InferJsonSchema<{ $ref: "#/$defs/a"; type: "string" }>>().toEqualTypeOf<unknown>();
    expectTypeOf<InferJsonSchema<{ allOf: readonly [{ type: "string" }] }>>().toEqualTypeOf<unknown>();
    expectTypeOf<InferJsonSchema<{ not: { type: "string" } }>>().toEqualTypeOf<unknown>();
    expectTypeOf<InferJsonSchema<Record<string, never>>>().toEqualTypeOf<unknown>();
  });
});

describe("jsonSchema", () => {
  const ticket = jsonSchema({
    type: "object",
    properties: {
      title: { type: "string" },
      priority: { type: ["integer", "null"] },
      state: { enum: ["open", "done"] },
      history: { type: "array", items: { type: "object", properties: { at: { type: "string" } }, required: ["at"] } },
    },
    required: ["title", "state"],
  });
  type Ticket = {
    title: string;
    state: "open" | "done";
    priority?: number | null;
    history?: { at: string }[];
  };

  it("carries the type of a schema written out into registries and tools", () => {
    const types = new TypeRegistry().register("Ticket", ticket);
    expectTypeOf(coerce({}, "tickets: list[Ticket]", { types })).toEqualTypeOf<{ tickets: Ticket[] }>();
    tool({
      name: "file",
      description: "Files.",
      input: ticket,
      execute: (input) => {
        expectTypeOf(input).toEqualTypeOf<Ticket>();
        return {};
      },
    });
  });

  it("takes schemas that come from elsewhere, whose values are unknown", () => {
    const fromServer: { readonly [key: string]: never } = {};
    const schema = jsonSchema(fromServer);
    expectTypeOf<NonNullable<(typeof schema)["~standard"]["types"]>["output"]>().toEqualTypeOf<unknown>();
  });
});
