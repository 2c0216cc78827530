import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckResult, Field } from "../../src/signature/field.ts";
import { compileJsonSchema } from "../../src/signature/json-schema/compile/compile-json-schema.ts";
import { jsonSchema } from "../../src/signature/json-schema/json-schema-type.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { Signature } from "../../src/signature/signature.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";
import { arbitraryFields, valueOfFields } from "./arbitrary-type.ts";

function now(result: CheckResult | Promise<CheckResult>): CheckResult {
  if (result instanceof Promise) throw new Error("it was asynchronous");
  return result;
}

/** JSON values that fit a signature, nearly do, or have nothing to do with it; without the keys no value may have. */
function valueFor(fields: readonly Field[]): fc.Arbitrary<unknown> {
  const near = fc.tuple(valueOfFields(fields), fc.jsonValue({ maxDepth: 2 }), fc.nat()).map(([value, other, at]) => {
    const names = Object.keys(value);
    return names.length === 0 ? value : { ...value, [names[at % names.length]!]: other };
  });
  const messy = fc.record(
    Object.fromEntries(
      fields.map((field) => [
        field.name,
        fc.constantFrom<unknown>("3", "yes", "null", "", 1, 0, null, "2024/01/05", '["1"]', '{"a":"1"}', ["1"], {
          a: "1",
        }),
      ]),
    ),
  );
  return fc
    .oneof(valueOfFields(fields), near, messy, fc.jsonValue({ maxDepth: 3 }))
    .map((value) =>
      JSON.parse(JSON.stringify(value), (key, item: unknown) =>
        key === "__proto__" || key === "constructor" || key === "prototype" ? undefined : item,
      ),
    );
}

const cases = arbitraryFields.chain((fields) => fc.tuple(fc.constant(fields), valueFor(fields)));

describe("a signature and the JSON Schema it gives", () => {
  it("say the same of any value", () => {
    let good = 0;
    fc.assert(
      fc.property(cases, ([fields, value]) => {
        const signature = new Signature("", fields);
        const { ok } = now(signature.check(value));
        if (ok) good++;
        expect(compileJsonSchema(signature.toJsonSchema()).issues(value).length === 0).toBe(ok);
      }),
      { numRuns: 1_500 },
    );
    expect(good).toBeGreaterThan(200);
  });

  it("take what bending gives, and bending it once more changes nothing", () => {
    fc.assert(
      fc.property(cases, ([fields, value]) => {
        const signature = new Signature("", fields);
        const bent = now(signature.check(value, { coerce: true }));
        if (!bent.ok) return;
        expect(compileJsonSchema(signature.toJsonSchema()).issues(bent.value)).toEqual([]);
        const again = now(signature.check(bent.value, { coerce: true }));
        expect(again.ok && again.value).toBe(bent.value);
        const strict = now(signature.check(bent.value));
        expect(strict.ok && strict.value).toBe(bent.value);
      }),
      { numRuns: 1_500 },
    );
  });

  it("bend alike where a registered type is the JSON Schema of the other", () => {
    fc.assert(
      fc.property(cases, ([fields, value]) => {
        const inner = new Signature("", fields);
        const types = new TypeRegistry().register("Inner", jsonSchema(inner.toJsonSchema()));
        const outer = parseSignature("inner: Inner", { types });
        const bent = now(outer.check({ inner: value }, { coerce: true }));
        expect(now(outer.check({ inner: value })).ok).toBe(now(inner.check(value)).ok);
        if (bent.ok) expect(now(inner.check(bent.value.inner)).ok).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
