import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import type { JsonSchema } from "../../../src/core/json/json.ts";
import { isForbiddenKey } from "../../../src/signature/grammar/grammar-names.ts";
import { compileJsonSchema } from "../../../src/signature/json-schema/compile/compile-json-schema.ts";
import { parseSignature } from "../../../src/signature/parse-signature.ts";

function jsonSchemaIssues(value: unknown, schema: JsonSchema | boolean) {
  const compiled = compileJsonSchema(schema);
  const issues = compiled.issues(value);
  expect(compiled.fits(value)).toBe(issues.length === 0);
  return issues;
}

/** Where a schema is refused, and the spelling proposed instead. */
function refusal(schema: unknown): string {
  try {
    compileJsonSchema(schema as JsonSchema);
  } catch (error) {
    if (!isFlockError(error, "type_invalid")) return `raw: ${error}`;
    return `${error.details.pointer} ${error.details.suggestion ?? "-"}`;
  }
  return "accepted";
}

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
  [
    "date-time",
    { format: "date-time" },
    ["2024-02-29T10:00:00Z"],
    ["2024-02-29", "2024-02-29T25:00:00Z", "2024-02-29 10:00:00Z"],
  ],
  ["time", { format: "time" }, ["10:00:00Z", "23:59:60Z"], ["10:00", "12:00:60Z", "10:00:00+24:00"]],
  [
    "email",
    { format: "email" },
    ["a@b.org", '"a b"@c.d', "a@[127.0.0.1]", "a@[IPv6:::1]"],
    ["a@b", "a b@c.d", "ab.cd", "a..b@c.d", "a@[1.2.3]", "a@1.2.3.4", "a@b=c.d"],
  ],
  ["uri", { format: "uri" }, ["https://a.b/c"], ["a b"]],
  ["uuid", { format: "uuid" }, ["123e4567-e89b-12d3-a456-426614174000"], ["123"]],
  ["ipv4", { format: "ipv4" }, ["127.0.0.1"], ["256.0.0.1", "1.2.3"]],
  ["hostname", { format: "hostname" }, ["a.b-c.d"], ["-a", "a-", "a_b", ""]],
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
  ["1.0 as integer", { type: "integer" }, [1.0, -0, 1e300], [1.5, true]],
  ["numbers beyond all bounds", { type: "number" }, [1e308], [Number.POSITIVE_INFINITY, Number.NaN]],
  ["multiples of a small decimal", { multipleOf: 0.0001 }, [0.0075, 0, 1e22], [0.00751]],
  ["multiples of large numbers", { multipleOf: 0.123 }, [0.246, 123e300], [1e308, Number.POSITIVE_INFINITY]],
  ["multiples of large steps", { multipleOf: 1e300 }, [0, 3e300], [1e299]],
  ["multiples of tiny steps", { multipleOf: 1e-8 }, [12391239123, 5e-324 * 0], [1e-9, 5e-324]],
  [
    "different items",
    { uniqueItems: true },
    [
      [1, true],
      [0, false],
      [[1], [true]],
      [{ a: 1 }, { a: true }],
    ],
    [[0, -0]],
  ],
  [
    "equal lists",
    { uniqueItems: true },
    [
      [
        [1, 2],
        [2, 1],
      ],
    ],
    [[[{ a: 1, b: 2 }], [{ b: 2, a: 1 }]]],
  ],
  ["enum by JSON equality", { enum: [1, { a: [0], b: null }] }, [1.0, { b: null, a: [-0] }], [true, { a: [0] }]],
  ["const false and 0", { const: [false] }, [[false]], [[0], [], [false, false]]],
  ["const null", { const: null }, [null], [0, false, ""]],
  ["enum beside const", { enum: [1, 2], const: 2 }, [2], [1]],
  ["an empty enum", { enum: [] }, [], [1, null]],
  ["a closed prefix beside contains", { prefixItems: [false], contains: true }, [], [[], [1]]],
  ["minContains 0", { contains: { const: 1 }, minContains: 0, maxContains: 1 }, [[], [2], [1]], [[1, 1]]],
  ["bounds of contains alone", { minContains: 3, maxContains: 0 }, [[], [1]], []],
  [
    "contains beside unevaluatedItems",
    { contains: { type: "string" }, unevaluatedItems: { type: "integer" } },
    [["a", 1]],
    [["a", 1.5], [1]],
  ],
  ["unevaluatedItems", { prefixItems: [true], unevaluatedItems: false }, [[1], []], [[1, 2]]],
  [
    "unevaluatedProperties through allOf, anyOf, if and $ref",
    {
      $ref: "#/$defs/base",
      allOf: [
        {
          anyOf: [
            { properties: { b: { const: 1 } }, required: ["b"] },
            { properties: { c: true }, required: ["c"] },
          ],
        },
      ],
      if: { required: ["d"], properties: { d: true } },
      // biome-ignore lint/suspicious/noThenProperty: the keyword's name
      then: { properties: { e: true } },
      else: { properties: { f: true } },
      unevaluatedProperties: false,
      $defs: { base: { properties: { a: true } } },
    },
    [
      { a: 1, b: 1 },
      { c: 1, d: 1, e: 1 },
      { b: 1, c: 1, f: 1 },
    ],
    [
      { b: 2, c: 1 },
      { b: 1, d: 1, f: 1 },
      { b: 1, e: 1 },
      { b: 1, x: 1 },
    ],
  ],
  [
    "nothing looked at by not",
    { not: { not: { properties: { a: true } } }, unevaluatedProperties: false },
    [{}],
    [{ a: 1 }],
  ],
  [
    "what patterns and dependents looked at",
    {
      patternProperties: { "^p": true },
      dependentSchemas: { p: { properties: { q: true } } },
      unevaluatedProperties: { type: "null" },
    },
    [{ p: 1, q: 1 }, { r: null }],
    [{ q: 1 }, { p: 1, r: 1 }],
  ],
  [
    "what oneOf looked at",
    {
      oneOf: [{ properties: { a: { const: 1 } }, required: ["a"] }, { required: ["b"] }],
      unevaluatedProperties: false,
    },
    [{ a: 1 }],
    [{ b: 1 }, { a: 2 }],
  ],
  [
    "all that additionalProperties looked at",
    { allOf: [{ additionalProperties: true }], unevaluatedProperties: false },
    [{ a: 1 }],
    [],
  ],
  ["$ref beside siblings", { $ref: "#/$defs/s", maxLength: 2, $defs: { s: { type: "string" } } }, ["ab"], ["abc", 1]],
  [
    "ids and anchors",
    {
      $id: "https://example.org/root",
      properties: {
        a: { $ref: "item" },
        b: { $ref: "#here" },
        c: { $ref: "item#/$defs/deep" },
        d: { $ref: "/item#inner" },
      },
      $defs: {
        x: { $id: "item", type: "string", $defs: { deep: { type: "null" }, in: { $anchor: "inner", type: "array" } } },
        y: { $anchor: "here", type: "boolean" },
      },
    },
    [{ a: "x", b: true, c: null, d: [] }],
    [{ a: 1 }, { b: 1 }, { c: 1 }, { d: {} }],
  ],
  [
    "$dynamicRef",
    {
      $id: "strict",
      $dynamicAnchor: "node",
      $ref: "tree",
      unevaluatedProperties: false,
      $defs: {
        tree: {
          $id: "tree",
          $dynamicAnchor: "node",
          properties: { value: true, children: { type: "array", items: { $dynamicRef: "#node" } } },
        },
      },
    },
    [{ children: [{ value: 1 }] }],
    [{ children: [{ daat: 1 }] }, { children: 1 }],
  ],
  [
    "a $dynamicRef to a plain anchor",
    { items: { $dynamicRef: "#a" }, $defs: { a: { $anchor: "a", type: "null" } } },
    [[null]],
    [[1]],
  ],
  [
    "definitions of older drafts",
    { items: { $ref: "#/definitions/a" }, definitions: { a: { type: "null" } } },
    [[null]],
    [[1]],
  ],
  ["places that are no keyword", { $ref: "#/x-shared/a", "x-shared": { a: { type: "null" } } }, [null], [1]],
  ["escaped references", { $ref: "#/$defs/a%25b~1c~0d", $defs: { "a%b/c~d": { type: "null" } } }, [null], [1]],
  [
    "names of Object.prototype",
    { required: ["toString"], properties: { constructor: { type: "number" } } },
    [{ toString: 1, constructor: 1 }],
    [{}, { toString: 1, constructor: "x" }],
  ],
  ["dependentRequired of toString", { dependentRequired: { toString: ["valueOf"] } }, [{}], [{ toString: 1 }]],
  ["dependentSchemas", { dependentSchemas: { a: { minProperties: 2 } } }, [{}, { a: 1, b: 1 }, "a"], [{ a: 1 }]],
  [
    "patternProperties beside properties",
    {
      properties: { ab: { minimum: 2 } },
      patternProperties: { b: { maximum: 3 } },
      additionalProperties: { const: 0 },
    },
    [{ ab: 2, b: 1, c: 0 }],
    [{ ab: 1 }, { ab: 4 }, { c: 1 }],
  ],
  ["patterns unanchored, by code point", { pattern: "^.😀$|\\p{Lu}" }, ["😀😀", "xÄx"], ["😀", "x"]],
  // biome-ignore lint/suspicious/noThenProperty: the keyword's name
  ["then without if", { then: false, else: false }, [1], []],
  ["true", { items: true }, [[1]], []],
  ["false", { properties: { a: false } }, [{}], [{ a: 1 }]],
];

describe("a compiled JSON Schema", () => {
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

  it("stops at 50 issues", () => {
    expect(jsonSchemaIssues(Array(500).fill(1), { items: { type: "string" } })).toHaveLength(50);
    const names = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`k${index}`, 1]));
    expect(jsonSchemaIssues(names, { additionalProperties: { type: "string" } })).toHaveLength(50);
  });

  it("compares numbers beyond all bounds, which JSON text can spell", () => {
    const value: unknown = JSON.parse("[[1e999], [1]]");
    expect(jsonSchemaIssues(value, { uniqueItems: true, items: { enum: [[1], [2]] } })).toHaveLength(1);
  });

  it("takes __proto__ for a plain name, in schemas and values", () => {
    const schema = JSON.parse('{"properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}') as JsonSchema;
    expect(jsonSchemaIssues(JSON.parse('{"__proto__":"x"}'), schema)).toEqual([]);
    expect(jsonSchemaIssues(JSON.parse('{"__proto__":1}'), schema)[0]?.pointer).toBe("/__proto__");
    expect(jsonSchemaIssues({}, schema)[0]?.message).toContain("is missing");
    const closed = JSON.parse('{"properties":{"a":{}},"additionalProperties":false}') as JsonSchema;
    expect(jsonSchemaIssues(JSON.parse('{"__proto__":1}'), closed)).toHaveLength(1);
    const exact = JSON.parse('{"const":{"__proto__":1}}') as JsonSchema;
    expect(jsonSchemaIssues(JSON.parse('{"__proto__":1}'), exact)).toEqual([]);
    expect(jsonSchemaIssues({}, exact)).toHaveLength(1);
  });

  it("takes boolean schemas as the whole document", () => {
    expect(jsonSchemaIssues(1, true)).toEqual([]);
    expect(jsonSchemaIssues(1, false)).toHaveLength(1);
  });

  it("fits nothing that is not JSON", () => {
    for (const value of [undefined, () => 1, Symbol("s"), 3n, new Date(0), new Map()]) {
      for (const schema of [{}, { type: "object" }, { not: { type: "null" } }, { title: "any" }] as JsonSchema[]) {
        expect(jsonSchemaIssues(value, schema)).toHaveLength(1);
      }
    }
    expect(jsonSchemaIssues({ a: undefined }, { required: ["a"] })).toHaveLength(1);
    expect(jsonSchemaIssues({ a: undefined }, { additionalProperties: false, maxProperties: 0 })).toEqual([]);
  });

  it("accepts every annotation and passes it over", () => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: "https://example.org/annotated",
      $comment: "c",
      $vocabulary: { "https://example.org/v": true },
      title: "t",
      description: "d",
      default: { nonsense: 1 },
      examples: [1],
      deprecated: true,
      readOnly: false,
      writeOnly: false,
      contentEncoding: "base64",
      contentMediaType: "application/json",
      contentSchema: { type: "string" },
      format: "colour",
      "x-order": 3,
      optional: undefined,
    };
    expect(jsonSchemaIssues("anything", schema as unknown as JsonSchema)).toEqual([]);
  });

  it.each<[schema: unknown, refused: string]>([
    [{ typ: "string" }, "/typ type"],
    [{ properties: { a: { minlength: 1 } } }, "/properties/a/minlength minLength"],
    [{ $defs: { "a/b": { xyzzy: 1 } } }, "/$defs/a~1b/xyzzy -"],
    [{ nullable: true, type: "string" }, "/nullable -"],
    [{ id: "a" }, "/id $id"],
    [{ dependencies: {} }, "/dependencies dependentRequired"],
    [{ additionalItems: false }, "/additionalItems items"],
    [{ $recursiveRef: "#" }, "/$recursiveRef $dynamicRef"],
    [{ items: [{}] }, "/items -"],
    [{ type: "text" }, "/type -"],
    [{ type: [] }, "/type -"],
    [{ type: ["string", "string"] }, "/type -"],
    [{ required: "a" }, "/required -"],
    [{ required: ["a", "a"] }, "/required -"],
    [{ required: true }, "/required -"],
    [{ exclusiveMinimum: true }, "/exclusiveMinimum -"],
    [{ minLength: -1 }, "/minLength -"],
    [{ minLength: 1.5 }, "/minLength -"],
    [{ multipleOf: 0 }, "/multipleOf -"],
    [{ maximum: "5" }, "/maximum -"],
    [{ enum: "a" }, "/enum -"],
    [{ anyOf: [] }, "/anyOf -"],
    [{ properties: [] }, "/properties -"],
    [{ properties: { a: null } }, "/properties/a -"],
    [{ not: "x" }, "/not -"],
    [{ dependentRequired: { a: [1] } }, "/dependentRequired -"],
    [{ $schema: "http://json-schema.org/draft-07/schema#" }, "/$schema -"],
    [{ items: { $schema: "https://json-schema.org/draft/2020-12/schema" } }, "/items/$schema -"],
    [{ $id: "https://example.org/a#b" }, "/$id -"],
    [{ $anchor: "1a" }, "/$anchor -"],
    [{ $defs: { a: { $anchor: "x" }, b: { $anchor: "x" } } }, "/$defs/b/$anchor -"],
    [{ $defs: { a: { $id: "x" }, b: { $id: "x" } } }, "/$defs/b/$id -"],
    [{ $ref: "#/$defs/none" }, "/$ref -"],
    [{ $ref: "#none" }, "/$ref -"],
    [{ $ref: "other.json" }, "/$ref -"],
    [{ $ref: "https://example.org/other" }, "/$ref -"],
    [{ $ref: "http://[" }, "/$ref -"],
    [{ $ref: "#/$defs/a/toString", $defs: { a: {} } }, "/$ref -"],
    [{ $ref: "#/title", title: "x" }, "/title -"],
    [{ $ref: "#" }, " -"],
    [{ allOf: [{ $ref: "#/$defs/a" }], $defs: { a: { not: { $ref: "#/$defs/a" } } } }, "/$defs/a -"],
    [{ pattern: "(" }, "/pattern -"],
    [{ patternProperties: { "[": {} } }, "/patternProperties/[ -"],
    [{ pattern: "(a+)+$" }, "/pattern -"],
    [{ default: () => 1 }, "/default -"],
    [{ const: Number.NaN }, "/const -"],
    [[], " -"],
    ["str", " -"],
  ])("refuses %j where it stands", (schema, refused) => {
    expect(refusal(schema)).toBe(refused);
  });

  it("refuses schemas that contain themselves or have no end", () => {
    const circle: { items?: unknown } = {};
    circle.items = circle;
    expect(refusal(circle)).toContain("/items/items");
    expect(refusal({ enum: Array.from({ length: 200_001 }, () => ({})) })).toBe(" -");
  });

  it("refuses what cannot be read, and chains of references without end in sight", () => {
    const trap = {
      get type(): never {
        throw new Error("boom");
      },
    };
    expect(refusal(trap)).toBe(" -");
    const chain = Object.fromEntries(
      Array.from({ length: 30_000 }, (_, at) => [`d${at}`, at === 29_999 ? {} : { $ref: `#/$defs/d${at + 1}` }]),
    );
    const result = refusal({ $ref: "#/$defs/d0", $defs: chain });
    expect([" -", "accepted"]).toContain(result);
  });

  it("says what was meant instead, in words", () => {
    const say = (schema: unknown) => {
      try {
        compileJsonSchema(schema as JsonSchema, "input of search");
      } catch (error) {
        return (error as Error).message;
      }
      return "accepted";
    };
    expect(say({ nullable: true })).toContain('write type: ["string", "null"]');
    expect(say({ properties: { a: { maxlength: 3 } } })).toBe(
      'input of search: the JSON Schema cannot be used: at /properties/a/maxlength, draft 2020-12 has no keyword "maxlength", and one that is not known is never ignored; did you mean "maxLength"?',
    );
    expect(say({ items: [{}] })).toContain("prefixItems");
  });

  it("compiles a schema once, whatever becomes of the object", () => {
    const schema: { type: string } = { type: "string" };
    const first = compileJsonSchema(schema);
    schema.type = "number";
    expect(compileJsonSchema(schema)).toBe(first);
    expect(first.fits("x")).toBe(true);
    expect(Object.isFrozen(first.schema)).toBe(true);
  });

  it("goes through deep values up to a bound, and says so beyond", () => {
    const schema: JsonSchema = { type: "object", properties: { next: { $ref: "#" } }, additionalProperties: false };
    const deep = (levels: number) => {
      let value: unknown = {};
      for (let level = 0; level < levels; level++) value = { next: value };
      return value;
    };
    expect(jsonSchemaIssues(deep(300), schema)).toEqual([]);
    for (const levels of [2_000, 100_000]) {
      expect(jsonSchemaIssues(deep(levels), schema)).toEqual([
        { pointer: "", message: expect.stringContaining("nested too deeply") },
      ]);
    }
    const list: JsonSchema = { uniqueItems: true };
    let nested: unknown = [];
    for (let level = 0; level < 100_000; level++) nested = [nested];
    expect(jsonSchemaIssues([nested, nested], list)[0]?.message).toContain("nested too deeply");
  });

  it("bounds schemas that read a value in exponentially many ways", () => {
    const next = (n: number): JsonSchema => ({ properties: { next: { $ref: "#/$defs/node" }, n: { const: n } } });
    const schema: JsonSchema = { $ref: "#/$defs/node", $defs: { node: { anyOf: [next(1), next(2), next(3)] } } };
    let value: unknown = { n: 9 };
    for (let level = 0; level < 60; level++) value = { n: 0, next: value };
    expect(jsonSchemaIssues(value, schema)[0]?.message).toContain("too many ways");
  });

  it("stays linear on values of megabytes", () => {
    const schema: JsonSchema = {
      type: "array",
      items: {
        type: "object",
        properties: { a: { type: "integer" }, b: { anyOf: [{ type: "null" }, { type: "string" }] } },
      },
      uniqueItems: true,
    };
    const value = Array.from({ length: 40_000 }, (_, a) => ({ a, b: `text of row ${a}` }));
    expect(jsonSchemaIssues(value, schema)).toEqual([]);
    expect(jsonSchemaIssues([...value, { a: "x" }], schema)).toHaveLength(1);
  });

  it("names the field that was probably meant", () => {
    const closed: JsonSchema = { properties: { title: true }, additionalProperties: false };
    expect(jsonSchemaIssues({ titel: 1 }, closed)).toEqual([
      {
        pointer: "/titel",
        message: "expected no field 'titel'; did you mean 'title'?",
        expected: "no such field",
        received: "1",
      },
    ]);
    const left: JsonSchema = { properties: { title: true }, unevaluatedProperties: false };
    expect(jsonSchemaIssues({ other: 1 }, left)[0]?.message).toBe("expected no field 'other'");
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
