/** The keywords that judge objects, in one rule. */

import { nearestName } from "../../../core/errors/nearest-name.ts";
import { escapePointer } from "../../../core/json/canonical-key.ts";
import type { JsonSchema } from "../../../core/json/json.ts";
import type { SafePattern } from "../pattern/safe-pattern.ts";
import { boundOf, explainCount } from "./list-rule.ts";
import type { Rule, SchemaNode, SchemaRun, Seen } from "./schema-node.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Slot {
  readonly name: string;
  readonly node: SchemaNode | undefined;
  readonly isRequired: boolean;
  /** Every object has something of this name from its prototype. */
  readonly isInherited: boolean;
}

interface ObjectParts {
  readonly slots: readonly Slot[];
  readonly declared: ReadonlyMap<string, SchemaNode>;
  readonly patterns: readonly { readonly pattern: SafePattern; readonly node: SchemaNode }[];
  readonly rest: SchemaNode | undefined;
  readonly names: SchemaNode | undefined;
  readonly needs: readonly (readonly [name: string, others: readonly string[]])[];
  readonly leastNames: number;
  readonly mostNames: number;
  /** Whether names must be gone through one by one. */
  readonly looksAtAll: boolean;
}

const words = [
  "properties",
  "patternProperties",
  "additionalProperties",
  "propertyNames",
  "required",
  "dependentRequired",
  "minProperties",
  "maxProperties",
];

/** Makes the rule of a schema's object keywords; undefined when it has none. `restWord` may speak for `additionalProperties`. */
export function objectRule(
  schema: JsonSchema,
  at: (...steps: readonly string[]) => SchemaNode,
  patterns: ObjectParts["patterns"],
  restWord: "unevaluatedProperties" | undefined,
): Rule | undefined {
  const isLeft = restWord !== undefined && schema[restWord] !== undefined;
  if (!isLeft && !words.some((word) => Object.hasOwn(schema, word))) return undefined;
  const declared = new Map(namesIn(schema.properties).map((name) => [name, at("properties", name)]));
  const required = new Set(Array.isArray(schema.required) ? (schema.required as readonly string[]) : []);
  const slots = [...new Set([...declared.keys(), ...required])].map(
    (name): Slot => ({
      name,
      node: declared.get(name),
      isRequired: required.has(name),
      isInherited: name in Object.prototype,
    }),
  );
  const word = schema.additionalProperties !== undefined ? "additionalProperties" : isLeft ? restWord : undefined;
  const rest = word === undefined ? undefined : at(word);
  const names = schema.propertyNames === undefined ? undefined : at("propertyNames");
  const leastNames = boundOf(schema.minProperties, 0);
  const mostNames = boundOf(schema.maxProperties, Number.POSITIVE_INFINITY);
  const looksAtAll =
    patterns.length > 0 ||
    names !== undefined ||
    (rest !== undefined && !rest.isOpen) ||
    leastNames > 0 ||
    mostNames < Number.POSITIVE_INFINITY;
  const needs = Object.entries((schema.dependentRequired ?? {}) as Readonly<Record<string, readonly string[]>>);
  const parts = { slots, declared, patterns, rest, names, needs, leastNames, mostNames, looksAtAll };
  return {
    fits: (value, run, seen) => objectFits(parts, value as Fields, run, seen),
    explain: (value, pointer, run) => explainObject(parts, value as Fields, pointer, run),
  };
}

function namesIn(table: unknown): readonly string[] {
  return typeof table === "object" && table !== null ? Object.keys(table) : [];
}

/** Gives a field of the object's own; one that holds undefined is absent, as in JSON. */
function fieldOf(slot: Slot, object: Fields): unknown {
  return slot.isInherited && !Object.hasOwn(object, slot.name) ? undefined : object[slot.name];
}

function objectFits(parts: ObjectParts, object: Fields, run: SchemaRun, seen: Seen | undefined): boolean {
  const { slots, needs } = parts;
  let known = 0;
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index]!;
    const item = fieldOf(slot, object);
    if (item === undefined) {
      if (slot.isRequired) return false;
    } else if (slot.node !== undefined) {
      if (!slot.node.fits(item, run, undefined)) return false;
      known++;
      seen?.addName(slot.name);
    }
  }
  for (const [name, others] of needs) {
    if (has(object, name) && !others.every((other) => has(object, other))) return false;
  }
  if (!parts.looksAtAll) {
    if (parts.rest !== undefined && seen !== undefined) seen.allNames = true;
    return true;
  }
  if (parts.rest?.isClosed === true && parts.patterns.length === 0 && parts.names === undefined) {
    if (seen !== undefined) seen.allNames = true;
    // As many as there are known ones: no other is among them.
    return known >= parts.leastNames && known <= parts.mostNames && countOf(object, known) === known;
  }
  return namesFit(parts, object, run, seen);
}

function namesFit(parts: ObjectParts, object: Fields, run: SchemaRun, seen: Seen | undefined): boolean {
  let count = 0;
  for (const name in object) {
    if (!has(object, name)) continue;
    count++;
    run.steps++;
    if (parts.names !== undefined && !parts.names.fits(name, run, undefined)) return false;
    let isRest = !parts.declared.has(name);
    for (const { pattern, node } of parts.patterns) {
      if (!pattern.test(name)) continue;
      isRest = false;
      seen?.addName(name);
      if (!node.fits(object[name], run, undefined)) return false;
    }
    if (isRest && parts.rest !== undefined && !parts.rest.fits(object[name], run, undefined)) return false;
  }
  if (parts.rest !== undefined && seen !== undefined) seen.allNames = true;
  return count >= parts.leastNames && count <= parts.mostNames;
}

/** Counts the fields of an object; what it inherits, or holds as undefined, is only told apart when the count is not as expected. */
function countOf(object: Fields, expected: number): number {
  let count = 0;
  for (const _name in object) count++;
  if (count === expected) return count;
  count = 0;
  for (const name in object) if (has(object, name)) count++;
  return count;
}

/** Tells whether an object has a field of its own. */
export function has(object: Fields, name: string): boolean {
  return Object.hasOwn(object, name) && object[name] !== undefined;
}

function explainObject(parts: ObjectParts, object: Fields, pointer: string, run: SchemaRun): void {
  const names = Object.keys(object).filter((name) => object[name] !== undefined);
  explainCount(names.length, parts.leastNames, parts.mostNames, "fields", pointer, object, run);
  const missing = (name: string, why: string) => {
    if (!has(object, name)) run.report(`${pointer}/${escapePointer(name)}`, `is missing${why}`, "a value", undefined);
  };
  for (const slot of parts.slots) if (slot.isRequired) missing(slot.name, "");
  for (const [name, others] of parts.needs) {
    if (has(object, name)) for (const other of others) missing(other, `, since ${name.slice(0, 80)} is given`);
  }
  for (const name of names) {
    if (run.isFull) return;
    explainField(parts, object, name, `${pointer}/${escapePointer(name)}`, run);
  }
}

function explainField(parts: ObjectParts, object: Fields, name: string, place: string, run: SchemaRun): void {
  const value = object[name];
  if (parts.names !== undefined && !parts.names.fits(name, run, undefined)) {
    run.report(place, "has a name the schema does not allow", "another name", value);
  }
  const found = parts.patterns.filter(({ pattern }) => pattern.test(name)).map(({ node }) => node);
  const declared = parts.declared.get(name);
  if (declared !== undefined) found.push(declared);
  for (const node of found) node.explain(value, place, run);
  if (found.length > 0) return;
  if (parts.rest?.isClosed === true) explainUnknown(name, parts.declared.keys(), place, value, run);
  else parts.rest?.explain(value, place, run);
}

/** Reports a field that may not be there, with the one that was probably meant. */
export function explainUnknown(
  name: string,
  known: Iterable<string>,
  place: string,
  value: unknown,
  run: SchemaRun,
): void {
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
  run.report(place, `expected no field '${name.slice(0, 80)}'${hint}`, "no such field", value);
}
