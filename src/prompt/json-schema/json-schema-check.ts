/** Checks a value against a JSON Schema and names each thing wrong by its place, without a validator library. */

import { escapePointer } from "../../core/canonical-key.ts";
import type { ValueIssue } from "../../core/errors.ts";
import type { Json, JsonSchema } from "../../core/json.ts";
import { describeValue } from "../../core/options.ts";
import { resolveReference } from "../../signature/json-schema/resolve-reference.ts";
import { formatFits } from "./json-schema-format.ts";
import { isObject, isOfType, isSame, matches, textOf } from "./json-schema-values.ts";

const mostIssues = 50;
const deepest = 256;

interface Check {
  readonly root: JsonSchema;
  readonly issues: ValueIssue[];
  readonly depth: number;
}

/**
 * Gives what is wrong with a JSON value, at most 50 issues; none when it fits. Knows draft 2020-12: types, `enum`,
 * `const`, the bounds of numbers, strings, lists and objects, `pattern`, common `format`s, `properties`,
 * `patternProperties`, `additionalProperties`, `propertyNames`, `required`, `dependentRequired`, `items`, `prefixItems`,
 * `contains`, `uniqueItems`, `anyOf`, `oneOf`, `allOf`, `not`, `if`, and `$ref` inside the document. Others say nothing.
 *
 * @throws type_invalid for a `pattern` that is no regular expression.
 */
export function jsonSchemaIssues(value: unknown, schema: JsonSchema): readonly ValueIssue[] {
  const issues: ValueIssue[] = [];
  check(value, schema, "", { root: schema, issues, depth: 0 });
  return issues;
}

function check(value: unknown, schema: Json | undefined, pointer: string, run: Check): void {
  if (schema === true || schema === undefined || run.issues.length >= mostIssues) return;
  if (!isObject(schema)) return report(run, pointer, "expected no value here", "nothing", value);
  if (run.depth > deepest) return report(run, pointer, "the schema refers to itself without end", "a schema", value);
  const inner: Check = { root: run.root, issues: run.issues, depth: run.depth + 1 };
  if (typeof schema.$ref === "string") check(value, resolveReference(schema.$ref, run.root), pointer, inner);
  if (!checkKind(value, schema, pointer, inner)) return;
  checkCombined(value, schema, pointer, inner);
  if (typeof value === "string") checkString(value, schema, pointer, inner);
  else if (typeof value === "number") checkNumber(value, schema, pointer, inner);
  else if (Array.isArray(value)) checkList(value, schema, pointer, inner);
  else if (isObject(value)) checkObject(value, schema, pointer, inner);
}

function fits(value: unknown, schema: Json | undefined, run: Check): boolean {
  const issues: ValueIssue[] = [];
  check(value, schema, "", { root: run.root, issues, depth: run.depth });
  return issues.length === 0;
}

function checkKind(value: unknown, schema: JsonSchema, pointer: string, run: Check): boolean {
  const { type, enum: choices } = schema;
  const types = Array.isArray(type) ? type : type === undefined ? [] : [type];
  if (types.length > 0 && !types.some((name) => isOfType(value, name))) {
    const expected = types.join(" or ");
    report(run, pointer, `expected ${expected}, received ${describeValue(value)}`, expected, value);
    return false;
  }
  if (Array.isArray(choices) && !choices.some((choice) => isSame(value, choice))) {
    const expected = `one of ${choices
      .slice(0, 10)
      .map((choice) => JSON.stringify(choice))
      .join(", ")}`;
    report(run, pointer, `expected ${expected}, received ${describeValue(value)}`, expected, value);
    return false;
  }
  if (schema.const !== undefined && !isSame(value, schema.const)) {
    const expected = JSON.stringify(schema.const);
    report(run, pointer, `expected ${expected}, received ${describeValue(value)}`, expected, value);
    return false;
  }
  return true;
}

function checkCombined(value: unknown, schema: JsonSchema, pointer: string, run: Check): void {
  const { anyOf, oneOf, allOf, not } = schema;
  if (Array.isArray(allOf)) for (const member of allOf) check(value, member, pointer, run);
  if (Array.isArray(anyOf) && !anyOf.some((member) => fits(value, member, run))) {
    reportNearest(value, anyOf, pointer, run);
  }
  if (Array.isArray(oneOf)) {
    const count = oneOf.filter((member) => fits(value, member, run)).length;
    if (count === 0) reportNearest(value, oneOf, pointer, run);
    if (count > 1)
      report(run, pointer, `expected exactly one of ${oneOf.length} forms, fits ${count}`, "one form", value);
  }
  if (not !== undefined && fits(value, not, run))
    report(run, pointer, "is what the schema forbids", "another value", value);
  if (schema.if === undefined) return;
  check(value, fits(value, schema.if, run) ? schema.then : schema.else, pointer, run);
}

/** Of several forms none of which fits, tells what is wrong with the one that is nearest. */
function reportNearest(value: unknown, members: readonly Json[], pointer: string, run: Check): void {
  let nearest: readonly ValueIssue[] | undefined;
  for (const member of members) {
    const issues: ValueIssue[] = [];
    check(value, member, pointer, { root: run.root, issues, depth: run.depth });
    // A form whose own type fits is nearer than one that is wrong at the top.
    const inside = issues.every((issue) => issue.pointer !== pointer);
    if (inside && (nearest === undefined || issues.length < nearest.length)) nearest = issues;
  }
  if (nearest !== undefined) run.issues.push(...nearest.slice(0, mostIssues - run.issues.length));
  else
    report(run, pointer, `fits none of ${members.length} forms, received ${describeValue(value)}`, "one form", value);
}

function checkString(value: string, schema: JsonSchema, pointer: string, run: Check): void {
  const { minLength, maxLength, pattern, format } = schema;
  if (typeof minLength === "number" || typeof maxLength === "number") {
    checkCount([...value].length, minLength, maxLength, "characters", pointer, value, run);
  }
  if (typeof pattern === "string" && !matches(pattern, value)) {
    report(run, pointer, `expected text that matches ${pattern}`, `pattern ${pattern}`, value);
  }
  if (typeof format === "string" && !formatFits(value, format)) {
    report(run, pointer, `expected a ${format}, received ${describeValue(value)}`, format, value);
  }
}

function checkNumber(value: number, schema: JsonSchema, pointer: string, run: Check): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const refuse = (rule: string) => report(run, pointer, `expected a number ${rule}, received ${value}`, rule, value);
  if (typeof minimum === "number" && value < minimum) refuse(`of ${minimum} or more`);
  if (typeof maximum === "number" && value > maximum) refuse(`of ${maximum} or less`);
  if (typeof exclusiveMinimum === "number" && value <= exclusiveMinimum) refuse(`above ${exclusiveMinimum}`);
  if (typeof exclusiveMaximum === "number" && value >= exclusiveMaximum) refuse(`below ${exclusiveMaximum}`);
  if (typeof multipleOf !== "number" || multipleOf <= 0) return;
  // Decimal steps such as 0.1 are not exact in binary; a part in a billion is.
  const steps = value / multipleOf;
  if (Math.abs(steps - Math.round(steps)) > 1e-9 * Math.max(1, Math.abs(steps)))
    refuse(`that is a multiple of ${multipleOf}`);
}

function checkList(value: readonly unknown[], schema: JsonSchema, pointer: string, run: Check): void {
  const { prefixItems, items, contains, uniqueItems, minContains, maxContains } = schema;
  checkCount(value.length, schema.minItems, schema.maxItems, "items", pointer, value, run);
  const prefix = Array.isArray(prefixItems) ? prefixItems : [];
  for (let index = 0; index < value.length; index++) {
    check(value[index], index < prefix.length ? prefix[index] : items, `${pointer}/${index}`, run);
    if (run.issues.length >= mostIssues) return;
  }
  if (contains !== undefined) {
    const count = value.filter((item) => fits(item, contains, run)).length;
    checkCount(count, minContains ?? 1, maxContains, "items of the wanted kind", pointer, value, run);
  }
  if (uniqueItems === true && new Set(value.map(textOf)).size < value.length) {
    report(run, pointer, "expected a list without repeats", "unique items", value);
  }
}

function checkObject(value: JsonSchema, schema: JsonSchema, pointer: string, run: Check): void {
  const { required, dependentRequired, propertyNames } = schema;
  const names = Object.keys(value);
  checkCount(names.length, schema.minProperties, schema.maxProperties, "fields", pointer, value, run);
  const missing = (list: Json | undefined, why: string) => {
    for (const name of Array.isArray(list) ? list : []) {
      if (Object.hasOwn(value, String(name))) continue;
      report(run, `${pointer}/${escapePointer(String(name))}`, `is missing${why}`, "a value", undefined);
    }
  };
  missing(required, "");
  if (isObject(dependentRequired)) {
    for (const [name, list] of Object.entries(dependentRequired)) {
      if (Object.hasOwn(value, name)) missing(list, `, since ${name} is given`);
    }
  }
  for (const name of names) {
    const place = `${pointer}/${escapePointer(name)}`;
    if (propertyNames !== undefined && !fits(name, propertyNames, run)) {
      report(run, place, "has a name the schema does not allow", "another name", value[name]);
    }
    for (const part of schemasOf(name, schema)) check(value[name], part, place, run);
    if (run.issues.length >= mostIssues) return;
  }
}

/** Gives all schemas that apply to a field: its own, those of matching patterns, else the one for further fields. */
function schemasOf(name: string, schema: JsonSchema): readonly (Json | undefined)[] {
  const { properties, patternProperties, additionalProperties } = schema;
  const found: (Json | undefined)[] = [];
  if (isObject(properties) && Object.hasOwn(properties, name)) found.push(properties[name]);
  if (isObject(patternProperties)) {
    for (const [pattern, part] of Object.entries(patternProperties)) {
      if (matches(pattern, name)) found.push(part);
    }
  }
  return found.length > 0 ? found : [additionalProperties];
}

function checkCount(
  count: number,
  least: Json | undefined,
  most: Json | undefined,
  what: string,
  pointer: string,
  value: unknown,
  run: Check,
): void {
  if (typeof least === "number" && count < least) {
    report(run, pointer, `expected at least ${least} ${what}, received ${count}`, `at least ${least} ${what}`, value);
  }
  if (typeof most === "number" && count > most) {
    report(run, pointer, `expected at most ${most} ${what}, received ${count}`, `at most ${most} ${what}`, value);
  }
}

function report(run: Check, pointer: string, message: string, expected: string, value: unknown): void {
  if (run.issues.length < mostIssues) run.issues.push({ pointer, message, expected, received: describeValue(value) });
}
