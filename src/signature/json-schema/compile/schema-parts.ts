/** Sorts what one schema says by the kind of value it speaks of. */

import { escapePointer } from "../../../core/json/canonical-key.ts";
import type { Json, JsonSchema } from "../../../core/json/json.ts";
import { SafePattern } from "../pattern/safe-pattern.ts";
import { combinedRules } from "./combined-rules.ts";
import { everyKind, isSameJson, kindsOfType } from "./json-kinds.ts";
import { listRule } from "./list-rule.ts";
import { objectRule } from "./object-rule.ts";
import { dynamicRule, referenceRule } from "./reference-rules.ts";
import { numberAssertions, textAssertions } from "./scalar-rules.ts";
import type { SchemaDocument } from "./schema-document.ts";
import { schemaFault } from "./schema-fault.ts";
import type { Assertion, Rule, SchemaNode } from "./schema-node.ts";
import { type RestRule, restOfFields, restOfItems } from "./unevaluated-rules.ts";

/** Everything a schema says, sorted by the kind of value it speaks of. */
export interface SchemaParts {
  readonly mask: number;
  readonly kindText: string;
  readonly values: ValueRule | undefined;
  readonly numbers: readonly Assertion<number>[];
  readonly texts: readonly Assertion<string>[];
  readonly list: Rule | undefined;
  readonly object: Rule | undefined;
  readonly combined: readonly Rule[];
  readonly fieldsLeft: RestRule | undefined;
  readonly itemsLeft: RestRule | undefined;
}

interface ValueRule {
  readonly test: (value: unknown) => boolean;
  readonly expected: string;
}

/** Reads a schema's keywords. `inPlace` is told of each schema that judges the same value. */
export function partsOf(
  node: SchemaNode,
  schema: JsonSchema,
  document: SchemaDocument,
  inPlace: (inner: SchemaNode) => void,
): SchemaParts {
  const at = (...steps: readonly string[]): SchemaNode => document.inside(node, steps);
  const same = (...steps: readonly string[]): SchemaNode => {
    const inner = at(...steps);
    inPlace(inner);
    return inner;
  };
  const patternOf = (source: string, place: string): SafePattern => {
    const pattern = new SafePattern(source);
    if (pattern.fault === undefined) return pattern;
    const shown = `${source.slice(0, 80)}${source.length > 80 ? "…" : ""}`;
    throw schemaFault(document.name, `${node.pointer}/${place}`, `the pattern ${shown} ${pattern.fault}`);
  };
  const { type } = schema;
  const types = (Array.isArray(type) ? type : type === undefined ? [] : [type]) as readonly string[];
  const pattern = typeof schema.pattern === "string" ? patternOf(schema.pattern, "pattern") : undefined;
  node.patterns = Object.keys((schema.patternProperties ?? {}) as JsonSchema).map((source) => ({
    pattern: patternOf(source, `patternProperties/${escapePointer(source)}`),
    node: at("patternProperties", source),
  }));
  // With nobody else looking at the value, "not evaluated" is "additional", which needs no bookkeeping.
  const isAlone = !lookingWords.some((word) => Object.hasOwn(schema, word));
  const leavesFields = schema.unevaluatedProperties !== undefined && !isAlone;
  const leavesItems = schema.unevaluatedItems !== undefined && !isAlone;
  return {
    mask: types.length === 0 ? everyKind : types.reduce((mask, name) => mask | kindsOfType[name]!, 0),
    kindText: types.length === 0 ? "a JSON value" : types.join(" or "),
    values: valueRule(schema),
    numbers: numberAssertions(schema),
    texts: textAssertions(schema, pattern),
    list: listRule(schema, at, isAlone ? "unevaluatedItems" : undefined),
    object: objectRule(schema, at, node.patterns, isAlone ? "unevaluatedProperties" : undefined),
    combined: [...referenceRules(node, schema, document, inPlace), ...combinedRules(schema, same)],
    fieldsLeft: leavesFields ? restOfFields(at("unevaluatedProperties")) : undefined,
    itemsLeft: leavesItems ? restOfItems(at("unevaluatedItems")) : undefined,
  };
}

/** Keywords that look at parts of the value together with the schema around them. */
const lookingWords = ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "contains"];

function referenceRules(
  node: SchemaNode,
  schema: JsonSchema,
  document: SchemaDocument,
  inPlace: (inner: SchemaNode) => void,
): readonly Rule[] {
  const found: Rule[] = [];
  if (typeof schema.$ref === "string") {
    const target = document.resolve(schema.$ref, node, "$ref");
    node.reference = target;
    inPlace(target);
    found.push(referenceRule(document, target));
  }
  if (typeof schema.$dynamicRef === "string") {
    const target = document.resolve(schema.$dynamicRef, node, "$dynamicRef");
    node.reference ??= target;
    inPlace(target);
    found.push(dynamicRule(document, schema.$dynamicRef, target));
  }
  return found;
}

/** `enum` and `const` in one: lone values by a set, the others one by one. */
function valueRule(schema: JsonSchema): ValueRule | undefined {
  const lists = [schema.enum, schema.const === undefined ? undefined : [schema.const]].filter(Array.isArray);
  if (lists.length === 0) return undefined;
  const tests = lists.map((list: readonly Json[]) => {
    const lone = new Set<unknown>(list.filter((value) => typeof value !== "object" || value === null));
    const others = list.filter((value) => typeof value === "object" && value !== null);
    return (value: unknown): boolean =>
      typeof value !== "object" || value === null ? lone.has(value) : others.some((other) => isSameJson(value, other));
  });
  const [first, second] = tests;
  const shown = (schema.enum === undefined ? lists[0]! : (schema.enum as readonly Json[])).map(shownValue);
  const more = shown.length > 10 ? `, and ${shown.length - 10} more` : "";
  const expected = shown.length === 1 ? shown[0]! : `one of ${shown.slice(0, 10).join(", ")}${more}`;
  return { test: second === undefined ? first! : (value) => first!(value) && second(value), expected };
}

function shownValue(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Tells whether a schema says nothing of any value. */
export function isEmpty(parts: SchemaParts): boolean {
  const { mask, values, numbers, texts, list, object, combined, fieldsLeft, itemsLeft } = parts;
  const rules = [values, list, object, fieldsLeft, itemsLeft];
  return (
    mask === everyKind &&
    rules.every((rule) => rule === undefined) &&
    [numbers, texts, combined].every((one) => one.length === 0)
  );
}
