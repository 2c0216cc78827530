import { describe, expect, it } from "vitest";
import { tool } from "../../../src/agent/tool.ts";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import type { JsonSchema } from "../../../src/core/json/json.ts";
import { parseModelOutput } from "../../../src/prompt/read/parse-model-output.ts";
import { coerce } from "../../../src/signature/coerce.ts";
import { jsonSchema } from "../../../src/signature/json-schema/json-schema-type.ts";
import { parseSignature } from "../../../src/signature/parse-signature.ts";
import { shapeFromSchema } from "../../../src/signature/standard-schema-shape.ts";
import { TypeRegistry } from "../../../src/signature/type-registry.ts";
import { createTestContext } from "../../../src/testing/test-context.ts";

const ticket = jsonSchema({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    title: { type: "string", minLength: 1 },
    priority: { type: "integer", minimum: 1, maximum: 5 },
    tags: { type: "array", items: { type: "string" } },
    parent: { $ref: "#" },
  },
  required: ["title", "priority"],
  additionalProperties: false,
});

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return isFlockError(error) ? `${error.code} ${error.message}` : `raw: ${error}`;
  }
  return "none";
}

/** What a value becomes on its way through a model's answer. */
function bent(schema: JsonSchema, value: unknown): unknown {
  try {
    return parseModelOutput(JSON.stringify(value), { schema });
  } catch (error) {
    return isFlockError(error, "output_invalid") ? error.details.issues.map((issue) => issue.pointer) : error;
  }
}

describe("jsonSchema", () => {
  it("is a Standard Schema that gives the very value, or issues with their path", () => {
    const value = { title: "x", priority: 2 };
    const standard = ticket["~standard"];
    expect(standard).toMatchObject({ version: 1, vendor: "flock-ts" });
    const fitting = standard.validate(value) as { value: unknown };
    expect(fitting.value).toBe(value);
    expect(standard.validate({ title: "", priority: "1", "a/b": 1 })).toEqual({
      issues: [
        { message: "expected at least 1 characters, received 0", path: ["title"] },
        { message: "expected integer, received a string of 1 characters", path: ["priority"] },
        { message: "expected no field 'a/b'", path: ["a/b"] },
      ],
    });
    expect(standard.validate(1)).toMatchObject({ issues: [{ path: [] }] });
  });

  it("is a Standard JSON Schema of its own draft, given as a copy", () => {
    const { input, output } = ticket["~standard"].jsonSchema;
    const given = input({ target: "draft-2020-12" });
    expect(given).toMatchObject({ required: ["title", "priority"], properties: { parent: { $ref: "#" } } });
    given.title = "changed";
    expect(output({ target: "draft-2020-12" })).not.toHaveProperty("title");
    expect(codeOf(() => input({ target: "draft-07" }))).toContain("type_invalid");
    expect(jsonSchema(true)["~standard"].jsonSchema.input({ target: "draft-2020-12" })).toEqual({});
    expect(jsonSchema(false)["~standard"].jsonSchema.input({ target: "draft-2020-12" })).toEqual({ not: {} });
  });

  it("fails where it is made, under the name it was given", () => {
    expect(codeOf(() => jsonSchema({ type: "strin" }, { name: "input of search" }))).toMatch(
      /^type_invalid input of search: .* at \/type,/,
    );
    expect(codeOf(() => parseModelOutput("1", { schema: { type: "integer", minimun: 2 } }))).toContain('"minimum"');
  });

  it("stands behind a registered name, published as it is", () => {
    const types = new TypeRegistry().register("Ticket", ticket);
    const signature = parseSignature("tickets: list[Ticket]", { types });
    expect(coerce({ tickets: { title: 3, priority: "2", parent: { title: "p", priority: 1.0 } } }, signature)).toEqual({
      tickets: [{ title: "3", priority: 2, parent: { title: "p", priority: 1 } }],
    });
    expect(signature.check({ tickets: [{ title: "x", priority: 9 }] })).toMatchObject({
      ok: false,
      issues: [{ pointer: "/tickets/0/priority" }],
    });
    expect(signature.toJsonSchema()).toMatchObject({
      properties: { tickets: { items: { $ref: "#/$defs/Ticket" } } },
      $defs: { Ticket: { properties: { parent: { $ref: "#/$defs/Ticket" } } } },
    });
  });

  it("keeps anchors when it becomes part of a larger schema", () => {
    const anchored = jsonSchema({
      $ref: "#a",
      $defs: {
        a: { $anchor: "a", type: "object", properties: { n: { $dynamicRef: "#/$defs/n" } } },
        n: { type: "null" },
      },
    });
    const signature = parseSignature("a: T, b: T", { types: new TypeRegistry().register("T", anchored) });
    const published = jsonSchema(signature.toJsonSchema());
    expect(published["~standard"].validate({ a: { n: null }, b: {} })).not.toHaveProperty("issues");
    expect(published["~standard"].validate({ a: { n: 1 }, b: {} })).toHaveProperty("issues");
  });

  it("is the input of a tool, whose fields are its properties", async () => {
    const search = tool({
      name: "search",
      description: "Searches.",
      input: jsonSchema({
        type: "object",
        properties: { query: { type: "string" }, limit: { type: "integer" }, near: { $ref: "#/$defs/point" } },
        anyOf: [{ required: ["query"] }, { required: ["near"] }],
        $defs: { point: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], items: false } },
      }),
      execute: (input) => ({ got: input }),
    });
    expect(search.input.fields.map(({ name, optional }) => `${name} ${optional}`)).toEqual([
      "query true",
      "limit true",
      "near true",
    ]);
    expect(search.input.toJsonSchema("input")).toHaveProperty("anyOf");
    expect(search.input.toJsonSchema("input")).not.toHaveProperty("additionalProperties");
    const { context } = await createTestContext();
    const given = { query: "x", limit: "3", near: ["1", 2], more: true } as never;
    expect(await search.perform(given, context)).toEqual({ got: { query: "x", limit: 3, near: [1, 2], more: true } });
    await expect(search.perform({ limit: 1 } as never, context)).rejects.toMatchObject({ code: "input_invalid" });
    expect(shapeFromSchema(jsonSchema({ $ref: "#/$defs/a", $defs: { a: { type: "object" } } })).fields).toEqual([]);
  });

  it("reads answers of models, with coercion, as a plain JSON Schema does", () => {
    const text = '```json\n{"title": "x", "priority": "4", "tags": "a"}\n```';
    const expected = { title: "x", priority: 4, tags: ["a"] };
    const written = ticket["~standard"].jsonSchema.input({ target: "draft-2020-12" }) as JsonSchema;
    expect(parseModelOutput(text, { schema: ticket })).toEqual(expected);
    expect(parseModelOutput(text, { schema: written })).toEqual(expected);
  });
});

describe("bending towards a JSON Schema", () => {
  const int = { type: "integer" };

  it.each<[what: string, schema: JsonSchema, value: unknown, result: unknown]>([
    ["numbers in text", int, "3", 3],
    ["yes and no", { type: "boolean" }, "yes", true],
    ["numbers to text", { type: "string" }, 3, "3"],
    ["a lone value to a list", { type: "array", items: int }, "3", [3]],
    ["JSON in text", { type: "array", items: int }, "[1, 2]", [1, 2]],
    ["an object in text", { type: "object", properties: { a: int } }, '{"a":"1"}', { a: 1 }],
    ["literals in another case", { enum: ["Small", "Large"] }, "large", "Large"],
    ["a const", { const: 3 }, "3", 3],
    ["several types, the first that can", { type: ["integer", "boolean"] }, "yes", true],
    ["several types, a list last", { type: ["array", "integer"], items: int }, "3", 3],
    ["null in words", { type: ["integer", "null"] }, "none", null],
    ["a date with one reading", { type: "string", format: "date" }, "2024/05/01", "2024-05-01"],
    ["a date-time", { type: "string", format: "date-time" }, "2024-05-01 09:30:00Z", "2024-05-01T09:30:00Z"],
    ["through $ref", { $ref: "#/$defs/n", $defs: { n: int } }, "3", 3],
    ["through allOf", { allOf: [int, { minimum: 2 }] }, "3", 3],
    ["the form that fits once bent", { anyOf: [{ type: "boolean" }, int] }, "3", 3],
    ["null among forms", { oneOf: [int, { type: "null" }] }, "null", null],
    ["rest items", { prefixItems: [int], items: { type: "string" } }, ["1", 2], [1, "2"]],
    ["pattern properties", { patternProperties: { "^n": int } }, { n1: "1", m: "1" }, { n1: 1, m: "1" }],
    ["further properties", { additionalProperties: int }, { a: "1" }, { a: 1 }],
  ])("knows %s", (_, schema, value, result) => {
    expect(bent(schema, value)).toEqual(result);
  });

  it("bends the branch a condition leads to", () => {
    const schema: JsonSchema = {
      properties: { kind: { enum: ["n", "s"] } },
      if: { properties: { kind: { const: "n" } } },
      // biome-ignore lint/suspicious/noThenProperty: the keyword's name
      then: { properties: { v: int } },
      else: { properties: { v: { type: "string" } } },
    };
    expect(bent(schema, { kind: "N", v: "1" })).toEqual({ kind: "n", v: 1 });
    expect(bent(schema, { kind: "s", v: 1 })).toEqual({ kind: "s", v: "1" });
  });

  it("leaves alone every part that fits", () => {
    const schema: JsonSchema = {
      properties: { open: { properties: { a: { type: "string" } } }, n: int, any: {} },
      additionalProperties: false,
    };
    const value = { open: { a: "1", extra: "2" }, n: "3", any: "4" };
    expect(bent(schema, value)).toEqual({ open: { a: "1", extra: "2" }, n: 3, any: "4" });
  });

  it("drops what may not be there and nulls that stand for nothing, fills nulls that must be there", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: { a: int, b: int, c: { type: ["string", "null"] }, d: {} },
      required: ["b", "c"],
      additionalProperties: false,
    };
    expect(bent(schema, { a: null, b: "1", x: 2 })).toEqual({ b: 1, c: null });
    expect(bent(schema, { a: "none", b: 1, c: "none" })).toEqual({ b: 1, c: "none" });
    expect(bent(schema, { b: null, c: null })).toEqual(["/b"]);
  });

  it("goes down recursion and forms, and gives the issues that are left", () => {
    const tree: JsonSchema = {
      anyOf: [
        { type: "object", properties: { leaf: int }, required: ["leaf"], additionalProperties: false },
        {
          type: "object",
          properties: { branches: { type: "array", items: { $ref: "#" } } },
          required: ["branches"],
          additionalProperties: false,
        },
      ],
    };
    expect(bent(tree, { branches: [{ leaf: "1" }, { branches: { leaf: "2" } }] })).toEqual({
      branches: [{ leaf: 1 }, { branches: [{ leaf: 2 }] }],
    });
    expect(bent(tree, { branches: [{ leaf: "x" }] })).toEqual(["/branches/0/leaf"]);
  });

  it("ends in bounded time for forms inside forms that all miss", () => {
    const next = (n: number): JsonSchema => ({
      properties: { next: { $ref: "#/$defs/node" }, n: { const: n }, i: int },
      required: ["n"],
    });
    const schema = { $ref: "#/$defs/node", $defs: { node: { anyOf: [next(1), next(2)] } } };
    let value: unknown = { n: 9 };
    for (let level = 0; level < 60; level++) value = { n: 1, i: "1", next: value };
    expect(Array.isArray(bent(schema, value))).toBe(true);
  });
});
