import { describe, expect, it } from "vitest";
import { FlockError } from "../../src/core/errors/errors.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { invalid, types, valid } from "./table.ts";

function schemaOf(properties: Record<string, unknown>): unknown {
  const names = Object.keys(properties);
  const required = names.filter((name) => !name.endsWith("?"));
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ""), properties[name]])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

describe("the table of signatures", () => {
  it("has at least 200 rows, each once", () => {
    const texts = [...valid, ...invalid].map((row) => row.text);
    expect(texts.length).toBeGreaterThanOrEqual(200);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it.each(valid.map((row) => [row.text, row] as const))("reads %j", (text, row) => {
    const signature = parseSignature(text, { types });
    expect(signature.toJsonSchema()).toEqual(schemaOf(row.properties));
    expect(signature.fields.map((field) => (field.optional ? `${field.name}?` : field.name))).toEqual(
      Object.keys(row.properties),
    );
  });

  it.each(invalid.map((row) => [row.text, row] as const))("refuses %j", (text, row) => {
    let error: unknown;
    try {
      parseSignature(text, { types });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FlockError);
    const { code, details, message } = error as FlockError<"signature_invalid">;
    expect(code).toBe("signature_invalid");
    expect(`${details.position.line}:${details.position.column}`).toBe(row.at);
    expect(message).toContain(row.says);
    expect(details.source).toBe(text);
    const before = text.slice(0, details.position.offset).split("\n");
    expect([before.length, (before.at(-1)?.length ?? 0) + 1]).toEqual([details.position.line, details.position.column]);
  });
});
