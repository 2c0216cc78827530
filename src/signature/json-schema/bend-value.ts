/** Bends a value that misses a JSON Schema towards it, part by part, and leaves alone every part that fits. */

import type { Json, JsonSchema } from "../../core/json/json.ts";
import { isDate, isDateTime, toDate, toDateTime } from "../check/calendar.ts";
import { fromJsonText, isNullText, toBoolean, toInteger, toLiteral, toNumber, toText } from "../check/coerce-scalar.ts";
import type { LiteralValue } from "../field.ts";
import type { CompiledSchema } from "./compile/compile-json-schema.ts";
import { isJsonObject, kindOf, kinds, kindsOfType } from "./compile/json-kinds.ts";
import { type SchemaNode, SchemaRun } from "./compile/schema-node.ts";

const deepest = 256;

/**
 * Gives the nearest value that a near miss can mean; the very value when nothing was to bend. Whether the result fits is for
 * the caller to check. Never throws.
 */
export function bendValue(compiled: CompiledSchema, value: unknown): unknown {
  try {
    return new Bending(compiled, value).bend(compiled.document.at(""), value, true, 0);
  } catch {
    return value;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** One bending: each part of the value is bent once for each schema that judges it. */
class Bending {
  readonly #compiled: CompiledSchema;
  /** Shared by all that is checked on the way, so that the bounds hold for the whole. */
  readonly #run: SchemaRun;
  readonly #known = new Map<SchemaNode, Map<unknown, unknown>>();

  constructor(compiled: CompiledSchema, value: unknown) {
    this.#compiled = compiled;
    this.#run = new SchemaRun(compiled.document.nodes.size).begin(value);
  }

  /** Bends a value to a schema. `wrap` lets a list be made of a lone value. */
  bend(node: SchemaNode, value: unknown, wrap: boolean, depth: number): unknown {
    const { schema } = node;
    if (!isJsonObject(schema) || depth > deepest) return value;
    if (typeof value !== "object" || value === null || !wrap) return this.#bendFresh(node, schema, value, wrap, depth);
    const known = this.#known.get(node) ?? new Map<unknown, unknown>();
    this.#known.set(node, known);
    if (!known.has(value)) known.set(value, this.#bendFresh(node, schema, value, wrap, depth));
    return known.get(value);
  }

  #bendFresh(node: SchemaNode, schema: JsonSchema, given: unknown, wrap: boolean, depth: number): unknown {
    this.#run.steps++;
    let value = bendLone(schema, given, wrap);
    if (node.reference !== undefined) value = this.bend(node.reference, value, wrap, depth + 1);
    for (const member of this.#members(node, schema, "allOf")) value = this.bend(member, value, wrap, depth + 1);
    const kind = kindOf(value);
    if (kind === kinds.object) value = this.#bendFields(node, schema, value as Fields, depth);
    else if (kind === kinds.array) value = this.#bendItems(node, schema, value as readonly unknown[], depth);
    for (const word of ["anyOf", "oneOf"]) {
      value = this.#choose(this.#members(node, schema, word), value, wrap, depth);
    }
    if (schema.if === undefined) return value;
    const branch = this.#fits(this.#at(node, "if"), value) ? "then" : "else";
    return schema[branch] === undefined ? value : this.bend(this.#at(node, branch), value, wrap, depth + 1);
  }

  /** Takes a form that fits as it is, else the first that fits once bent; a list of one is the last resort. */
  #choose(members: readonly SchemaNode[], value: unknown, wrap: boolean, depth: number): unknown {
    if (members.length === 0 || members.some((member) => this.#fits(member, value))) return value;
    for (const mayWrap of wrap ? [false, true] : [false]) {
      for (const member of members) {
        const bent = this.bend(member, value, mayWrap, depth + 1);
        if (this.#fits(member, bent)) return bent;
      }
    }
    return value;
  }

  #bendFields(node: SchemaNode, schema: JsonSchema, object: Fields, depth: number): unknown {
    const { properties } = schema;
    const declared = isJsonObject(properties) ? properties : {};
    const required = new Set(Array.isArray(schema.required) ? (schema.required as readonly string[]) : []);
    const entries: [string, unknown][] = [];
    let changed = false;
    for (const [name, given] of Object.entries(object)) {
      const schemas = this.#schemasOf(node, schema, declared, name);
      if (schemas === undefined || (!required.has(name) && this.#standsForNothing(schemas, given))) {
        changed = true;
        continue;
      }
      let value = given;
      for (const one of schemas) value = this.bend(one, value, true, depth + 1);
      if (!Object.is(value, given)) changed = true;
      entries.push([name, value]);
    }
    for (const name of required) {
      if (Object.hasOwn(object, name) || !Object.hasOwn(declared, name)) continue;
      const absent = this.#at(node, "properties", name);
      if (absent.isOpen || !this.#fits(absent, null)) continue;
      entries.push([name, null]);
      changed = true;
    }
    return changed ? Object.fromEntries(entries) : object;
  }

  /** Gives the schemas of a field; undefined when there may be no such field. */
  #schemasOf(node: SchemaNode, schema: JsonSchema, declared: JsonSchema, name: string): SchemaNode[] | undefined {
    const found = Object.hasOwn(declared, name) ? [this.#at(node, "properties", name)] : [];
    for (const { pattern, node: inner } of node.patterns) if (pattern.test(name)) found.push(inner);
    if (found.length > 0 || schema.additionalProperties === undefined) return found;
    return schema.additionalProperties === false ? undefined : [this.#at(node, "additionalProperties")];
  }

  /** Null and its spellings mean an absent field where they fit nothing else. */
  #standsForNothing(schemas: readonly SchemaNode[], given: unknown): boolean {
    if (given !== null && !isNullText(given)) return false;
    return schemas.some((one) => !this.#fits(one, given) && !this.#fits(one, null));
  }

  #bendItems(node: SchemaNode, schema: JsonSchema, list: readonly unknown[], depth: number): unknown {
    const first = Array.isArray(schema.prefixItems) ? schema.prefixItems.length : 0;
    const rest = schema.items === undefined ? undefined : this.#at(node, "items");
    const bent = list.map((item, index) => {
      const inner = index < first ? this.#at(node, "prefixItems", String(index)) : rest;
      return inner === undefined ? item : this.bend(inner, item, true, depth + 1);
    });
    return bent.every((item, index) => Object.is(item, list[index])) ? list : bent;
  }

  #fits(node: SchemaNode, value: unknown): boolean {
    return node.fits(value, this.#run, undefined);
  }

  #at(node: SchemaNode, ...steps: readonly string[]): SchemaNode {
    return this.#compiled.document.inside(node, steps);
  }

  #members(node: SchemaNode, schema: JsonSchema, word: string): readonly SchemaNode[] {
    const list = schema[word];
    return Array.isArray(list) ? list.map((_, index) => this.#at(node, word, String(index))) : [];
  }
}

/** Bends a value by what its schema says of it alone: its type, its literals, its format. */
function bendLone(schema: JsonSchema, value: unknown, wrap: boolean): unknown {
  const literals = Array.isArray(schema.enum) ? schema.enum : schema.const === undefined ? undefined : [schema.const];
  if (literals?.every((literal: Json) => typeof literal !== "object" || literal === null)) {
    const known = literals as readonly LiteralValue[];
    const isLone = typeof value !== "object" || value === null;
    if (isLone) return known.includes(value as LiteralValue) ? value : (toLiteral(value, known) ?? value);
  }
  const { type } = schema;
  const types = (Array.isArray(type) ? type : type === undefined ? [] : [type]) as readonly string[];
  if (types.length === 0) return value;
  const mask = types.reduce((bits, name) => bits | kindsOfType[name]!, 0);
  if ((kindOf(value) & mask) !== 0) return bendFormat(schema.format, value);
  if (types.includes("null") && isNullText(value)) return null;
  for (const mayWrap of wrap ? [false, true] : [false]) {
    for (const name of types) {
      const bent = toKind(name, value, mayWrap);
      if (bent !== undefined) return bent;
    }
  }
  return value;
}

function toKind(name: string, value: unknown, wrap: boolean): unknown {
  switch (name) {
    case "integer":
      return toInteger(value);
    case "number":
      return toNumber(value);
    case "boolean":
      return toBoolean(value);
    case "string":
      return toText(value);
    case "object":
      return fromJsonText(value, "{");
    case "array":
      return fromJsonText(value, "[") ?? (wrap && value !== null && value !== undefined ? [value] : undefined);
    default:
      return undefined;
  }
}

function bendFormat(format: Json | undefined, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (format === "date") return isDate(value) ? value : (toDate(value) ?? value);
  if (format === "date-time") return isDateTime(value) ? value : (toDateTime(value) ?? value);
  return value;
}
