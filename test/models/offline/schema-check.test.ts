import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Json, JsonSchema } from "../../../src/core/json/json.ts";
import { fits, isCalendarDate, schemaNode } from "../../../src/models/offline/fill/schema-check.ts";

const values: readonly Json[] = [
  null,
  true,
  0,
  1,
  -3,
  2.5,
  7,
  1e21,
  "",
  "a",
  "abc",
  "🚂🚂",
  "2024-02-29",
  "2023-02-29",
  "2024-01-05T09:30:00Z",
  "a@b.com",
  "https://x.org/",
  [],
  [1],
  [1, 1],
  [1, "a"],
  ["a", "b", "c"],
  {},
  { a: 1 },
  { a: "x", b: 2 },
  { b: 2 },
];

const schemas: readonly JsonSchema[] = [
  {},
  { type: "string" },
  { type: "string", minLength: 1, maxLength: 2 },
  { type: "string", pattern: "^a" },
  { type: "string", format: "date" },
  { type: "string", format: "email" },
  { type: "integer", minimum: 0, maximum: 5 },
  { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 7 },
  { type: "number", multipleOf: 0.5 },
  { type: "boolean" },
  { type: "null" },
  { const: "abc" },
  { enum: ["a", 1, null] },
  { type: "array", items: { type: "integer" } },
  { type: "array", items: {}, minItems: 1, maxItems: 2 },
  { type: "array", prefixItems: [{ type: "integer" }, { type: "string" }], minItems: 2, maxItems: 2 },
  { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
  { type: "object", properties: { a: { type: "integer" } }, additionalProperties: false },
  { type: "object", additionalProperties: { type: "integer" } },
  { anyOf: [{ type: "string" }, { type: "null" }] },
];

describe("checking values against schemas", () => {
  it("agrees with zod on every pair of schema and value", () => {
    for (const schema of schemas) {
      const zod = z.fromJSONSchema(schema as never);
      for (const value of values) {
        const place = `${JSON.stringify(schema)} with ${JSON.stringify(value)}`;
        expect(fits(value, schemaNode(schema, schema)), place).toBe(zod.safeParse(value).success);
      }
    }
  });

  const fitting = (schema: JsonSchema, value: Json) => fits(value, schemaNode(schema, schema));

  it("knows the other keywords", () => {
    expect(fitting({ oneOf: [{ type: "integer" }, { type: "number" }] }, 1)).toBe(false);
    expect(fitting({ oneOf: [{ type: "integer" }, { type: "string" }] }, 1)).toBe(true);
    expect(fitting({ type: ["integer", "null"] }, null)).toBe(true);
    expect(fitting({ type: ["integer", "null"] }, "a")).toBe(false);
    expect(fitting({ not: { type: "string" } }, "a")).toBe(false);
    expect(fitting({ allOf: [{ minimum: 1 }, { maximum: 3 }] }, 2)).toBe(true);
    expect(fitting({ allOf: [{ minimum: 1 }, { maximum: 3 }] }, 4)).toBe(false);
    expect(fitting({ uniqueItems: true }, [1, 1])).toBe(false);
    expect(fitting({ uniqueItems: true }, [1, 2])).toBe(true);
    expect(fitting({ minProperties: 2 }, { a: 1 })).toBe(false);
    expect(fitting({ maxProperties: 0 }, { a: 1 })).toBe(false);
    expect(fitting({ propertyNames: { pattern: "^a" } }, { b: 1 })).toBe(false);
    expect(fitting({ patternProperties: { "^n": { type: "number" } }, additionalProperties: false }, { n1: 1 })).toBe(
      true,
    );
    expect(fitting({ patternProperties: { "^n": { type: "number" } } }, { n1: "x" })).toBe(false);
    expect(fitting({ enum: [{ a: 1 }] }, { a: 1 })).toBe(true);
    expect(fitting({ type: "string", pattern: "(" }, "a")).toBe(false);
    expect(fitting({ type: "string", pattern: "a" }, "a".repeat(5_000))).toBe(false);
    for (const [format, good, bad] of [
      ["date-time", "2024-01-05T09:30:00Z", "2024-01-05"],
      ["time", "09:30:00Z", "9"],
      ["uri", "https://x.org", "x"],
      ["uuid", "123e4567-e89b-12d3-a456-426614174000", "123"],
    ] as const) {
      expect(fitting({ type: "string", format }, good)).toBe(true);
      expect(fitting({ type: "string", format }, bad)).toBe(false);
    }
    expect(fits(undefined, schemaNode({}, {}))).toBe(false);
  });

  it("follows references within the document and nothing else", () => {
    const root: JsonSchema = {
      $defs: { "a/b~c": { type: "integer" }, deep: { allOf: [{ $ref: "#/$defs/a~1b~0c" }, { minimum: 3 }] } },
    };
    expect(fits(3, schemaNode({ $ref: "#/$defs/a~1b~0c" }, root))).toBe(true);
    expect(fits(2, schemaNode({ $ref: "#/$defs/deep" }, root))).toBe(false);
    expect(fits(5, schemaNode({ $ref: "#/$defs/a~1b~0c", maximum: 4 }, root))).toBe(false);
    expect(fits(1, schemaNode(true, root))).toBe(true);
    for (const nothing of [{ $ref: "#/$defs/none" }, { $ref: "other.json" }, { $ref: "#/__proto__" }, false, 3]) {
      expect(fits(1, schemaNode(nothing, root))).toBe(false);
    }
    const endless: JsonSchema = { allOf: [{ $ref: "#" }] };
    expect(fits(1, schemaNode(endless, endless))).toBe(false);
  });

  it("knows the days of the calendar", () => {
    for (const good of ["2024-02-29", "1861-12-31"]) expect(isCalendarDate(good)).toBe(true);
    for (const bad of ["2023-02-29", "2024-13-01", "2024-1-1", "2024-00-10", ""])
      expect(isCalendarDate(bad)).toBe(false);
  });
});
