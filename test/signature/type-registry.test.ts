import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type FlockError, isFlockError } from "../../src/core/errors/errors.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { toJsonSchema } from "../../src/signature/to-json-schema.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";

function refusal(act: () => unknown): FlockError {
  try {
    act();
  } catch (error) {
    if (isFlockError(error)) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

const loose = (name: unknown, schema: unknown = "str", options?: unknown) =>
  new TypeRegistry().register(name as "A", schema as "str", options as {});

describe("TypeRegistry", () => {
  it("gives a wider registry and leaves the old one as it is", () => {
    const empty = new TypeRegistry();
    const one = empty.register("A", "str");
    const two = one.register("B", "list[A]");
    expect([empty.names, one.names, two.names]).toEqual([[], ["A"], ["A", "B"]]);
    expect(one.has("B")).toBe(false);
    expect(two.has("B")).toBe(true);
    expect(two.get("B")?.name).toBe("B");
    expect(two.get("C")).toBeUndefined();
  });

  it("lets later types use earlier names, not the other way round", () => {
    const types = new TypeRegistry().register("Item", "{ name: str }").register("Box", "{ items: Item[], top?: Item }");
    expect(toJsonSchema("a: Box", { types })).toMatchObject({
      properties: { a: { properties: { items: { items: { properties: { name: { type: "string" } } } } } } },
    });
    expect(types.get("Item")?.toJsonSchema("output")).toEqual({
      type: "object",
      properties: { name: { type: "string" } },
      required: ["name"],
      additionalProperties: false,
    });
    const early = refusal(() => new TypeRegistry().register("Box", "Item[]" as "any"));
    expect(early.code).toBe("signature_invalid");
    expect(early.message).toContain("type Box, line 1, column 1");
  });

  it.each(["", "1a", "a b", "a-b", "__proto__", "constructor", 3, null, undefined, "x".repeat(129)])(
    "refuses the name %j",
    (name) => {
      const error = refusal(() => loose(name));
      expect(error.code).toBe("type_invalid");
      expect(error.message).toContain("expected a name of letters");
    },
  );

  it.each(["str", "List", "Optional", "true", "None", "datetime"])("keeps the grammar's name %s", (name) => {
    expect(refusal(() => loose(name)).message).toContain("the grammar has a type of this name");
  });

  it("refuses a name twice", () => {
    const error = refusal(() => new TypeRegistry().register("A", "str").register("A", "int"));
    expect(error).toMatchObject({ code: "type_invalid", details: { name: "A" } });
    expect(error.message).toContain("registered already");
  });

  it.each([3, null, {}, { "~standard": {} }, { "~standard": { version: 2, validate: () => 1 } }])(
    "refuses %j as a schema",
    (schema) => {
      const error = refusal(() => loose("A", schema));
      expect(error.code).toBe("type_invalid");
      expect(error.message).toContain("a Standard Schema (zod, valibot, arktype, …)");
    },
  );

  it("refuses unknown options", () => {
    expect(refusal(() => loose("A", z.string(), { jsonschema: {} })).message).toContain('did you mean "jsonSchema"?');
    expect(refusal(() => loose("A", z.string(), { jsonSchema: "x" })).code).toBe("option_invalid");
  });
});

describe("the JSON Schema of a registered schema", () => {
  const schemaOf = (schema: z.ZodType, side: "input" | "output" = "output"): unknown => {
    const types = new TypeRegistry().register("T", schema);
    return (parseSignature("a: T", { types }).toJsonSchema(side) as { properties: { a: unknown } }).properties.a;
  };

  it("is its own, closed and without the bounds of safe integers", () => {
    expect(schemaOf(z.object({ n: z.int(), m: z.int().min(1) }))).toEqual({
      type: "object",
      properties: { n: { type: "integer" }, m: { type: "integer", minimum: 1 } },
      required: ["n", "m"],
      additionalProperties: false,
    });
    expect(schemaOf(z.object({ n: z.object({ m: z.string() }) }), "input")).toMatchObject({
      additionalProperties: false,
      properties: { n: { additionalProperties: false } },
    });
  });

  it("requires fields with defaults in outputs alone", () => {
    const withDefault = z.object({ a: z.string().default("x") });
    expect(schemaOf(withDefault)).toMatchObject({ required: ["a"] });
    expect(schemaOf(withDefault, "input")).not.toHaveProperty("required");
  });

  it("is what the schema reads when it changes the value on the way", () => {
    expect(schemaOf(z.string().transform(Number))).toEqual({ type: "string" });
    expect(schemaOf(z.string().pipe(z.coerce.number()))).toEqual({ type: "string" });
  });

  it("leaves open and joined objects open", () => {
    expect(schemaOf(z.looseObject({ a: z.string() }))).toMatchObject({ additionalProperties: {} });
    const part = { type: "object", properties: { a: {} } };
    const make = () => ({ allOf: [part, part], properties: { b: part } });
    const joined = {
      "~standard": {
        version: 1,
        vendor: "x",
        validate: () => ({ value: 1 }),
        jsonSchema: { input: make, output: make },
      },
    } as const;
    expect(new TypeRegistry().register("T", joined).get("T")?.toJsonSchema("output")).toEqual({
      allOf: [part, part],
      properties: { b: { ...part, additionalProperties: false } },
      additionalProperties: false,
    });
  });

  it("may refer to itself, wherever it stands", () => {
    const tree: z.ZodType = z.object({
      value: z.string(),
      get children() {
        return z.array(tree);
      },
    });
    const types = new TypeRegistry().register("Tree", tree);
    const schema = parseSignature("a: Tree, b: list[Tree] | the rest", { types }).toJsonSchema();
    expect(schema).toMatchObject({
      properties: {
        a: { $ref: "#/$defs/Tree" },
        b: { type: "array", items: { $ref: "#/$defs/Tree" }, description: "the rest" },
      },
      $defs: { Tree: { properties: { children: { items: { $ref: "#/$defs/Tree" } } } } },
    });
    // Every reference leads somewhere.
    for (const [, path] of JSON.stringify(schema).matchAll(/"\$ref":"#\/([^"]*)"/g)) {
      const found = path!
        .split("/")
        .reduce<unknown>((place, step) => (place as Record<string, unknown>)?.[step], schema);
      expect(found).toBeDefined();
    }
    const value = { a: { value: "x", children: [{ value: "y", children: [] }] }, b: [] };
    expect(parseSignature("a: Tree, b: list[Tree]", { types }).check(value)).toEqual({ ok: true, value });
  });

  it("does not take data or property names for references", () => {
    const jsonSchema = {
      type: "object",
      properties: { $ref: { type: "string" }, enum: { const: { $ref: "#/x" } } },
      default: { $ref: "#/y" },
    };
    const types = new TypeRegistry().register("T", v.any(), { jsonSchema });
    expect(parseSignature("a: T", { types }).toJsonSchema()).toMatchObject({ properties: { a: jsonSchema } });
  });

  it("keeps references of a document with an id of its own", () => {
    const jsonSchema = { $id: "https://example.com/t", $defs: { x: {} }, $ref: "#/$defs/x" };
    const types = new TypeRegistry().register("T", v.any(), { jsonSchema });
    expect(parseSignature("a: T", { types }).toJsonSchema()).toMatchObject({ properties: { a: jsonSchema } });
  });

  it("is the one given for libraries that make none", () => {
    const types = new TypeRegistry().register("T", v.object({ a: v.string() }), { jsonSchema: { type: "object" } });
    expect(parseSignature("a: T", { types }).toJsonSchema()).toMatchObject({ properties: { a: { type: "object" } } });
  });

  it("is missed only when it is needed, with a way out", () => {
    const types = new TypeRegistry().register("T", v.object({ a: v.string() })).register("D", z.date());
    const signature = parseSignature("a: T", { types });
    expect(signature.check({ a: { a: "x" } })).toEqual({ ok: true, value: { a: { a: "x" } } });
    expect(signature.check({ a: { a: 1 } }, { coerce: true })).toMatchObject({
      ok: false,
      issues: [{ pointer: "/a/a" }],
    });
    const error = refusal(() => signature.toJsonSchema());
    expect(error.code).toBe("type_invalid");
    expect(error.message).toContain('register("T", schema, { jsonSchema: { … } })');
    expect(refusal(() => toJsonSchema("a: D", { types })).message).toContain("Date cannot be represented");
  });

  it("is frozen and the same each time", () => {
    const types = new TypeRegistry().register("T", z.object({ a: z.string() }));
    const signature = parseSignature("a: T, b: str", { types });
    const schema = signature.toJsonSchema() as { properties: { a: object } };
    expect(signature.toJsonSchema("output")).toBe(schema);
    expect(signature.toJsonSchema("input")).toBe(signature.toJsonSchema("input"));
    expect(Object.isFrozen(schema.properties.a)).toBe(true);
  });
});
