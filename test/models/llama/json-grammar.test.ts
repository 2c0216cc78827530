import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonSchema } from "../../../src/core/json/json.ts";
import { JsonGrammar, literal } from "../../../src/models/llama/json-grammar.ts";
import { parseSignature } from "../../../src/signature/parse-signature.ts";
import { acceptsText } from "./read-grammar.ts";

/** Tells which of the texts a schema's grammar lets through. */
function accepted(schema: JsonSchema, ...texts: readonly string[]): readonly boolean[] {
  const grammar = new JsonGrammar();
  const root = grammar.add(schema);
  expect(root).toBeDefined();
  return texts.map((text) => acceptsText(grammar.text(root!), text));
}

const accepts = (schema: JsonSchema, value: Json) => accepted(schema, JSON.stringify(value))[0];
const signatureSchema = (signature: string) => parseSignature(signature).toJsonSchema() as JsonSchema;

describe("the grammar of a schema", () => {
  it("takes objects with their fields in order, the optional ones left out or not", () => {
    const schema = signatureSchema("a?: int, b: str, c?: bool, d?: float");
    for (const good of [
      '{"b":""}',
      '{"a":1,"b":"x"}',
      '{"b":"x","c":true}',
      '{"b":"x","d":1.5}',
      '{ "a": 1, "b": "x", "c": false, "d": 2e3 }',
    ])
      expect(accepted(schema, good), good).toEqual([true]);
    for (const bad of [
      '{"a":1}',
      '{"b":"x",}',
      '{,"b":"x"}',
      '{"b":"x","a":1}',
      '{"b":"x","e":1}',
      '{"b":"x"} ',
      '{"b":1}',
      '{"b":"x"',
    ])
      expect(accepted(schema, bad), bad).toEqual([false]);
  });

  it("takes objects whose fields are all optional in every choice of them", () => {
    const schema = signatureSchema("a?: int, b?: int, c?: int");
    for (let choice = 0; choice < 8; choice++) {
      const keys = ["a", "b", "c"].filter((_, index) => (choice >> index) & 1);
      expect(accepts(schema, Object.fromEntries(keys.map((key) => [key, 1]))), keys.join()).toBe(true);
    }
    expect(accepted(schema, "{,}", '{"a":1,}', '{,"c":1}', '{"a":1,"a":1}')).toEqual([false, false, false, false]);
  });

  it("takes tables, alone and after named fields", () => {
    expect(accepts(signatureSchema("t: dict[str, int]"), { t: { x: 1, y: 2 } })).toBe(true);
    expect(accepts(signatureSchema("t: dict[str, int]"), { t: { x: "1" } })).toBe(false);
    const open = {
      type: "object",
      properties: { a: { type: "integer" } },
      required: ["a"],
      additionalProperties: true,
    };
    expect(accepts(open, { a: 1, more: [null, { deep: "x" }] })).toBe(true);
    expect(accepts(open, { more: 1 })).toBe(false);
    expect(accepts({ type: "object" }, { any: { thing: [1] } })).toBe(true);
    expect(accepts({ type: "object", additionalProperties: false }, {})).toBe(true);
    expect(accepts({ type: "object", additionalProperties: false }, { a: 1 })).toBe(false);
  });

  it("holds lists to their lengths and places", () => {
    const list = (rest: JsonSchema): JsonSchema => ({ type: "array", items: { type: "integer" }, ...rest });
    const lengths = (schema: JsonSchema) => [0, 1, 2, 3, 4].filter((n) => accepts(schema, Array(n).fill(7)));
    expect(lengths(list({}))).toEqual([0, 1, 2, 3, 4]);
    expect(lengths(list({ maxItems: 2 }))).toEqual([0, 1, 2]);
    expect(lengths(list({ maxItems: 1 }))).toEqual([0, 1]);
    expect(lengths(list({ maxItems: 0 }))).toEqual([0]);
    expect(lengths(list({ minItems: 2 }))).toEqual([2, 3, 4]);
    expect(lengths(list({ minItems: 1, maxItems: 3 }))).toEqual([1, 2, 3]);
    const pair = signatureSchema("p: tuple[str, int]");
    expect(accepts(pair, { p: ["a", 1] })).toBe(true);
    expect(accepts(pair, { p: [1, "a"] })).toBe(false);
    expect(accepts({ items: { type: "null" } }, [null, null])).toBe(true);
    expect(accepts({ type: "array" }, [1, "a", {}])).toBe(true);
  });

  it("holds text to lengths and forms, and numbers to what a number holds", () => {
    const string = (rest: JsonSchema): JsonSchema => ({ type: "string", ...rest });
    expect(accepted(string({ minLength: 2, maxLength: 3 }), '"a"', '"ab"', '"abc"', '"abcd"')).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(accepted(string({ maxLength: 0 }), '""', '"a"')).toEqual([true, false]);
    expect(accepted(string({ minLength: 1 }), '""', '"abcdef"')).toEqual([false, true]);
    expect(accepted(string({ maxLength: 100_000 }), '"a"')).toEqual([true]);
    expect(accepted(string({ format: "date" }), '"2024-02-29"', '"2024-13-01"', '"soon"')).toEqual([
      true,
      false,
      false,
    ]);
    expect(
      accepted(
        string({ format: "date-time" }),
        '"2024-02-29T10:00:00Z"',
        '"2024-02-29T10:00:00.5+01:00"',
        '"2024-02-29"',
      ),
    ).toEqual([true, true, false]);
    expect(accepted(string({ format: "time" }), '"10:00:00Z"', '"25:00:00Z"')).toEqual([true, false]);
    expect(accepted(string({ format: "uri" }), '"x"')).toEqual([true]);
    expect(accepted(string({}), '"a\nb"', '"a\\nb"', '"\\u00e9"', '"é🙂"', '"a\\x"')).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(accepted({ type: "integer" }, "0", "-7", "01", "1.0", "999999999999999", "9999999999999999")).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(accepted({ type: "number" }, "0.5", "-1e10", ".5", "1e999")).toEqual([true, true, false, false]);
  });

  it("takes choices, constants, unions and references", () => {
    expect(accepted({ enum: ["a", 'b"', 3, null, { x: 1 }] }, '"a"', '"b\\""', "3", "null", '{"x":1}', '"c"')).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(accepted({ enum: ["only"] }, '"only"', '"other"')).toEqual([true, false]);
    expect(accepted({ const: "x" }, '"x"', '"y"')).toEqual([true, false]);
    expect(accepted({ type: ["string", "null"] }, '"x"', "null", "1")).toEqual([true, true, false]);
    expect(accepts(signatureSchema("a: Optional[int]"), { a: null })).toBe(true);
    expect(accepted({ oneOf: [{ type: "integer" }, { type: "boolean" }] }, "1", "true", '"1"')).toEqual([
      true,
      true,
      false,
    ]);
    const tree = {
      $ref: "#/$defs/a~1b",
      $defs: { "a/b": { type: "object", properties: { next: { $ref: "#/$defs/a~1b" } }, additionalProperties: false } },
    };
    expect(accepts(tree, { next: { next: {} } })).toBe(true);
    expect(accepts(tree, { next: 1 })).toBe(false);
    expect(accepts({}, [{ any: 1 }])).toBe(true);
    expect(accepts({ properties: { a: { type: "null" } }, required: ["a"] }, { a: null })).toBe(true);
  });

  it("leaves what only forbids to whoever checks the answer", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "integer", minimum: 5 } },
      required: ["a"],
      not: { required: ["b"] },
    };
    expect(accepts(schema, { a: 1 })).toBe(true);
    expect(accepts({ type: "string", pattern: "^x" }, "y")).toBe(true);
    expect(accepts({ type: "array", items: { type: "null" }, uniqueItems: true }, [null, null])).toBe(true);
  });

  it.each([
    { allOf: [{}] },
    { patternProperties: {}, type: "object" },
    { dependentSchemas: {} },
    { if: {} },
    { patternProperties: {} },
    { type: "object", properties: { a: { allOf: [] } } },
    { type: "blob" },
    { enum: [] },
    { anyOf: [false] },
    { items: 3 },
    { $ref: "https://example.test/schema" },
    { $ref: "#/$defs/none" },
    { $ref: "#/$defs/toString", $defs: {} },
  ] as JsonSchema[])("says that it cannot say %j, and leaves nothing of it behind", (schema) => {
    const grammar = new JsonGrammar();
    const before = grammar.text("value");
    expect(grammar.add(schema)).toBeUndefined();
    expect(grammar.text("value")).toBe(before);
  });

  it("gives up on schemas that are too deep or too large", () => {
    let deep: JsonSchema = { type: "string" };
    for (let level = 0; level < 100_000; level++) deep = { type: "array", items: deep };
    expect(new JsonGrammar().add(deep)).toBeUndefined();
    const properties = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`f${n}`, { enum: ["a", "b"] }]));
    expect(new JsonGrammar().add({ type: "object", properties })).toBeUndefined();
  });

  it("lets through what it is the grammar of, whatever the words are", () => {
    const words = fc.string({ unit: "binary", maxLength: 12 }).map((word) => word.toWellFormed());
    fc.assert(
      fc.property(fc.dictionary(words, words, { minKeys: 1, maxKeys: 4 }), (value) => {
        const properties = Object.fromEntries(Object.keys(value).map((key) => [key, { type: "string" }]));
        const schema = { type: "object", properties, required: Object.keys(value), additionalProperties: false };
        // JavaScript puts keys that look like numbers first, in the schema as in the value.
        expect(accepts(schema, value)).toBe(true);
        for (const word of Object.values(value)) expect(accepts({ const: word }, word)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a literal", () => {
  it("escapes what ends it or would break the line", () => {
    expect(literal('a"b\\c\nd\u007f')).toBe('"a\\"b\\\\c\\x0ad\\x7f"');
  });
});
