import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { CheckedShape, CheckResult, Side } from "../../src/signature/field.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { Signature } from "../../src/signature/signature.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";
import { arbitraryFields, arbitraryType, fitsSchema, valueOfFields } from "./arbitrary-type.ts";

function now(result: CheckResult | Promise<CheckResult>): CheckResult {
  if (result instanceof Promise) throw new Error("it was asynchronous");
  return result;
}

function bend(signature: string | CheckedShape, value: unknown, side: Side = "output"): unknown {
  const shape = typeof signature === "string" ? parseSignature(signature) : signature;
  const result = now(shape.check(value, { coerce: true, side }));
  return result.ok ? result.value : result.issues.map((issue) => `${issue.pointer} ${issue.message}`);
}

function complaints(signature: string, value: unknown, coerce = false): string[] {
  const result = now(parseSignature(signature).check(value, { coerce }));
  return result.ok ? [] : result.issues.map((issue) => `${issue.pointer} ${issue.message}`);
}

/** What a field of this type becomes, or "refused". */
function field(type: string, value: unknown): unknown {
  const result = now(parseSignature(`a: ${type}`).check({ a: value }, { coerce: true }));
  return result.ok ? result.value.a : "refused";
}

const types = new TypeRegistry()
  .register("Count", z.object({ n: z.number() }))
  .register(
    "Shout",
    z.string().transform((text) => text.toUpperCase()),
  )
  .register("Later", z.object({ n: z.number().refine(async (n) => n > 0, "must be above 0") }))
  .register("Point", "{ x: int, y: int }");

describe("a strict check", () => {
  it("gives the very value back when it fits", () => {
    fc.assert(
      fc.property(
        arbitraryFields.chain((fields) => fc.tuple(fc.constant(fields), valueOfFields(fields))),
        ([fields, value]) => {
          const result = now(new Signature("", fields).check(value));
          expect(result).toEqual({ ok: true, value });
          expect(result.ok && result.value).toBe(value);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("agrees with the JSON Schema about any JSON value", () => {
    const near = fc.tuple(arbitraryFields, arbitraryFields).chain(([fields, others]) =>
      // Values of another signature under this one's names: some fit, most nearly do.
      fc.tuple(fc.constant(fields), fc.oneof(valueOfFields(fields), mixed(fields, others), fc.jsonValue())),
    );
    fc.assert(
      fc.property(near, ([fields, given]) => {
        const value: unknown = JSON.parse(JSON.stringify(given), (key, item) =>
          key === "__proto__" ? undefined : item,
        );
        fc.pre(!/"(?:constructor|prototype)"/.test(JSON.stringify(value)));
        const signature = new Signature("", fields);
        expect(now(signature.check(value)).ok).toBe(fitsSchema(signature.toJsonSchema(), value));
      }),
      { numRuns: 1_000 },
    );
  });

  it("says what is wrong, where, and what came, without the content", () => {
    expect(complaints("a: int, b: { c: list[bool] }", { a: "secret", b: { c: [true, 3] } })).toEqual([
      "/a expected int, received a string of 6 characters",
      "/b/c/1 expected bool, received 3",
    ]);
    expect(complaints("a: str, b: int", {})).toEqual([
      "/a expected str, received nothing: the field 'a' is required",
      "/b expected int, received nothing: the field 'b' is required",
    ]);
    for (const value of [null, undefined, [], "x", 3, new Date(), new Map()]) {
      expect(complaints("a: str", value)).toHaveLength(1);
    }
  });

  it("escapes pointers", () => {
    expect(complaints("a: dict[str, int]", { a: { "x/y~z": "no" } })[0]).toMatch(/^\/a\/x~1y~0z /);
  });

  it("refuses unknown fields and names the nearest one", () => {
    expect(complaints("title: str", { title: "t", titel: "t", x: 1 })).toEqual([
      "/titel expected no field 'titel'; did you mean 'title'?",
      "/x expected no field 'x'",
    ]);
  });

  it("names the nearest literal", () => {
    expect(complaints("a: 'small' | 'large'", { a: "smal" })).toEqual([
      "/a expected Literal['small', 'large'], received a string of 4 characters; did you mean 'small'?",
    ]);
    expect(complaints("a: Literal[1, 2]", { a: 3 })).toEqual(["/a expected Literal[1, 2], received 3"]);
  });

  it("takes undefined for absent", () => {
    expect(complaints("a?: str, b: str", { a: undefined, b: "x", c: undefined })).toEqual([]);
    expect(complaints("a: str", { a: undefined })).toHaveLength(1);
    expect(complaints("a: dict[str, int]", { a: { b: undefined } })).toEqual([]);
  });

  it("does not take inherited members for fields", () => {
    expect(complaints("toString?: str", {})).toEqual([]);
    expect(complaints("toString: str", {})).toHaveLength(1);
    expect(complaints("valueOf: any", Object.create({ valueOf: 3 }))).toHaveLength(1);
    class WithGetter {
      b = 1;
      get a(): number {
        return 2;
      }
    }
    expect(complaints("b: int", new WithGetter())).toEqual([]);
    expect(complaints("a: int, b: int", new WithGetter())).toHaveLength(1);
  });

  it("refuses numbers that JSON has not", () => {
    for (const type of ["int", "float", "any"]) {
      expect(complaints(`a: ${type}`, { a: Number.NaN })).toHaveLength(1);
      expect(complaints(`a: ${type}`, { a: Number.POSITIVE_INFINITY })).toHaveLength(1);
    }
    expect(complaints("a: int", { a: 1.5 })).toHaveLength(1);
    expect(complaints("a: int", { a: 3.0 })).toEqual([]);
  });

  it.each([
    ["2024-02-29", true],
    ["2023-02-29", false],
    ["2000-02-29", true],
    ["1900-02-29", false],
    ["2024-04-31", false],
    ["2024-13-01", false],
    ["2024-00-10", false],
    ["2024-1-5", false],
    ["2024-01-05T00:00:00Z", false],
    ["", false],
  ])("knows whether %s is a day", (text, fits) => {
    expect(complaints("a: date", { a: text }).length === 0).toBe(fits);
  });

  it.each([
    ["2024-05-01T09:30:00Z", true],
    ["2024-05-01t09:30:00.123z", true],
    ["2024-05-01T09:30:00+05:30", true],
    ["2016-12-31T23:59:60Z", true],
    ["2017-01-01T00:59:60+01:00", true],
    ["2016-12-31T18:59:60-05:00", true],
    ["2016-12-31T22:59:60Z", false],
    ["2024-05-01T09:30:61Z", false],
    ["2024-05-01T24:00:00Z", false],
    ["2024-05-01T09:60:00Z", false],
    ["2024-05-01T09:30:00+24:00", false],
    ["2024-05-01T09:30:00+05:60", false],
    ["2024-05-01 09:30:00Z", false],
    ["2024-05-01T09:30:00", false],
    ["2024-05-01T09:30Z", false],
    ["2023-02-29T09:30:00Z", false],
    ["2024-05-01", false],
  ])("knows whether %s is a date-time (RFC 3339)", (text, fits) => {
    expect(complaints("a: datetime", { a: text }).length === 0).toBe(fits);
  });

  it("refuses repeats in a set, however the keys are ordered", () => {
    expect(complaints("a: set[int]", { a: [1, 2, 1] })).toEqual([
      "/a/2 expected different items in a set, received one twice",
    ]);
    expect(
      complaints("a: set[any]", {
        a: [
          { x: 1, y: 2 },
          { y: 2, x: 1 },
        ],
      }),
    ).toHaveLength(1);
    expect(complaints("a: set[any]", { a: [1, "1", true, null] })).toEqual([]);
  });

  it("holds tuples to their length", () => {
    expect(complaints("a: tuple[int, str]", { a: [1] })[0]).toContain("exactly 2");
    expect(complaints("a: tuple[int, str]", { a: [1, "x", 2] })).toHaveLength(1);
    expect(complaints("a: tuple[int, str]", { a: ["x", 1] })).toHaveLength(2);
  });

  it("reports the union member that has the right form", () => {
    expect(complaints("a: str | { b: int }", { a: { b: "x" } })).toEqual([
      "/a/b expected int, received a string of 1 characters",
    ]);
    expect(complaints("a: str | int", { a: true })).toEqual(["/a expected str | int, received true"]);
    expect(complaints("a: { b: int, c: int } | { b: int, d: str }", { a: { b: 1, d: 2 } })).toEqual([
      "/a/d expected str, received 2",
    ]);
    expect(complaints("a: int | None", { a: "x" })).toEqual(["/a expected int, received a string of 1 characters"]);
  });

  it("collects at most 50 issues", () => {
    expect(complaints("a: list[int]", { a: Array.from({ length: 1_000 }, () => "x") })).toHaveLength(50);
    expect(
      complaints("a: dict[str, int]", { a: Object.fromEntries(Array.from({ length: 99 }, (_, i) => [i, "x"])) }),
    ).toHaveLength(50);
  });

  it("never throws for a value, whatever its getters do", () => {
    const trap = {
      get a(): never {
        throw new Error("boom");
      },
    };
    expect(complaints("a: str", trap)).toEqual([" the value could not be read: boom"]);
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw "text";
        },
      },
    );
    expect(complaints("a?: str", proxy)[0]).toContain("could not be read");
  });
});

function mixed(
  fields: readonly { readonly name: string }[],
  others: Parameters<typeof valueOfFields>[0],
): fc.Arbitrary<Record<string, unknown>> {
  return valueOfFields(others).map((value) =>
    Object.fromEntries(Object.values(value).map((item, index) => [fields[index % fields.length]!.name, item])),
  );
}

describe("keys that could change a prototype", () => {
  const evil = (): unknown => JSON.parse('{"a":{"__proto__":{"bad":true},"constructor":1,"prototype":2,"good":1}}');

  it.each(["any", "dict[str, any]", "dict", "{ good: int }"])("are dropped from %s when bending", (type) => {
    const value = bend(`a: ${type}`, evil()) as { a: Record<string, unknown> };
    expect(Object.keys(value.a)).toEqual(["good"]);
    expect((value.a as { bad?: unknown }).bad).toBeUndefined();
    expect(Object.getPrototypeOf(value.a)).toBe(Object.prototype);
  });

  it.each(["any", "dict[str, any]", "{ good: int }"])("are issues in %s when strict", (type) => {
    expect(complaints(`a: ${type}`, evil())).toHaveLength(3);
  });

  it("are kept from registered schemas, deep inside too", () => {
    const loose = new TypeRegistry().register("Loose", z.any(), { jsonSchema: {} });
    const shape = parseSignature("a: Loose", { types: loose });
    const given = JSON.parse('{"a":[{"b":{"__proto__":{"bad":1},"c":2}}]}') as unknown;
    expect(JSON.stringify(bend(shape, given))).toBe('{"a":[{"b":{"c":2}}]}');
    expect(now(shape.check(given)).ok).toBe(false);
  });

  it("do not get in by JSON text", () => {
    const value = bend("a: dict[str, any]", { a: '{"__proto__":{"bad":1},"x":{"constructor":2,"y":3}}' });
    expect(JSON.stringify(value)).toBe('{"a":{"x":{"y":3}}}');
    expect(({} as { bad?: unknown }).bad).toBeUndefined();
  });
});

describe("any", () => {
  it("takes JSON and objects of classes, not functions", () => {
    for (const value of [1, "x", null, [{}], new Date(0), Object.create(null)]) {
      expect(complaints("a: any", { a: value })).toEqual([]);
    }
    for (const value of [() => 1, Symbol("s"), 3n, [() => 1]]) {
      expect(complaints("a: any", { a: value })).toHaveLength(1);
    }
  });

  it("refuses values that contain themselves or are too deep", () => {
    const circle: { me?: unknown } = {};
    circle.me = [circle];
    expect(complaints("a: any", { a: circle })[0]).toContain("contains itself");
    let deep: unknown = 1;
    for (let level = 0; level < 300; level++) deep = [deep];
    expect(complaints("a: any", { a: deep })[0]).toContain("too deep");
  });
});

describe("bending", () => {
  it("changes nothing that fits, and nothing twice", () => {
    const messy = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom<unknown>(
        "3",
        " 1,234.5 ",
        "yes",
        "null",
        "None",
        "",
        "2024/01/05",
        '["1","2"]',
        '{"a":"1"}',
        1,
        0,
      ),
    );
    const cases = arbitraryFields.chain((fields) =>
      fc.tuple(
        fc.constant(fields),
        fc.oneof(valueOfFields(fields), fc.record(Object.fromEntries(fields.map((one) => [one.name, messy])))),
      ),
    );
    fc.assert(
      fc.property(cases, ([fields, value]) => {
        const signature = new Signature("", fields);
        const before = structuredClone(value);
        const first = now(signature.check(value, { coerce: true }));
        expect(value).toEqual(before);
        if (now(signature.check(value)).ok) expect(first.ok && first.value).toBe(value);
        if (!first.ok) return;
        expect(now(signature.check(first.value))).toEqual({ ok: true, value: first.value });
        const second = now(signature.check(first.value, { coerce: true }));
        expect(second.ok && second.value).toBe(first.value);
      }),
      { numRuns: 1_000 },
    );
  });

  it("never throws, whatever is bent to whatever", () => {
    fc.assert(
      fc.property(
        arbitraryType,
        fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true }),
        (type, value) => {
          const result = new Signature("", [{ name: "a", type, optional: false }]).check(
            { a: value },
            { coerce: true },
          );
          expect(result).toHaveProperty("ok");
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, unknown, unknown]>([
    ["int", "3", 3],
    ["int", "3.0", 3],
    ["int", " 42 ", 42],
    ["int", "1,234", 1234],
    ["int", "-7", -7],
    ["int", "3.7", "refused"],
    ["int", 3.7, "refused"],
    ["int", "three", "refused"],
    ["int", "", "refused"],
    ["int", true, "refused"],
    ["int", "1,23", "refused"],
    ["int", "0x10", "refused"],
    ["int", "9".repeat(500), "refused"],
    ["float", " 1,234.5 ", 1234.5],
    ["float", "1e3", 1000],
    ["float", ".5", 0.5],
    ["float", "5.", 5],
    ["float", "1e999", "refused"],
    ["float", "Infinity", "refused"],
    ["float", null, "refused"],
    ["bool", "yes", true],
    ["bool", "No", false],
    ["bool", " TRUE ", true],
    ["bool", "false", false],
    ["bool", "1", true],
    ["bool", 0, false],
    ["bool", 1, true],
    ["bool", 2, "refused"],
    ["bool", "maybe", "refused"],
    ["str", 3.5, "3.5"],
    ["str", false, "false"],
    ["str", null, "refused"],
    ["str", { a: 1 }, "refused"],
    ["None", "null", null],
    ["None", "x", "refused"],
    ["list[int]", 3, [3]],
    ["list[int]", "3", [3]],
    ["list[int]", "[1, 2]", [1, 2]],
    ["list[int]", ["1", 2], [1, 2]],
    ["list[str]", "a, b", ["a, b"]],
    ["list[str]", '["a","b"]', ["a", "b"]],
    ["list[str]", "[broken", ["[broken"]],
    ["list[str]", null, "refused"],
    ["list[{ a: int }]", { a: "1" }, [{ a: 1 }]],
    ["list[{ a: int }]", '{"a": 1}', [{ a: 1 }]],
    ["set[int]", ["1", 1, 2, "2"], [1, 2]],
    ["set[any]", [{ x: 1 }, { x: 1 }], [{ x: 1 }]],
    ["set[int]", new Set([1, 2]), [1, 2]],
    ["set[int]", "x", "refused"],
    ["tuple[int, str]", '["1", 2]', [1, "2"]],
    ["tuple[int, str]", [1], "refused"],
    ["dict[str, int]", '{"a": "1"}', { a: 1 }],
    ["dict[str, int]", "[1]", "refused"],
    ["dict[str, int]", "{broken", "refused"],
    ["{ a: int }", '\n {"a": "1"}', { a: 1 }],
    ["{ a: int }", { a: 1, b: 2 }, { a: 1 }],
    ["'small' | 'large'", " Large", "large"],
    ["'small' | 'large'", "medium", "refused"],
    ["Literal['a', 'A']", "A", "A"],
    ["Literal['a', 'A']", " A ", "A"],
    ["Literal['True', 'x']", "TRUE", "True"],
    ["Literal[1, 2]", "2", 2],
    ["Literal['1', 2]", 1, "1"],
    ["Literal[true, 'x']", "True", true],
    ["Literal['x', None]", "none", null],
    ["Literal['x']", {}, "refused"],
    ["int | None", "null", null],
    ["int | None", "None", null],
    ["int | None", "", null],
    ["int | None", "4", 4],
    ["str | None", "None", "None"],
    ["int | str", "3", "3"],
    ["int | bool", "3", 3],
    ["bool | int", "3", 3],
    ["list[int] | int", "3", 3],
    ["int | list[str]", "x", ["x"]],
    ["list[int] | { a: int }", '{"a":"1"}', { a: 1 }],
    ["{ a: list[int] } | int", { a: "1" }, { a: [1] }],
    ["date", "2024/1/5", "2024-01-05"],
    ["date", "20240105", "2024-01-05"],
    ["date", "2024.01.05", "2024-01-05"],
    ["date", "25/12/2024", "2024-12-25"],
    ["date", "12/25/2024", "2024-12-25"],
    ["date", "5/5/2024", "2024-05-05"],
    ["date", "05/01/2024", "refused"],
    ["date", "25/25/2024", "refused"],
    ["date", "January 5, 2024", "2024-01-05"],
    ["date", "5 Jan 2024", "2024-01-05"],
    ["date", "1st Sept. 2024", "2024-09-01"],
    ["date", "Febuary 5, 2024", "refused"],
    ["date", "February 30, 2024", "refused"],
    ["date", "2024-01-05T10:00:00+02:00", "2024-01-05"],
    ["date", new Date(0), "1970-01-01"],
    ["date", new Date(Number.NaN), "refused"],
    ["date", "tomorrow", "refused"],
    ["date", 1704412800, "refused"],
    ["datetime", "2024-01-05 10:00:00Z", "2024-01-05T10:00:00Z"],
    ["datetime", "2024-01-05T10:00Z", "2024-01-05T10:00:00Z"],
    ["datetime", "2024-01-05 10:00:00 +0200", "2024-01-05T10:00:00+02:00"],
    ["datetime", "2024-01-05T10:00:00", "refused"],
    ["datetime", "2024-01-05", "refused"],
    ["datetime", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["datetime", new Date(Number.NaN), "refused"],
    ["datetime", 5, "refused"],
  ])("makes of %s and %j: %j", (type, value, wanted) => {
    expect(field(type, value)).toEqual(wanted);
  });

  it("drops null from optional fields and fills it into nullable ones", () => {
    expect(bend("a?: int, b: str", { a: null, b: "x" })).toEqual({ b: "x" });
    expect(bend("a?: int, b: str", { a: "null", b: "x" })).toEqual({ b: "x" });
    expect(bend("a?: str", { a: "null" })).toEqual({ a: "null" });
    expect(bend("a?: int | None", { a: null })).toEqual({ a: null });
    expect(bend("a: int | None", {})).toEqual({ a: null });
    expect(complaints("a: any", {}, true)).toHaveLength(1);
  });

  it("takes a bare value for the only field", () => {
    expect(bend("a: int", "3")).toEqual({ a: 3 });
    expect(bend("a: list[str]", ["x"])).toEqual({ a: ["x"] });
    expect(bend("a: str", '{"a":"x"}')).toEqual({ a: "x" });
    expect(complaints("a: int, b: int", 3, true)).toHaveLength(1);
    expect(complaints("a: int", null, true)).toHaveLength(1);
    expect(bend(parseSignature("a: Point", { types }), { x: "1", y: 2 })).toEqual({ a: { x: 1, y: 2 } });
    expect(bend("a: { x: int }", { x: 1 })).toEqual({ a: { x: 1 } });
  });

  it("reads the whole value from JSON text", () => {
    expect(bend("a: int, b: str", ' {"a": "1", "b": 2}')).toEqual({ a: 1, b: "2" });
  });
});

describe("a registered schema", () => {
  it("gives what it makes of the value", () => {
    const shape = parseSignature("a: Shout, b: list[Shout], c: dict[str, Shout], d: tuple[Shout, int]", { types });
    const given = { a: "x", b: ["y"], c: { k: "z" }, d: ["w", 1] };
    const before = structuredClone(given);
    expect(now(shape.check(given))).toEqual({ ok: true, value: { a: "X", b: ["Y"], c: { k: "Z" }, d: ["W", 1] } });
    expect(given).toEqual(before);
  });

  it("has its issues placed inside the value", () => {
    const shape = parseSignature("a: list[Count]", { types });
    const result = now(shape.check({ a: [{ n: 1 }, { n: "x" }] }));
    expect(result.ok ? [] : result.issues.map((issue) => issue.pointer)).toEqual(["/a/1/n"]);
  });

  it("is bent towards by its JSON Schema", () => {
    const shape = parseSignature("a: Count, b: Count | None", { types });
    expect(bend(shape, { a: { n: "3" }, b: '{"n":"4"}' })).toEqual({ a: { n: 3 }, b: { n: 4 } });
    expect(bend(shape, { a: { n: "x" }, b: "" })).toHaveLength(1);
  });

  it("chooses among union members in order", () => {
    const shape = parseSignature("a: Count | Shout | int", { types });
    expect(bend(shape, { a: { n: 1 } })).toEqual({ a: { n: 1 } });
    expect(bend(shape, { a: "x" })).toEqual({ a: "X" });
    expect(bend(shape, { a: 3 })).toEqual({ a: 3 });
    expect(bend(shape, { a: { n: "3" } })).toEqual({ a: { n: 3 } });
  });

  it("may check asynchronously, each value once", async () => {
    const asked: unknown[] = [];
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: async (value: unknown) => {
          asked.push(value);
          return value === "bad" ? { issues: [{ message: "is bad" }] } : { value: `<${value}>` };
        },
      },
    } as const;
    const late = new TypeRegistry().register("Late", schema, { jsonSchema: { type: "string" } });
    const shape = parseSignature("a: Late, b: list[Late], c: Late | int", { types: late });
    const promise = shape.check({ a: "x", b: ["y", "z"], c: 3 });
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toEqual({ ok: true, value: { a: "<x>", b: ["<y>", "<z>"], c: 3 } });
    expect(asked).toEqual(["x", "y", "z"]);
    expect(await shape.check({ a: "bad", b: [], c: 3 })).toEqual({
      ok: false,
      issues: [{ pointer: "/a", message: "is bad", expected: "Late" }],
    });
    const refined = parseSignature("a: Later", { types });
    expect(await refined.check({ a: { n: 0 } })).toMatchObject({ ok: false, issues: [{ pointer: "/a/n" }] });
    expect(await refined.check({ a: { n: "2" } }, { coerce: true })).toEqual({ ok: true, value: { a: { n: 2 } } });
  });

  it("that throws or rejects is an issue, not an exception", async () => {
    const failing = (validate: () => never | Promise<never>) =>
      parseSignature("a: Bad", {
        types: new TypeRegistry().register(
          "Bad",
          { "~standard": { version: 1, vendor: "test", validate } },
          { jsonSchema: {} },
        ),
      });
    const thrown = failing(() => {
      throw new Error("boom");
    });
    expect(complaintsOf(now(thrown.check({ a: 1 })))).toEqual(["the schema of Bad threw: boom"]);
    const rejected = failing(() => Promise.reject("no"));
    expect(complaintsOf(await rejected.check({ a: 1 }))).toEqual([
      "the schema of Bad threw: something that is not an error",
    ]);
  });
});

function complaintsOf(result: CheckResult): string[] {
  return result.ok ? [] : result.issues.map((issue) => issue.message);
}
