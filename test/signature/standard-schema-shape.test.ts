import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { isStandardSchema, shapeFromSchema } from "../../src/signature/standard-schema-shape.ts";

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return isFlockError(error) ? `${error.code}: ${error.message}` : `raw: ${error}`;
  }
  return "none";
}

describe("isStandardSchema", () => {
  it("knows schemas of every library, functions included", () => {
    const callable = Object.assign(() => 1, {
      "~standard": { version: 1, vendor: "x", validate: () => ({ value: 1 }) },
    });
    for (const schema of [z.string(), v.string(), callable]) expect(isStandardSchema(schema)).toBe(true);
    for (const value of [null, undefined, "str", {}, () => 1, { "~standard": null }]) {
      expect(isStandardSchema(value)).toBe(false);
    }
  });
});

describe("shapeFromSchema", () => {
  const search = z.object({
    query: z.string().describe("what to look for"),
    limit: z.number().int().default(10),
    mode: z.enum(["fast", "deep"]).optional(),
    near: z.union([z.string(), z.null()]),
  });

  it("reads fields from the properties", () => {
    const shape = shapeFromSchema(search, { name: "input of search" });
    expect(shape.fields.map(({ name, optional, description }) => ({ name, optional, description }))).toEqual([
      { name: "query", optional: false, description: "what to look for" },
      { name: "limit", optional: true, description: undefined },
      { name: "mode", optional: true, description: undefined },
      { name: "near", optional: false, description: undefined },
    ]);
    expect(shape.bareField).toBeUndefined();
    expect(shapeFromSchema(z.object({ q: z.string() })).bareField).toBe("q");
    expect(shapeFromSchema(z.object({ q: z.object({ a: z.string() }) })).bareField).toBeUndefined();
  });

  it("gives its JSON Schema frozen, the same each time, without the dialect", () => {
    const shape = shapeFromSchema(search);
    const schema = shape.toJsonSchema("input");
    expect(schema).toMatchObject({ type: "object", additionalProperties: false, required: ["query", "near"] });
    expect(schema).not.toHaveProperty("$schema");
    expect(shape.toJsonSchema("input")).toBe(schema);
    expect(Object.isFrozen(schema.properties)).toBe(true);
    expect(shape.toJsonSchema()).toMatchObject({ required: ["query", "limit", "near"] });
  });

  it("checks by the schema and bends near misses first", () => {
    const shape = shapeFromSchema(search);
    const given = { query: 3, limit: "5", mode: "DEEP", near: "x" };
    expect(shape.check(given)).toMatchObject({
      ok: false,
      issues: [{ pointer: "/query" }, { pointer: "/limit" }, { pointer: "/mode" }],
    });
    expect(shape.check(given, { coerce: true })).toEqual({
      ok: true,
      value: { query: "3", limit: 5, mode: "deep", near: "x" },
    });
    expect(shape.check({ query: "x", near: null })).toEqual({ ok: true, value: { query: "x", near: null, limit: 10 } });
  });

  it("bends inside lists, tuples, records, unions, references and constants", () => {
    const item: z.ZodType = z.object({
      n: z.number(),
      get more() {
        return z.array(item).optional();
      },
    });
    const schema = z.object({
      items: z.array(item),
      pair: z.tuple([z.number(), z.string()]),
      map: z.record(z.string(), z.boolean()),
      one: z.literal("yes"),
      free: z.any(),
      open: z.looseObject({ a: z.number() }),
    });
    const given = {
      items: { n: "1", more: [{ n: "2" }] },
      pair: ["1", 2],
      map: { a: "yes" },
      one: "YES",
      free: { x: "1" },
      open: { a: 1, b: "kept" },
    };
    expect(shapeFromSchema(schema).check(given, { coerce: true })).toEqual({
      ok: true,
      value: {
        items: [{ n: 1, more: [{ n: 2 }] }],
        pair: [1, "2"],
        map: { a: true },
        one: "yes",
        free: { x: "1" },
        open: { a: 1, b: "kept" },
      },
    });
  });

  it("takes any form of JSON Schema that was given, or bends nothing", () => {
    const schema = v.object({ a: v.number(), b: v.optional(v.nullable(v.number())) });
    const forms = [
      {
        type: "object",
        properties: { a: { type: ["number", "null"] }, b: { oneOf: [{ type: "number" }, { type: "null" }] } },
      },
      {
        type: "object",
        properties: { a: { $ref: "#/$defs/n" } },
        $defs: { n: { $ref: "#/$defs/m~1x" }, "m/x": { type: "number" } },
      },
      { type: "object", properties: { a: { const: 3 } } },
    ];
    for (const jsonSchema of forms) {
      expect(shapeFromSchema(schema, { jsonSchema }).check({ a: "3" }, { coerce: true })).toEqual({
        ok: true,
        value: { a: 3 },
      });
    }
    const useless = [
      { type: "object", properties: { a: { $ref: "#/nowhere" } } },
      { type: "object", properties: { a: { $ref: "other.json" } } },
      { type: "object", properties: { a: { allOf: [{ type: "number" }] } } },
      { type: "object", properties: { a: { enum: [{}] } } },
      { type: "object", properties: { a: true } },
      { type: "object", properties: { a: { type: "array", prefixItems: [{}] } } },
    ];
    for (const jsonSchema of useless) {
      expect(shapeFromSchema(schema, { jsonSchema }).check({ a: "3" }, { coerce: true })).toMatchObject({ ok: false });
    }
  });

  it("can check without a JSON Schema, and says so when one is needed", () => {
    const shape = shapeFromSchema(v.object({ a: v.string() }), { name: "input of search" });
    expect(shape.check({ a: "x" })).toEqual({ ok: true, value: { a: "x" } });
    expect(shape.check('{"a":"x"}', { coerce: true })).toEqual({ ok: true, value: { a: "x" } });
    expect(codeOf(() => shape.fields)).toContain("type_invalid: type 'input of search' has no JSON Schema");
    expect(codeOf(() => shape.toJsonSchema())).toContain("type_invalid");
  });

  it("refuses what describes no object", () => {
    expect(codeOf(() => shapeFromSchema(z.string()).fields)).toContain(
      "type_invalid: schema: expected a schema of an object",
    );
    expect(shapeFromSchema(z.string()).check("x")).toMatchObject({ ok: false, issues: [{ expected: "an object" }] });
    expect(codeOf(() => shapeFromSchema("str" as never))).toContain("type_invalid");
    expect(shapeFromSchema(z.record(z.string(), z.number())).fields).toEqual([]);
  });

  it("waits for schemas that check asynchronously", async () => {
    const shape = shapeFromSchema(z.object({ a: z.string().refine(async () => true) }));
    expect(await shape.check({ a: "x" })).toEqual({ ok: true, value: { a: "x" } });
    expect(await shape.check({ a: 1 })).toMatchObject({ ok: false });
  });
});
