/** The keywords that judge lists, in one rule. */

import type { JsonSchema } from "../../../core/json/json.ts";
import { areDifferent } from "./json-kinds.ts";
import type { Rule, SchemaNode, SchemaRun, Seen } from "./schema-node.ts";

interface ListParts {
  readonly prefix: readonly SchemaNode[];
  readonly rest: SchemaNode | undefined;
  readonly contains: SchemaNode | undefined;
  readonly leastItems: number;
  readonly mostItems: number;
  readonly leastFound: number;
  readonly mostFound: number;
  readonly isUnique: boolean;
}

const words = ["prefixItems", "items", "contains", "minItems", "maxItems", "uniqueItems"];

/** Makes the rule of a schema's list keywords; undefined when it has none. `restWord` may speak for `items`. */
export function listRule(
  schema: JsonSchema,
  at: (...steps: readonly string[]) => SchemaNode,
  restWord: "unevaluatedItems" | undefined,
): Rule | undefined {
  const isLeft = restWord !== undefined && schema[restWord] !== undefined;
  if (!isLeft && !words.some((word) => Object.hasOwn(schema, word))) return undefined;
  const { prefixItems } = schema;
  const parts: ListParts = {
    prefix: Array.isArray(prefixItems) ? prefixItems.map((_, index) => at("prefixItems", String(index))) : [],
    rest: schema.items !== undefined ? at("items") : isLeft ? at(restWord) : undefined,
    contains: schema.contains === undefined ? undefined : at("contains"),
    leastItems: boundOf(schema.minItems, 0),
    mostItems: boundOf(schema.maxItems, Number.POSITIVE_INFINITY),
    leastFound: boundOf(schema.minContains, 1),
    mostFound: boundOf(schema.maxContains, Number.POSITIVE_INFINITY),
    isUnique: schema.uniqueItems === true,
  };
  return {
    fits: (value, run, seen) => listFits(parts, value as readonly unknown[], run, seen),
    explain: (value, pointer, run) => explainList(parts, value as readonly unknown[], pointer, run),
  };
}

/** Gives the number at a keyword, or what stands in for it. */
export function boundOf(bound: unknown, otherwise: number): number {
  return typeof bound === "number" ? bound : otherwise;
}

function listFits(parts: ListParts, list: readonly unknown[], run: SchemaRun, seen: Seen | undefined): boolean {
  const { prefix, rest } = parts;
  if (list.length < parts.leastItems || list.length > parts.mostItems) return false;
  const first = Math.min(prefix.length, list.length);
  for (let index = 0; index < first; index++) {
    if (!prefix[index]!.fits(list[index], run, undefined)) return false;
  }
  if (rest !== undefined && !rest.isOpen) {
    run.steps += list.length;
    for (let index = first; index < list.length; index++) {
      if (!rest.fits(list[index], run, undefined)) return false;
    }
  }
  if (seen !== undefined) seen.itemsBefore = Math.max(seen.itemsBefore, rest === undefined ? first : list.length);
  if (parts.contains !== undefined) {
    const found = countFitting(parts.contains, list, run, seen);
    if (found < parts.leastFound || found > parts.mostFound) return false;
  }
  return !parts.isUnique || areDifferent(list);
}

function countFitting(contains: SchemaNode, list: readonly unknown[], run: SchemaRun, seen?: Seen): number {
  let found = 0;
  for (let index = 0; index < list.length; index++) {
    if (!contains.fits(list[index], run, undefined)) continue;
    found++;
    seen?.addPlace(index);
  }
  return found;
}

function explainList(parts: ListParts, list: readonly unknown[], pointer: string, run: SchemaRun): void {
  const { prefix, rest } = parts;
  explainCount(list.length, parts.leastItems, parts.mostItems, "items", pointer, list, run);
  for (let index = 0; index < list.length && !run.isFull; index++) {
    const node = index < prefix.length ? prefix[index] : rest;
    node?.explain(list[index], `${pointer}/${index}`, run);
  }
  if (parts.contains !== undefined) {
    const found = countFitting(parts.contains, list, run);
    explainCount(found, parts.leastFound, parts.mostFound, "items of the wanted kind", pointer, list, run);
  }
  if (parts.isUnique && !areDifferent(list)) {
    run.report(pointer, "expected a list without repeats", "unique items", list);
  }
}

/** Reports a count that is out of its bounds. */
export function explainCount(
  count: number,
  least: number,
  most: number,
  what: string,
  pointer: string,
  value: unknown,
  run: SchemaRun,
): void {
  if (count < least) {
    run.report(pointer, `expected at least ${least} ${what}, received ${count}`, `at least ${least} ${what}`, value);
  }
  if (count > most) {
    run.report(pointer, `expected at most ${most} ${what}, received ${count}`, `at most ${most} ${what}`, value);
  }
}
