import { expectTypeOf, test } from "vitest";
import { parseModelOutput } from "../../src/prompt/read/parse-model-output.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";

test("the value's type follows from the signature", () => {
  const value = parseModelOutput("", { signature: "title: str, scores: list[float], note?: str" });
  expectTypeOf(value).toEqualTypeOf<{ title: string; scores: number[]; note?: string }>();
});

test("registered names are known", () => {
  const types = new TypeRegistry().register("Point", "{ x: float }");
  const value = parseModelOutput("", { signature: "at: Point", types });
  expectTypeOf(value).toEqualTypeOf<{ at: { x: number } }>();
});

test("without a signature, or while partial, the value is unknown", () => {
  expectTypeOf(parseModelOutput("")).toEqualTypeOf<unknown>();
  expectTypeOf(parseModelOutput("", { signature: "a: int", partial: true })).toEqualTypeOf<unknown>();
});

test("a signature that cannot be read is a compile error", () => {
  // @ts-expect-error unknown type
  parseModelOutput("", { signature: "a: strr" });
});
