import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonSchema } from "../../../src/core/json/json.ts";
import { compileJsonSchema } from "../../../src/signature/json-schema/compile/compile-json-schema.ts";

/** Compiles with ajv; what it keeps for the unevaluated keywords is off, since it changes what `contains` says. */
function compileTheirs(schema: JsonSchema): (value: unknown) => boolean | undefined {
  // An instance of its own: a shared one does not find "#" unless it keeps every schema.
  const ajv = new Ajv2020({
    strict: false,
    ownProperties: true,
    unevaluated: false,
    validateFormats: false,
    logger: false,
    meta: false,
    validateSchema: false,
  });
  const validate = ajv.compile(schema);
  return (value) => {
    try {
      return validate(value);
    } catch {
      // Its code for patternProperties beside anyOf now and then throws a TypeError.
      return undefined;
    }
  };
}

// Names such as toString are left to our own tests: the other compiler trips over them.
const names = fc.constantFrom("a", "b", "c", "ab", "x/y~z", "é");
const scalar = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, -0, 1, 2, 1.5, -3, 1e6, "", "a", "ab", "abc", "😀", "é", "1"),
  fc.integer({ min: -9, max: 9 }),
);
const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(names, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const count = fc.integer({ min: 0, max: 4 });
const bound = fc.constantFrom(-3, 0, 1, 1.5, 2, 4);
const pattern = fc.constantFrom("^a", "b$", "^.$", "[abc]{2}", "^(a|b)*$", "\\p{L}", "");
const typeName = fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object");

/**
 * Schemas with all keywords but two kinds: `contains`, which ajv forgets on some empty lists, and the unevaluated ones, which
 * it lets forms that do not fit decide on. Both are held to the specification above. `below` judges parts of the value, so it may
 * refer to the whole.
 */
function schemas(references: readonly string[]): fc.Arbitrary<JsonSchema> {
  return fc.letrec<{ schema: JsonSchema | boolean; inPlace: JsonSchema; below: JsonSchema | boolean }>((tie) => {
    const here = tie("schema");
    const below = tie("below");
    const list = (one: fc.Arbitrary<unknown>) => fc.array(one, { minLength: 1, maxLength: 3 });
    const table = (one: fc.Arbitrary<unknown>) => fc.dictionary(names, one, { maxKeys: 3, noNullPrototype: true });
    const keywords: Record<string, fc.Arbitrary<unknown>> = {
      type: fc.oneof(typeName, fc.uniqueArray(typeName, { minLength: 1, maxLength: 3 })),
      enum: fc.uniqueArray(value, { minLength: 1, maxLength: 4, selector: (one) => JSON.stringify(one) }),
      const: value,
      minimum: bound,
      maximum: bound,
      exclusiveMinimum: bound,
      exclusiveMaximum: bound,
      multipleOf: fc.constantFrom(1, 2, 3, 0.5),
      minLength: count,
      maxLength: count,
      pattern,
      minItems: count,
      maxItems: count,
      uniqueItems: fc.boolean(),
      prefixItems: list(below),
      items: below,
      minProperties: count,
      maxProperties: count,
      required: fc.uniqueArray(names, { maxLength: 2 }),
      dependentRequired: table(fc.uniqueArray(names, { maxLength: 2 })),
      properties: table(below),
      patternProperties: fc.dictionary(pattern, below, { maxKeys: 2, noNullPrototype: true }),
      additionalProperties: below,
      propertyNames: here,
      allOf: list(here),
      anyOf: list(here),
      oneOf: list(here),
      not: here,
      if: here,
      // biome-ignore lint/suspicious/noThenProperty: the keyword's name
      then: here,
      else: here,
      dependentSchemas: table(here),
      ...(references.length === 0 ? {} : { $ref: fc.constantFrom(...references) }),
      title: fc.string(),
      default: value,
    };
    const some = fc
      .uniqueArray(fc.constantFrom(...Object.keys(keywords)), {
        minLength: 1,
        maxLength: 4,
      })
      .chain((chosen) => fc.record(Object.fromEntries(chosen.map((word) => [word, keywords[word]!]))));
    return {
      inPlace: some as fc.Arbitrary<JsonSchema>,
      schema: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.boolean(), tie("inPlace")),
      below: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constantFrom({ $ref: "#" }, true),
        fc.boolean(),
        tie("inPlace"),
      ),
    };
  }).inPlace as fc.Arbitrary<JsonSchema>;
}

const documents = fc
  .record({
    root: schemas(["#/$defs/one", "#/$defs/two", "#three"]),
    one: schemas([]),
    two: schemas(["#/$defs/one"]),
    three: schemas(["#/$defs/two"]),
  })
  .map(
    ({ root, one, two, three }): JsonSchema => ({
      ...root,
      $defs: { one, two, three: { ...three, $anchor: "three" } },
    }),
  );

/** A form that looks at some names and fits when one of them is there. */
const form = fc.record({ looksAt: fc.uniqueArray(names, { minLength: 1, maxLength: 3 }), needs: names });
type Form = { readonly looksAt: readonly string[]; readonly needs: string };

function schemaOfForm({ looksAt, needs }: Form): JsonSchema {
  return { properties: Object.fromEntries(looksAt.map((name) => [name, true])), required: [needs] };
}

describe("unevaluated properties and items", () => {
  it("are those that no form that fits has looked at", () => {
    const cases = fc.record({
      own: fc.uniqueArray(names, { maxLength: 2 }),
      forms: fc.array(form, { minLength: 1, maxLength: 3 }),
      condition: form,
      branch: form,
      given: fc.uniqueArray(names),
      nested: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ own, forms, condition, branch, given, nested }) => {
        const fits = (one: Form) => (given as readonly string[]).includes(one.needs);
        const parts: JsonSchema = {
          anyOf: [...forms.map(schemaOfForm), true],
          not: { not: { properties: { a: true, b: true, c: true } } },
          if: schemaOfForm(condition),
          // biome-ignore lint/suspicious/noThenProperty: the keyword's name
          then: { properties: schemaOfForm(branch).properties! },
        };
        const schema: JsonSchema = {
          properties: Object.fromEntries(own.map((name) => [name, true])),
          ...(nested ? { $ref: "#/$defs/parts", $defs: { parts: { allOf: [parts] } } } : parts),
          unevaluatedProperties: false,
        };
        const looked = new Set([...own, ...[...forms, condition].filter(fits).flatMap((one) => one.looksAt)]);
        if (fits(condition)) for (const name of branch.looksAt) looked.add(name);
        const left = given.filter((name) => !looked.has(name));
        const compiled = compileJsonSchema(schema);
        const value = Object.fromEntries(given.map((name) => [name, 1]));
        expect(compiled.fits(value)).toBe(left.length === 0);
        expect(compiled.issues(value)).toHaveLength(left.length);
      }),
    );
  });

  it("count prefixes of forms that fit, and what contains found", () => {
    const cases = fc.record({
      prefixes: fc.array(fc.array(fc.constantFrom("integer", "string"), { minLength: 1, maxLength: 4 }), {
        maxLength: 3,
      }),
      list: fc.array(fc.constantFrom<Json>(1, "a", null), { maxLength: 6 }),
    });
    const isOf = (value: Json | undefined, type: string) =>
      value === undefined || typeof value === (type === "integer" ? "number" : type);
    fc.assert(
      fc.property(cases, ({ prefixes, list }) => {
        const schema: JsonSchema = {
          anyOf: [...prefixes.map((types) => ({ prefixItems: types.map((type) => ({ type })) })), true],
          allOf: [{ contains: { type: "null" }, minContains: 0 }],
          unevaluatedItems: false,
        };
        const fitting = prefixes.filter((types) => types.every((type, index) => isOf(list[index], type)));
        const before = Math.max(0, ...fitting.map((types) => types.length));
        expect(compileJsonSchema(schema).fits(list)).toBe(list.every((item, index) => index < before || item === null));
      }),
    );
  });
});

describe("contains", () => {
  it("counts the items that fit", () => {
    const bounds = fc.record({ minContains: count, maxContains: count }, { requiredKeys: [] });
    fc.assert(
      fc.property(schemas([]), bounds, fc.array(value, { maxLength: 5 }), (bare, limits, list) => {
        // An id of its own, so that "#" in it stays itself.
        const contains = { ...bare, $id: "https://example.org/item" };
        const item = compileJsonSchema(contains);
        const found = list.filter((one) => item.fits(one)).length;
        const fits = found >= (limits.minContains ?? 1) && found <= (limits.maxContains ?? list.length);
        expect(compileJsonSchema({ contains, ...limits }).fits(list)).toBe(fits);
      }),
    );
  });
});

describe("the compiled schema and ajv", () => {
  it("say the same of any value", () => {
    let good = 0;
    let all = 0;
    fc.assert(
      fc.property(documents, fc.array(value, { minLength: 4, maxLength: 12 }), (schema, values) => {
        const theirs = compileTheirs(schema);
        const ours = compileJsonSchema(schema);
        for (const one of values) {
          const fits = theirs(one);
          if (fits === undefined) continue;
          all++;
          if (fits) good++;
          expect({ fits: ours.fits(one), schema, one }).toEqual({ fits, schema, one });
          expect(ours.issues(one).length === 0).toBe(fits);
        }
      }),
      { numRuns: 1_000 },
    );
    // Else the comparison would prove little.
    expect(good).toBeGreaterThan(all / 20);
    expect(good).toBeLessThan((all * 19) / 20);
  });
});
