/** Fills in one schema's closures from its keywords. */

import { escapePointer } from "../../../core/canonical-key.ts";
import type { Json, JsonSchema } from "../../../core/json.ts";
import { describeValue } from "../../../core/options.ts";
import { SafePattern } from "../pattern/safe-pattern.ts";
import { combinedRules } from "./combined-rules.ts";
import { everyKind, isJsonObject, isSameJson, kindOf, kinds, kindsOfType } from "./json-kinds.ts";
import { listRule } from "./list-rule.ts";
import { objectRule } from "./object-rule.ts";
import { dynamicRule, referenceRule, within } from "./reference-rules.ts";
import { numberAssertions, textAssertions } from "./scalar-rules.ts";
import type { SchemaDocument } from "./schema-document.ts";
import { schemaFault } from "./schema-fault.ts";
import { type Assertion, type Rule, type SchemaNode, type SchemaRun, Seen } from "./schema-node.ts";
import { type RestRule, restOfFields, restOfItems } from "./unevaluated-rules.ts";

/** Everything a schema says, sorted by the kind of value it speaks of. */
interface Parts {
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

/** Makes a node's closures. `inPlace` is told of each schema that judges the same value. */
export function compileNode(node: SchemaNode, document: SchemaDocument, inPlace: (inner: SchemaNode) => void): void {
  const { schema } = node;
  if (!isJsonObject(schema)) {
    if (schema === true) fillOpen(node);
    else fillClosed(node);
    return;
  }
  const parts = partsOf(node, schema, document, inPlace);
  if (isEmpty(parts)) return fillOpen(node);
  fillParts(node, parts);
  const home = document.homeOf(node);
  if (!document.isDynamic || home.root !== node) return;
  const { fits, explain } = node;
  node.fits = (value, run, seen) => within(home, run, () => fits(value, run, seen));
  node.explain = (value, pointer, run) => within(home, run, () => explain(value, pointer, run));
}

function fillOpen(node: SchemaNode): void {
  node.isOpen = true;
  node.fits = (value) => kindOf(value) !== 0;
  node.explain = (value, pointer, run) => {
    if (kindOf(value) === 0) explainKind("a JSON value", value, pointer, run);
  };
}

function fillClosed(node: SchemaNode): void {
  node.isClosed = true;
  node.fits = () => false;
  node.explain = (value, pointer, run) => run.report(pointer, "expected no value here", "nothing", value);
}

function partsOf(
  node: SchemaNode,
  schema: JsonSchema,
  document: SchemaDocument,
  inPlace: (inner: SchemaNode) => void,
): Parts {
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

function isEmpty(parts: Parts): boolean {
  const { mask, values, numbers, texts, list, object, combined, fieldsLeft, itemsLeft } = parts;
  const rules = [values, list, object, fieldsLeft, itemsLeft];
  return (
    mask === everyKind &&
    rules.every((rule) => rule === undefined) &&
    [numbers, texts, combined].every((one) => one.length === 0)
  );
}

function fillParts(node: SchemaNode, parts: Parts): void {
  const { mask, values, list, object, combined, fieldsLeft, itemsLeft } = parts;
  const scalarFits = scalarTest(parts);
  if (list === undefined && object === undefined && combined.length === 0 && !fieldsLeft && !itemsLeft) {
    node.fits = scalarFits;
  } else {
    const needsSeen = fieldsLeft !== undefined || itemsLeft !== undefined;
    const inside = (value: unknown, run: SchemaRun, seen: Seen | undefined): boolean => {
      const kind = kindOf(value);
      if ((kind & mask) === 0) return false;
      if (kind === kinds.object) {
        if (values !== undefined && !values.test(value)) return false;
        if (object !== undefined && !object.fits(value, run, seen)) return false;
      } else if (kind === kinds.array) {
        if (values !== undefined && !values.test(value)) return false;
        if (list !== undefined && !list.fits(value, run, seen)) return false;
      } else if (!scalarFits(value)) return false;
      for (let index = 0; index < combined.length; index++) {
        if (!combined[index]!.fits(value, run, seen)) return false;
      }
      return true;
    };
    const all = needsSeen ? withRest(inside, fieldsLeft, itemsLeft) : inside;
    node.fits = (value, run, seen) => {
      run.enter();
      const result = all(value, run, seen);
      run.depth--;
      return result;
    };
    node.explain = explainer(parts, inside);
    return;
  }
  node.explain = explainer(parts, undefined);
}

type Inside = (value: unknown, run: SchemaRun, seen: Seen | undefined) => boolean;

function withRest(inside: Inside, fieldsLeft: RestRule | undefined, itemsLeft: RestRule | undefined): Inside {
  return (value, run, seen) => {
    const own = new Seen();
    if (!inside(value, run, own)) return false;
    const rest = restFor(value, fieldsLeft, itemsLeft);
    if (rest !== undefined && !rest.fits(value as never, run, own)) return false;
    seen?.add(own);
    return true;
  };
}

function restFor(
  value: unknown,
  fieldsLeft: RestRule | undefined,
  itemsLeft: RestRule | undefined,
): RestRule | undefined {
  const kind = kindOf(value);
  return kind === kinds.object ? fieldsLeft : kind === kinds.array ? itemsLeft : undefined;
}

/** Types, `enum`, and all that judges text and numbers: what most schemas consist of. */
function scalarTest({ mask, values, numbers, texts }: Parts): (value: unknown) => boolean {
  const test = (value: unknown): boolean => {
    if ((kindOf(value) & mask) === 0) return false;
    if (values !== undefined && !values.test(value)) return false;
    if (typeof value === "string") {
      for (let index = 0; index < texts.length; index++) if (!texts[index]!.test(value)) return false;
    } else if (typeof value === "number") {
      for (let index = 0; index < numbers.length; index++) if (!numbers[index]!.test(value)) return false;
    }
    return true;
  };
  if (values !== undefined || numbers.length > 0) return test;
  if (mask === kinds.string && texts.length === 0) return (value) => typeof value === "string";
  if (mask === kinds.integer) return (value) => Number.isInteger(value);
  if (mask === (kinds.integer | kinds.fraction)) return (value) => Number.isFinite(value);
  if (mask === kinds.boolean) return (value) => typeof value === "boolean";
  return test;
}

function explainer(parts: Parts, inside: Inside | undefined): SchemaNode["explain"] {
  return (value, pointer, run) => {
    if (run.isFull) return;
    run.enter();
    explainParts(parts, inside, value, pointer, run);
    run.depth--;
  };
}

function explainParts(parts: Parts, inside: Inside | undefined, value: unknown, pointer: string, run: SchemaRun): void {
  const { values, fieldsLeft, itemsLeft } = parts;
  const kind = kindOf(value);
  if ((kind & parts.mask) === 0) return explainKind(parts.kindText, value, pointer, run);
  if (values !== undefined && !values.test(value)) return explainKind(values.expected, value, pointer, run);
  const before = run.issues?.length;
  if (typeof value === "string") explainScalar(parts.texts, value, pointer, run);
  else if (typeof value === "number") explainScalar(parts.numbers, value, pointer, run);
  else if (kind === kinds.array) parts.list?.explain(value, pointer, run);
  else if (kind === kinds.object) parts.object?.explain(value, pointer, run);
  for (const rule of parts.combined) rule.explain(value, pointer, run);
  const rest = restFor(value, fieldsLeft, itemsLeft);
  if (rest === undefined || inside === undefined || run.issues?.length !== before) return;
  const seen = new Seen();
  if (inside(value, run, seen)) rest.explain(value as never, pointer, run, seen);
}

function explainKind(expected: string, value: unknown, pointer: string, run: SchemaRun): void {
  run.report(pointer, `expected ${expected}, received ${describeValue(value)}`, expected, value);
}

function explainScalar<Value>(
  assertions: readonly Assertion<Value>[],
  value: Value,
  pointer: string,
  run: SchemaRun,
): void {
  for (const { test, expected, message } of assertions) {
    if (test(value)) continue;
    run.report(pointer, message?.(value) ?? `expected ${expected}, received ${describeValue(value)}`, expected, value);
  }
}
