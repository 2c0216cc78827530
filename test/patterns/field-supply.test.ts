import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isFlockError } from "../../src/core/errors/errors.ts";
import type { JsonSchema } from "../../src/core/json/json.ts";
import { clashOf, FieldSupply } from "../../src/patterns/field-supply.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";
import { caught } from "./caught.ts";

const unsaid = { "~standard": { version: 1, vendor: "own", validate: (value: unknown) => ({ value }) } } as const;
const types = new TypeRegistry()
  .register(
    "Length",
    z.string().transform((text) => text.length),
  )
  .register("Unsaid", unsaid)
  .register("Text", "str | None");

/** Tells how a writer's field meets a reader's: undefined when it may. */
function meeting(gives: string, takes: string): unknown {
  const supply = new FieldSupply("p");
  supply.write(parseSignature(`f: ${gives}`, { types }));
  return caught(() => supply.require("reader", parseSignature(`f: ${takes}`, { types }), "input", "nobody gives"));
}

describe("types that meet when a pattern is built", () => {
  it("are not compared where a registered schema may have made another type of the value", () => {
    for (const [gives, takes] of [
      ["Length", "int"],
      ["Length | None", "int"],
      ["Unsaid", "int"],
      ["int", "Unsaid"],
      ["list[Length]", "list[int]"],
    ] as const) {
      expect(meeting(gives, takes), `${gives} to ${takes}`).toBeUndefined();
    }
  });

  it("are compared through names that stand for a text of the grammar", () => {
    expect(meeting("Text", "str")).toBeUndefined();
    expect(isFlockError(meeting("Text", "int"), "pattern_invalid")).toBe(true);
    expect(isFlockError(meeting("list[Length]", "str"), "pattern_invalid")).toBe(true);
  });

  it("pass on what a shape of one's own throws that is no FlockError", () => {
    const supply = new FieldSupply("p");
    const broken = {
      fields: [{ name: "f", optional: false }],
      toJsonSchema: () => {
        throw new RangeError("broken");
      },
    };
    expect(caught(() => supply.write(broken))).toBeInstanceOf(RangeError);
  });

  it("say there are no fields where there are none", () => {
    const error = caught(() => new FieldSupply("p").require("r", parseSignature("f: int"), "input", "nobody gives"));
    expect((error as Error).message).toBe(
      'pattern "p": "r" needs the field "f", which nobody gives; there are no fields here',
    );
  });
});

describe("JSON Schemas of two types", () => {
  it("clash only when each is surely of other kinds", () => {
    const pairs: [JsonSchema | undefined, JsonSchema | undefined, string | undefined][] = [
      [undefined, { type: "string" }, undefined],
      [{}, { type: "string" }, undefined],
      [{ type: "string" }, { anyOf: [{ type: "null" }, {}] }, undefined],
      [{ type: ["string", "null"] }, { type: "null" }, undefined],
      [{ type: "number" }, { type: "integer" }, undefined],
      [{ const: "a" }, { type: "string" }, undefined],
      [{ const: null }, { type: "string" }, "null, but it is string"],
      [{ enum: [["a"], 1] }, { type: "array" }, undefined],
      [{ enum: [{}, 1] }, { type: ["array", "boolean"] }, "object or number, but it is array or boolean"],
      [{ $ref: "#/$defs/X" }, { type: "array" }, undefined],
    ];
    for (const [need, have, clash] of pairs) expect(clashOf(need, have), JSON.stringify([need, have])).toBe(clash);
  });

  it("never clash when some value is of both", () => {
    const values = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.integer()),
    );
    const schemas = (value: unknown): fc.Arbitrary<JsonSchema> => {
      const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
      const exact: JsonSchema[] = [
        { type: kind },
        { const: value as null },
        { enum: [value as null, "other"] },
        { type: [kind, "object"] },
        {},
      ];
      return fc.constantFrom(...exact, { anyOf: [{ type: "object" }, ...exact.slice(0, 2)] });
    };
    const pairs = values.chain((value) => fc.tuple(schemas(value), schemas(value)));
    fc.assert(fc.property(pairs, ([need, have]) => clashOf(need, have) === undefined));
  });
});
