/** Fills in one schema's closures from its keywords. */

import { describeValue } from "../../../core/errors/options.ts";
import { isJsonObject, kindOf, kinds } from "./json-kinds.ts";
import { within } from "./reference-rules.ts";
import type { SchemaDocument } from "./schema-document.ts";
import { type Assertion, type SchemaNode, type SchemaRun, Seen } from "./schema-node.ts";
import { isEmpty, partsOf, type SchemaParts } from "./schema-parts.ts";
import type { RestRule } from "./unevaluated-rules.ts";

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

function fillParts(node: SchemaNode, parts: SchemaParts): void {
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
function scalarTest({ mask, values, numbers, texts }: SchemaParts): (value: unknown) => boolean {
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

function explainer(parts: SchemaParts, inside: Inside | undefined): SchemaNode["explain"] {
  return (value, pointer, run) => {
    if (run.isFull) return;
    run.enter();
    explainParts(parts, inside, value, pointer, run);
    run.depth--;
  };
}

function explainParts(
  parts: SchemaParts,
  inside: Inside | undefined,
  value: unknown,
  pointer: string,
  run: SchemaRun,
): void {
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
