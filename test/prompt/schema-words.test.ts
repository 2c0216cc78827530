import { describe, expect, it } from "vitest";
import { schemaWords } from "../../src/prompt/schema-words.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";

function wordsOf(type: string): string {
  const { properties } = parseSignature(`field: ${type}`).toJsonSchema() as { properties: { field: object } };
  return schemaWords(properties.field as never);
}

describe("schemaWords", () => {
  it.each([
    ["str", "text"],
    ["int", "whole number"],
    ["float", "number"],
    ["bool", "true or false"],
    ["None", "null"],
    ["any", "any JSON value"],
    ["date", "date as YYYY-MM-DD"],
    ["datetime", "date and time in ISO 8601"],
    ["list", "list"],
    ["list[str]", "list of text"],
    ["set[int]", "list of whole number without repeats"],
    ["tuple[str, int]", "list of exactly 2: text, whole number"],
    ["dict", "object"],
    ["dict[str, float]", "object whose values are number"],
    ["str | None", "text or null"],
    ["Literal['a', 2]", 'one of "a", 2'],
    ["{ a: str, b?: list[int] }", "object with a: text; b: list of whole number"],
  ])("says %s in words", (type, words) => {
    expect(wordsOf(type)).toBe(words);
  });

  it("knows constants, other formats and one-of forms", () => {
    expect(schemaWords({ const: "a" })).toBe('"a"');
    expect(schemaWords({ type: "string", format: "email" })).toBe("text, email");
    expect(schemaWords({ oneOf: [{ type: "string" }, { type: "null" }] })).toBe("text or null");
    expect(schemaWords({ type: "object", additionalProperties: true })).toBe("object");
  });

  it("stays short for deep types", () => {
    expect(wordsOf("{ a: { b: { c: { d: { e: int } } } } }")).toBe(
      "object with a: object with b: object with c: object with d",
    );
    expect(wordsOf("list[list[list[list[list[int]]]]]")).toBe("list of list of list of list of value");
  });
});
