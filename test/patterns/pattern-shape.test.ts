import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JsonSchema } from "../../src/core/json/json.ts";
import { ParallelPattern } from "../../src/patterns/parallel-pattern.ts";
import { nestedShape, takenShape, writtenShape } from "../../src/patterns/pattern-shape.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";
import { makeStep } from "./make-step.ts";

interface Tree {
  value: string;
  children: Tree[];
}
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ value: z.string(), children: z.array(tree) }));
const types = new TypeRegistry().register("Tree", tree);
const shape = (text: string) => parseSignature(text, { types });

describe("what a sequence writes", () => {
  it("is the later writer's type, with its description", () => {
    const merged = writtenShape([shape('a: int | "first"'), shape('a: str | "second", b?: bool')]);
    expect(merged.toJsonSchema()).toEqual({
      type: "object",
      properties: { a: { type: "string", description: "second" }, b: { type: "boolean" } },
      required: ["a"],
      additionalProperties: false,
    });
  });

  it("is either type when the later writer may leave the field out", () => {
    const merged = writtenShape([shape("a: int"), shape("a?: str")]);
    expect(merged.fields).toMatchObject([{ name: "a", optional: false }]);
    expect(merged.toJsonSchema()).toMatchObject({
      properties: { a: { anyOf: [{ type: "integer" }, { type: "string" }] } },
      required: ["a"],
    });
    expect(writtenShape([shape("a?: int"), shape("a?: int")]).toJsonSchema()).toEqual({
      type: "object",
      properties: { a: { type: "integer" } },
      additionalProperties: false,
    });
  });

  it("forgets the grammar's type where one of the writers has none", () => {
    const plain = {
      fields: [{ name: "a", optional: true }],
      toJsonSchema: () => ({ properties: { a: { type: "null" } } }),
    };
    const merged = writtenShape([shape("a: int"), plain]);
    expect(merged.fields).toEqual([{ name: "a", optional: false }]);
    expect(merged.toJsonSchema()).toMatchObject({
      properties: { a: { anyOf: [{ type: "integer" }, { type: "null" }] } },
    });
    const empty = { fields: [{ name: "b", optional: false }], toJsonSchema: () => ({}) };
    expect(writtenShape([empty]).toJsonSchema()).toMatchObject({ properties: { b: {} } });
  });
});

describe("what agents side by side take", () => {
  it("is every type at once, and needed when one needs it", () => {
    const merged = takenShape([shape('a?: int | "how many"'), shape("a: float, b?: str"), shape("a?: int")]);
    expect(merged.fields).toEqual([
      { name: "a", optional: false, description: "how many" },
      { name: "b", optional: true },
    ]);
    expect(merged.toJsonSchema()).toMatchObject({
      properties: {
        a: { allOf: [{ type: "integer", description: "how many" }, { type: "number" }, { type: "integer" }] },
        b: { type: "string" },
      },
      required: ["a"],
    });
  });

  it("takes a bare value only when every one of them does, for the same field", () => {
    expect(takenShape([shape("a: int"), shape("a: int")]).bareField).toBe("a");
    expect(takenShape([shape("a: int"), shape("a: any")]).bareField).toBeUndefined();
    expect(takenShape([shape("a: int"), shape("b: int")]).bareField).toBeUndefined();
  });
});

describe("a pattern's JSON Schema", () => {
  it("is made once a side and frozen", () => {
    const merged = writtenShape([shape("a: int")]);
    expect(merged.toJsonSchema()).toBe(merged.toJsonSchema("output"));
    expect(Object.isFrozen(merged.toJsonSchema())).toBe(true);
    expect(takenShape([shape("a: int")]).toJsonSchema("input")).toEqual(merged.toJsonSchema());
  });

  it("nests whole objects under names", () => {
    const agents = { first: makeStep("x", "q: str", "a: int"), second: makeStep("y", "q: str", "b: str") };
    expect(new ParallelPattern({ agents }).output.toJsonSchema()).toMatchObject({
      properties: {
        first: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
        second: { type: "object", properties: { b: { type: "string" } } },
      },
      required: ["first", "second"],
    });
  });

  it("keeps every reference of a type that refers to itself pointing at something, however deep it is nested", () => {
    const inner = writtenShape([shape("t: Tree, n: int"), shape("t?: Tree")]);
    for (const outer of [
      inner,
      nestedShape(new Map([["in", inner]])),
      takenShape([shape("t: Tree"), shape("t: Tree | None")]),
    ]) {
      const schema = outer.toJsonSchema("output");
      const references = referencesIn(schema);
      expect(references.length).toBeGreaterThan(0);
      for (const reference of references) expect(typeof resolve(schema, reference), reference).toBe("object");
    }
  });

  it("leaves definitions out that nothing it keeps refers to", () => {
    const both = shape("t: Tree, n: int");
    const merged = writtenShape([both, shape("t: int")]);
    expect(merged.toJsonSchema()).not.toHaveProperty("$defs");
  });
});

function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => (key === "$ref" ? [part as string] : referencesIn(part)));
}

function resolve(schema: JsonSchema, reference: string): JsonSchema {
  let at: unknown = schema;
  for (const step of reference.split("/").slice(1)) {
    at = (at as Record<string, unknown>)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
    if (at === undefined) throw new Error(`${reference} points at nothing`);
  }
  return at as JsonSchema;
}
