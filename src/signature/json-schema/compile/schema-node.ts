/** What a compiled schema is made of: nodes with a fast yes or no, and a slower telling of what is wrong. */

import type { ValueIssue } from "../../../core/errors/errors.ts";
import { describeValue } from "../../../core/errors/options.ts";
import type { Json } from "../../../core/json/json.ts";
import type { SafePattern } from "../pattern/safe-pattern.ts";

const mostIssues = 50;
const deepestCheck = 1_024;
const freeSteps = 1_000_000;

/** Thrown through the closures when a check would not end in reasonable time or space; caught where a run starts. */
export class Unbounded {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Which schemas with an id the check came through, innermost first; `$dynamicRef` looks for the outermost. */
export interface DynamicScope {
  readonly anchors: ReadonlyMap<string, SchemaNode>;
  readonly above: DynamicScope | undefined;
}

/** One check of one value: what is wrong so far, and how much of the bounds is used. */
export class SchemaRun {
  issues: ValueIssue[] | undefined = undefined;
  scope: DynamicScope | undefined = undefined;
  depth = 0;
  steps = 0;
  #allowed = freeSteps;
  #value: unknown = undefined;
  readonly #schemaSize: number;

  constructor(schemaSize: number) {
    this.#schemaSize = schemaSize;
  }

  /** Begins the check of a value; `undefined` lets go of the last one. */
  begin(value: unknown): this {
    this.#value = value;
    this.issues = undefined;
    this.scope = undefined;
    this.depth = 0;
    this.steps = 0;
    this.#allowed = freeSteps;
    return this;
  }

  /** Enough is known to be wrong; loops stop here. */
  get isFull(): boolean {
    return this.issues !== undefined && this.issues.length >= mostIssues;
  }

  /** Counts the way into a schema; `leave` is the way out. */
  enter(): void {
    if (++this.depth > deepestCheck) {
      throw new Unbounded(`the value is nested too deeply for the schema, or the schema refers to itself without end`);
    }
    if (++this.steps > this.#allowed) this.#allowMore();
  }

  /** Reports one thing that is wrong. */
  report(pointer: string, message: string, expected: string, value: unknown): void {
    if (this.isFull) return;
    const received = value === undefined ? "nothing" : describeValue(value);
    this.issues ??= [];
    this.issues.push({ pointer, message, expected, received });
  }

  /** Starts a try whose issues are its own; what it costs is counted on. */
  fork(): SchemaRun {
    const tried = new SchemaRun(this.#schemaSize).begin(this.#value);
    tried.scope = this.scope;
    tried.depth = this.depth;
    tried.steps = this.steps;
    tried.#allowed = this.#allowed;
    return tried;
  }

  /** Takes over issues of a try. */
  take(issues: readonly ValueIssue[]): void {
    this.issues ??= [];
    for (const issue of issues) if (!this.isFull) this.issues.push(issue);
  }

  /** Every part of the value may meet every part of the schema a few times; forms inside forms can ask for far more. */
  #allowMore(): void {
    const most = 2 * sizeOf(this.#value) * this.#schemaSize;
    if (this.steps > most) throw new Unbounded("the schema has too many ways to read the value");
    this.#allowed = most;
  }
}

function sizeOf(value: unknown): number {
  let size = 0;
  const open: unknown[] = [value];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    size++;
    if (typeof part === "object" && part !== null) for (const inner of Object.values(part)) open.push(inner);
  }
  return size;
}

/** Which parts of one object or list the schemas so far have looked at, for `unevaluatedProperties` and `unevaluatedItems`. */
export class Seen {
  names: Set<string> | undefined = undefined;
  places: Set<number> | undefined = undefined;
  allNames = false;
  /** All items before this one. */
  itemsBefore = 0;

  addName(name: string): void {
    this.names ??= new Set();
    this.names.add(name);
  }

  addPlace(place: number): void {
    this.places ??= new Set();
    this.places.add(place);
  }

  /** Takes over what a schema that fits has looked at. */
  add(other: Seen): void {
    if (other.allNames) this.allNames = true;
    if (other.names !== undefined) for (const name of other.names) this.addName(name);
    if (other.places !== undefined) for (const place of other.places) this.addPlace(place);
    this.itemsBefore = Math.max(this.itemsBefore, other.itemsBefore);
  }
}

/** Tells whether a value fits. With `seen`, also notes what was looked at; what is noted by a no means nothing. */
export type Fits = (value: unknown, run: SchemaRun, seen: Seen | undefined) => boolean;

/** Reports what is wrong with a value; nothing when it fits. */
export type Explain = (value: unknown, pointer: string, run: SchemaRun) => void;

/** A keyword, or several that belong together. */
export interface Rule {
  readonly fits: Fits;
  readonly explain: Explain;
}

/** A rule about a value alone, without schemas inside. */
export interface Assertion<Value> {
  readonly test: (value: Value) => boolean;
  readonly expected: string;
  /** @default "expected …, received …" */
  readonly message?: (value: Value) => string;
}

/** A schema of the document. Its closures are filled in once all it refers to is known. */
export class SchemaNode implements Rule {
  readonly pointer: string;
  readonly schema: Json;
  fits: Fits = unfilled;
  explain: Explain = unfilled;
  /** What its `$ref`, or else its `$dynamicRef`, leads to, before any dynamic scope. */
  reference: SchemaNode | undefined = undefined;
  /** Its `patternProperties`. */
  patterns: readonly { readonly pattern: SafePattern; readonly node: SchemaNode }[] = [];
  /** True when it fits every JSON value, so that nobody needs to ask. */
  isOpen = false;
  /** True when it fits none. */
  isClosed = false;

  constructor(pointer: string, schema: Json) {
    this.pointer = pointer;
    this.schema = schema;
  }
}

function unfilled(): never {
  throw new Unbounded("a schema was used before it was compiled");
}
