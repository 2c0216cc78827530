import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FlockError, isFlockError } from "../../src/core/errors/errors.ts";
import { fieldsText, typeText } from "../../src/signature/grammar/type-text.ts";
import { parseSignature, parseTypeText } from "../../src/signature/parse-signature.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";
import { arbitraryFields, arbitraryType, printFields } from "./arbitrary-type.ts";
import { types, valid } from "./table.ts";

function refusal(read: () => unknown): FlockError<"signature_invalid"> {
  try {
    read();
  } catch (error) {
    if (isFlockError(error, "signature_invalid")) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("parseSignature", () => {
  it("reads any tree back from both spellings", () => {
    fc.assert(
      fc.property(arbitraryFields, (fields) => {
        expect(parseSignature(printFields(fields, "python")).fields).toEqual(fields);
        expect(parseSignature(printFields(fields, "typescript")).fields).toEqual(fields);
      }),
      { numRuns: 500 },
    );
  });

  it("reads back what it prints for messages", () => {
    fc.assert(
      fc.property(arbitraryType, arbitraryFields, (type, fields) => {
        expect(parseTypeText(typeText(type))).toEqual(type);
        expect(parseSignature(fieldsText(fields)).fields).toEqual(fields);
      }),
      { numRuns: 300 },
    );
  });

  it("answers 20,000 random texts with fields or with a place inside the text", () => {
    const piece = fc.constantFrom(
      ..."a b str int list[ dict[str, tuple[ Optional[ Literal[ 'x' \"y\" ] > < [] { } ( ) | , : ? -> . ... - 1 None Foo".split(
        " ",
      ),
      " ",
      "\n",
      "\\",
      "'",
      '"',
      "__proto__",
      "Analysis",
      "😀",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc
        .tuple(fc.constantFrom(...valid.map((row) => row.text)), fc.nat(), fc.string({ maxLength: 2 }))
        .map(([row, place, insert]) => {
          const at = place % (row.length + 1);
          return row.slice(0, at) + insert + row.slice(at + (place % 2));
        }),
    );
    fc.assert(
      fc.property(text, (source) => {
        try {
          expect(parseSignature(source, { types }).fields.length).toBeGreaterThan(0);
        } catch (error) {
          if (!isFlockError(error, "signature_invalid")) throw error;
          const { offset, line, column } = error.details.position;
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset).toBeLessThanOrEqual(source.length);
          const lines = source.slice(0, offset).split("\n");
          expect([line, column]).toEqual([lines.length, lines[lines.length - 1]!.length + 1]);
          expect(error.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it("names the owner, the place, what was expected, what was found and the nearest spelling", () => {
    const error = refusal(() => parseSignature("topic: str,\n  titel: strr", { name: "input of researcher" }));
    expect(error.message).toBe(
      "input of researcher, line 2, column 10: expected a type, found unknown type 'strr'; did you mean 'str'?",
    );
    expect(error.details).toEqual({
      position: { line: 2, column: 10, offset: 21 },
      source: "topic: str,\n  titel: strr",
      expected: "a type",
      found: "unknown type 'strr'",
      suggestion: "str",
    });
  });

  it("lists the registered names when nothing is near", () => {
    expect(refusal(() => parseSignature("a: Zebra", { types })).message).toContain(
      "registered are Finding, Analysis, Id",
    );
    expect(refusal(() => parseSignature("a: zebra")).message).toContain("must be registered in 'types'");
  });

  it("shows control characters instead of printing them", () => {
    expect(refusal(() => parseSignature("a: \u001b[31m")).message).toContain("'\\u{1b}'");
    const long = refusal(() => parseSignature(`a: ${"x".repeat(500)}`)).message;
    expect(long).toContain(`'${"x".repeat(40)}…'`);
    expect(long.length).toBeLessThan(300);
  });

  it("says where an unclosed quote opened", () => {
    expect(refusal(() => parseSignature("a: str,\n b: 'x")).message).toContain("it opened at line 2, column 5");
  });

  it("refuses what is not text", () => {
    for (const value of [undefined, null, 3, {}, ["a"]]) {
      const error = refusal(() => parseSignature(value as unknown as string));
      expect(error.details.expected).toBe("a signature string");
      expect(error.details.position).toEqual({ line: 1, column: 1, offset: 0 });
    }
  });

  it("refuses more than 100,000 characters and reads nearly as many in no time", () => {
    const many = Array.from({ length: 9_000 }, (_, index) => `f${index}: str`).join(",");
    expect(many.length).toBeLessThan(100_000);
    expect(parseSignature(many).fields).toHaveLength(9_000);
    expect(refusal(() => parseSignature(`a | ${"x".repeat(100_000)}`)).message).toContain("at most 100000 characters");
    expect(parseSignature(`a | ${"x".repeat(90_000)}`).fields[0]?.description).toHaveLength(90_000);
  });

  it("refuses more than 64 levels, whatever makes them", () => {
    const nested = (levels: number): string => `a: ${"list[".repeat(levels)}str${"]".repeat(levels)}`;
    expect(parseSignature(nested(64)).fields).toHaveLength(1);
    expect(refusal(() => parseSignature(nested(65))).message).toContain("64 levels");
    expect(refusal(() => parseSignature(`a: ${"(".repeat(50_000)}`)).message).toContain("64 levels");
    expect(refusal(() => parseSignature(`a: ${"{a:".repeat(20_000)}`)).message).toContain("64 levels");
    expect(refusal(() => parseSignature(`a: str${"[]".repeat(40_000)}`)).message).toContain("64 levels");
    const towers = `a: ((str${"[]".repeat(60)})${"[]".repeat(60)})`;
    expect(refusal(() => parseSignature(towers)).message).toContain("64 levels");
  });

  it("refuses registered names that multiply, and unions that could be read in too many ways", () => {
    let bombs: TypeRegistry<unknown> = new TypeRegistry().register("T0", "{ a: str, b: str }");
    for (let level = 1; level < 12; level++) {
      bombs = bombs.register(`T${level}`, `{ a: T${level - 1}, b: T${level - 1} }` as "any");
    }
    expect(parseSignature("a: T11", { types: bombs }).fields).toHaveLength(1);
    expect(refusal(() => parseSignature("a: T11, b: T11, c: T11", { types: bombs })).message).toContain("20000 types");
    const choices = (levels: number): string =>
      levels === 0 ? "str" : `(list[${choices(levels - 1)}] | set[${choices(levels - 1)}])`;
    expect(refusal(() => parseSignature(`a: ${choices(9)}`)).message).toContain("ways to read a value");
    const nullable = `a: ${"Optional[list[".repeat(30)}str${"]]".repeat(30)}`;
    expect(parseSignature(nullable).fields).toHaveLength(1);
  });

  it("gives frozen fields", () => {
    const { fields } = parseSignature("a: { b: list['x' | 'y'] }");
    expect(Object.isFrozen(fields)).toBe(true);
    expect(Object.isFrozen(fields[0])).toBe(true);
    expect(Object.isFrozen(fields[0]?.type)).toBe(true);
  });

  it("keeps its source", () => {
    expect(parseSignature(" a : str ").source).toBe(" a : str ");
  });
});
