import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../src/core/json.ts";
import { jsonSchemaIssues } from "../../src/prompt/json-schema/json-schema-check.ts";
import { isForbiddenKey } from "../../src/signature/grammar/grammar-names.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";

const table: readonly (readonly [
  keyword: string,
  schema: JsonSchema,
  good: readonly unknown[],
  bad: readonly unknown[],
])[] = [
  ["type", { type: "integer" }, [1, 2.0], ["1", 1.5, null]],
  ["types", { type: ["string", "null"] }, ["a", null], [1, []]],
  ["type object", { type: "object" }, [{}], [[], null]],
  ["type array", { type: "array" }, [[]], [{}]],
  ["enum", { enum: [1, "a", { b: [2] }] }, [1, "a", { b: [2] }], ["1", { b: [3] }, null]],
  ["const", { const: { a: 1 } }, [{ a: 1 }], [{ a: 2 }, 1]],
  ["minimum", { minimum: 2 }, [2, "x"], [1]],
  ["maximum", { maximum: 2 }, [2], [2.1]],
  ["exclusiveMinimum", { exclusiveMinimum: 2 }, [2.1], [2]],
  ["exclusiveMaximum", { exclusiveMaximum: 2 }, [1.9], [2]],
  ["multipleOf", { multipleOf: 0.1 }, [0.3, 1, 0], [0.35]],
  ["minLength", { minLength: 2 }, ["ab", "😀😀"], ["a", "😀"]],
  ["maxLength", { maxLength: 2 }, ["ab", "😀😀"], ["abc"]],
  ["pattern", { pattern: "^a+$" }, ["aa"], ["b"]],
  ["date", { format: "date" }, ["2024-02-29"], ["2023-02-29", "2024-2-1"]],
  ["date-time", { format: "date-time" }, ["2024-02-29T10:00:00Z"], ["2024-02-29", "2024-02-29T25:00:00Z"]],
  ["time", { format: "time" }, ["10:00:00Z"], ["10:00"]],
  ["email", { format: "email" }, ["a@b.org"], ["a@b", "a b@c.d"]],
  ["uri", { format: "uri" }, ["https://a.b/c"], ["a b"]],
  ["uuid", { format: "uuid" }, ["123e4567-e89b-12d3-a456-426614174000"], ["123"]],
  ["ipv4", { format: "ipv4" }, ["127.0.0.1"], ["256.0.0.1", "1.2.3"]],
  ["hostname", { format: "hostname" }, ["a.b-c.d"], ["-a", "a_b"]],
  ["an unknown format", { format: "colour" }, ["anything"], []],
  ["items", { items: { type: "string" } }, [["a"], []], [[1]]],
  ["prefixItems", { prefixItems: [{ type: "string" }], items: false }, [["a"], []], [["a", 1], [1]]],
  ["minItems", { minItems: 1 }, [[1]], [[]]],
  ["maxItems", { maxItems: 1 }, [[1]], [[1, 2]]],
  [
    "uniqueItems",
    { uniqueItems: true },
    [[1, "1"]],
    [
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
  ],
  ["contains", { contains: { type: "string" }, maxContains: 1 }, [[1, "a"]], [[1], ["a", "b"]]],
  ["minContains", { contains: { type: "string" }, minContains: 0 }, [[1]], []],
  ["required", { required: ["a"] }, [{ a: 1 }], [{}]],
  ["properties", { properties: { a: { type: "string" } } }, [{ a: "x", b: 1 }], [{ a: 1 }]],
  ["additionalProperties", { properties: { a: {} }, additionalProperties: false }, [{ a: 1 }], [{ b: 1 }]],
  ["a schema for the rest", { additionalProperties: { type: "string" } }, [{ a: "x" }], [{ a: 1 }]],
  [
    "patternProperties",
    { patternProperties: { "^n": { type: "number" } }, additionalProperties: false },
    [{ n1: 1 }],
    [{ n1: "x" }, { m: 1 }],
  ],
  ["propertyNames", { propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]],
  ["minProperties", { minProperties: 1 }, [{ a: 1 }], [{}]],
  ["maxProperties", { maxProperties: 1 }, [{ a: 1 }], [{ a: 1, b: 2 }]],
  ["dependentRequired", { dependentRequired: { a: ["b"] } }, [{}, { a: 1, b: 2 }], [{ a: 1 }]],
  ["anyOf", { anyOf: [{ type: "string" }, { type: "null" }] }, ["a", null], [1]],
  ["oneOf", { oneOf: [{ minimum: 5 }, { multipleOf: 2 }] }, [7, 2], [6, 3]],
  ["allOf", { allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1], [0, 3]],
  ["not", { not: { type: "string" } }, [1], ["a"]],
  // biome-ignore lint/suspicious/noThenProperty: the keyword's name
  ["if", { if: { minimum: 10 }, then: { multipleOf: 10 }, else: { maximum: 5 } }, [20, 3], [15, 7]],
  ["$ref", { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "string" } } }, ["a"], [1]],
  [
    "a recursive $ref",
    { type: "object", properties: { next: { $ref: "#" } }, additionalProperties: false },
    [{ next: { next: {} } }],
    [{ next: { next: { x: 1 } } }],
  ],
  ["true", { items: true }, [[1]], []],
  ["false", { properties: { a: false } }, [{}], [{ a: 1 }]],
];

describe("jsonSchemaIssues", () => {
  it.each(table)("knows %s", (_, schema, good, bad) => {
    for (const value of good) expect(jsonSchemaIssues(value, schema)).toEqual([]);
    for (const value of bad) expect(jsonSchemaIssues(value, schema)).not.toEqual([]);
  });

  it("points at each place, escaping what a pointer must", () => {
    const schema = { properties: { "a/b~c": { items: { type: "string" } } }, required: ["x"] };
    expect(jsonSchemaIssues({ "a/b~c": ["ok", 1] }, schema).map((issue) => issue.pointer)).toEqual([
      "/x",
      "/a~1b~0c/1",
    ]);
  });

  it("names what is wrong inside the nearest form of a union", () => {
    const schema = {
      anyOf: [
        { type: "null" },
        { type: "object", properties: { kind: { const: "a" }, n: { type: "integer" } }, required: ["kind", "n"] },
      ],
    };
    expect(jsonSchemaIssues({ kind: "a", n: "x" }, schema).map((issue) => issue.pointer)).toEqual(["/n"]);
  });

  it("stops at 50 issues and at schemas that refer to themselves without end", () => {
    expect(jsonSchemaIssues(Array(500).fill(1), { items: { type: "string" } })).toHaveLength(50);
    expect(jsonSchemaIssues(1, { $ref: "#" })[0]?.message).toContain("refers to itself");
    const names = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`k${index}`, 1]));
    expect(jsonSchemaIssues(names, { additionalProperties: { type: "string" } })).toHaveLength(50);
  });

  it("compares numbers beyond all bounds, which JSON text can spell", () => {
    const value: unknown = JSON.parse("[[1e999], [1]]");
    expect(jsonSchemaIssues(value, { uniqueItems: true, items: { enum: [[1], [2]] } })).toHaveLength(1);
  });

  it("says so when a pattern is no regular expression", () => {
    for (const schema of [{ pattern: "(" }, { patternProperties: { "(": {} } }]) {
      const value = "pattern" in schema ? "x" : { x: 1 };
      expect(() => jsonSchemaIssues(value, schema)).toThrowError(expect.objectContaining({ code: "type_invalid" }));
    }
  });

  it("agrees with the signature that a schema was made from", () => {
    const signature = parseSignature(
      "a: int, b?: list[str | None], c: Literal['x', 2], d: { e: tuple[int, str] }, f: dict[str, float]",
    );
    const schema = signature.toJsonSchema();
    const loose = fc.oneof(
      fc.integer(),
      fc.constantFrom("x", 2, null, "other"),
      fc.array(fc.constantFrom("s", null, 1)),
    );
    const values = fc.record({
      a: fc.oneof(fc.integer(), fc.double()),
      b: loose,
      c: fc.constantFrom("x", 2, "y"),
      d: fc.record({ e: fc.oneof(fc.tuple(fc.integer(), fc.string()), fc.constant([1])) }),
      f: fc.dictionary(
        fc.string({ minLength: 1 }).filter((key) => !isForbiddenKey(key)),
        fc.oneof({ weight: 9, arbitrary: fc.integer() }, { weight: 1, arbitrary: fc.constant("x") }),
      ),
    });
    fc.assert(
      fc.property(values, (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        const result = signature.check(plain) as { ok: boolean };
        expect(jsonSchemaIssues(plain, schema).length === 0).toBe(result.ok);
      }),
      { numRuns: 500 },
    );
  });
});
