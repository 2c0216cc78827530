import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type FlockError, isFlockError } from "../../src/core/errors/errors.ts";
import { coerce } from "../../src/signature/coerce.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { toJsonSchema } from "../../src/signature/to-json-schema.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";
import { validate } from "../../src/signature/validate.ts";

function refusal(act: () => unknown): FlockError<"output_invalid"> {
  try {
    act();
  } catch (error) {
    if (isFlockError(error)) return error as FlockError<"output_invalid">;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("coerce and validate", () => {
  it("give the value, bent or as it is", () => {
    expect(coerce({ a: "3", junk: 1 }, "a: int")).toEqual({ a: 3 });
    const value = { a: 3 };
    expect(validate(value, "a: int")).toBe(value);
    expect(coerce(value, parseSignature("a: int"))).toBe(value);
  });

  it("name every issue with its pointer", () => {
    const error = refusal(() => coerce({ a: "x", b: "y" }, "a: int, b: bool"));
    expect(error.code).toBe("output_invalid");
    expect(error.message).toBe("/a: expected int, received a string of 1 characters (and 1 more)");
    expect(error.details.pointer).toBe("/a");
    expect(error.details.issues.map((issue) => issue.pointer)).toEqual(["/a", "/b"]);
    expect(refusal(() => validate({ a: "3" }, "a: int")).message).toContain("/a");
    expect(refusal(() => validate(3, "a: int, b: int", { side: "input" }))).toMatchObject({
      code: "input_invalid",
      details: { pointer: "" },
    });
  });

  it("use registered types", () => {
    const types = new TypeRegistry().register(
      "Up",
      z.string().transform((text) => text.toUpperCase()),
    );
    expect(coerce({ a: "x" }, "a: Up", { types })).toEqual({ a: "X" });
    expect(toJsonSchema("a: Up", { types, side: "input" })).toMatchObject({ properties: { a: { type: "string" } } });
  });

  it("refuse schemas that check asynchronously, with the way to do it", () => {
    const types = new TypeRegistry().register(
      "Late",
      z.string().refine(async () => true),
    );
    expect(refusal(() => validate({ a: "x" }, "a: Late", { types }))).toMatchObject({ code: "type_invalid" });
  });

  it("refuse wrong arguments", () => {
    expect(refusal(() => coerce({}, 3 as never)).code).toBe("option_invalid");
    expect(refusal(() => coerce({}, "a: int", { sides: "input" } as never)).message).toContain('did you mean "side"?');
    expect(refusal(() => validate({}, "a: int", { side: "both" } as never)).code).toBe("option_invalid");
    expect(refusal(() => toJsonSchema("a: wat" as never)).code).toBe("signature_invalid");
  });
});

describe("a signature's bare field", () => {
  it.each([
    ["a: str", "a"],
    ["a: list[{ b: str }]", "a"],
    ["a: int | None", "a"],
    ["a?: date", "a"],
    ["a", "a"],
    ["a: str, b: str", undefined],
    ["a: { b: str }", undefined],
    ["a: dict", undefined],
    ["a: any", undefined],
    ["a: str | { b: str }", undefined],
    ["a: str | any", undefined],
  ])("of %j is %j", (text, bare) => {
    expect(parseSignature(text).bareField).toBe(bare);
  });

  it("is never of a registered type", () => {
    const types = new TypeRegistry().register("Id", "str");
    expect(parseSignature("a: Id", { types }).bareField).toBeUndefined();
    expect(parseSignature("a: list[Id]", { types }).bareField).toBe("a");
  });
});
