/** Compiles a JSON Schema, draft 2020-12, into closures once, and checks values with them. No text is ever evaluated. */

import { isFlockError, type ValueIssue } from "../../../core/errors/errors.ts";
import type { Json, JsonSchema } from "../../../core/json/json.ts";
import { compileNode } from "./compile-node.ts";
import { plainSchema } from "./plain-schema.ts";
import { SchemaDocument } from "./schema-document.ts";
import { schemaFault } from "./schema-fault.ts";
import { type SchemaNode, SchemaRun, Unbounded } from "./schema-node.ts";

/** A schema ready to check values. */
export interface CompiledSchema {
  /** The frozen copy it was compiled from. */
  readonly schema: Json;
  /** The compiled schema of a place in it, for who bends values part by part. */
  readonly document: SchemaDocument;
  /** Tells whether a value fits, without saying why. */
  fits(value: unknown): boolean;
  /** Gives what is wrong with a value, at most 50 issues; none when it fits. Never throws. */
  issues(value: unknown): readonly ValueIssue[];
}

const compiled = new WeakMap<object, CompiledSchema>();

/**
 * Compiles a schema, once per object: a later change of that object changes nothing. `name` is what messages call it.
 *
 * @throws type_invalid, with a JSON pointer into the schema, for anything this draft does not say: see `jsonSchema`.
 */
export function compileJsonSchema(schema: JsonSchema | boolean, name = "schema"): CompiledSchema {
  if (typeof schema !== "object" || schema === null) return compile(schema, name);
  const known = compiled.get(schema) ?? compile(schema, name);
  compiled.set(schema, known);
  return known;
}

function compile(given: JsonSchema | boolean, name: string): CompiledSchema {
  try {
    return compileDocument(given, name);
  } catch (error) {
    if (isFlockError(error)) throw error;
    // Getters and proxies may throw what they like; a chain of references may be as long as the document.
    throw schemaFault(name, "", `it could not be read: ${reasonOf(error)}`);
  }
}

function compileDocument(given: JsonSchema | boolean, name: string): CompiledSchema {
  const schema = plainSchema(given, name);
  const document = new SchemaDocument(schema, name);
  const inPlace = new Map<SchemaNode, SchemaNode[]>();
  // References find further schemas on the way, which join the end of the table.
  for (const node of document.nodes.values()) {
    const inner: SchemaNode[] = [];
    compileNode(node, document, (one) => inner.push(one));
    if (inner.length > 0) inPlace.set(node, inner);
  }
  refuseEndless(inPlace, name);
  return new Compiled(schema, document);
}

/** A schema that leads back to itself for the same value would never come to an answer. */
function refuseEndless(inPlace: ReadonlyMap<SchemaNode, readonly SchemaNode[]>, name: string): void {
  const done = new Set<SchemaNode>();
  const open = new Set<SchemaNode>();
  const visit = (node: SchemaNode): void => {
    if (done.has(node)) return;
    if (open.has(node)) throw schemaFault(name, node.pointer, "it refers to itself without end, for the same value");
    open.add(node);
    for (const inner of inPlace.get(node) ?? []) visit(inner);
    open.delete(node);
    done.add(node);
  };
  for (const node of inPlace.keys()) visit(node);
}

class Compiled implements CompiledSchema {
  readonly schema: Json;
  readonly document: SchemaDocument;
  readonly #root: SchemaNode;
  /** Used again by every check, so that a check that fits makes nothing; taken while one is going on. */
  #spare: SchemaRun | undefined;

  constructor(schema: Json, document: SchemaDocument) {
    this.schema = schema;
    this.document = document;
    this.#root = document.at("");
  }

  fits(value: unknown): boolean {
    const run = this.#take(value);
    try {
      return this.#root.fits(value, run, undefined);
    } catch {
      return false;
    } finally {
      this.#spare = run.begin(undefined);
    }
  }

  issues(value: unknown): readonly ValueIssue[] {
    const run = this.#take(value);
    try {
      if (this.#root.fits(value, run, undefined)) return nothingWrong;
      this.#root.explain(value, "", run.begin(value));
      return run.issues ?? [{ pointer: "", message: "does not fit the schema" }];
    } catch (error) {
      return run.issues ?? [{ pointer: "", message: `the value could not be checked: ${reasonOf(error)}` }];
    } finally {
      this.#spare = run.begin(undefined);
    }
  }

  #take(value: unknown): SchemaRun {
    const run = this.#spare ?? new SchemaRun(this.document.nodes.size);
    this.#spare = undefined;
    return run.begin(value);
  }
}

const nothingWrong: readonly ValueIssue[] = Object.freeze([]);

function reasonOf(error: unknown): string {
  if (error instanceof Unbounded) return error.reason;
  if (error instanceof RangeError) return "it is nested too deeply";
  return error instanceof Error ? error.message : "reading it threw something that is no error";
}
