/** Writes a JSON Schema as a grammar of llama.cpp, so that a local model can write nothing that has another shape. */

import type { Json, JsonSchema } from "../../core/json/json.ts";

/** Larger grammars slow every token down; such schemas are left to the prompt. */
const mostRules = 2_000;
/** Deeper schemas are left to the prompt too. */
const deepest = 64;
/** llama.cpp writes repetitions out, so that large bounds are left to whoever checks the answer. */
const mostRepeats = 500;

/** Keywords that may ask for properties which no other keyword names; what only forbids is left to whoever checks. */
const inexpressible = ["allOf", "if", "patternProperties", "dependentSchemas", "$dynamicRef"];

const base: Readonly<Record<string, string>> = {
  ws: '" "?',
  char: '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4})',
  string: '"\\"" char* "\\""',
  // Fifteen digits are what a JavaScript number holds exactly.
  integer: '"-"? ("0" | [1-9] [0-9]{0,14})',
  number: '"-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
  boolean: '"true" | "false"',
  null: '"null"',
  object: '"{" ws (string ":" ws value ("," ws string ":" ws value)*)? ws "}"',
  array: '"[" ws (value ("," ws value)*)? ws "]"',
  value: "string | number | boolean | null | object | array",
  date: '"\\"" day "\\""',
  "date-time": '"\\"" day "T" clock zone "\\""',
  time: '"\\"" clock zone "\\""',
  day: '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])',
  clock: '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,3})?',
  zone: '"Z" | [-+] [0-9]{2} ":" [0-9]{2}',
};

/** Thrown inside only: the schema says what no grammar can. */
class Inexpressible extends Error {}

/** Rules that belong together. Each `add` gives the name of a rule for one schema. */
export class JsonGrammar {
  readonly #rules = new Map<string, string>(Object.entries(base));

  /**
   * Adds a schema and gives its rule's name, or undefined when it cannot be expressed. Property order is the schema's;
   * optional properties may be missing; objects that name properties take no others unless a schema for them is given.
   * Bounds of numbers, `pattern`, `uniqueItems` and `not` are left to whoever checks the answer.
   */
  add(schema: JsonSchema): string | undefined {
    const writer = new SchemaWriter(schema, this.#rules);
    try {
      return writer.rule(schema);
    } catch (error) {
      if (!(error instanceof Inexpressible)) throw error;
      writer.undo();
      return undefined;
    }
  }

  /** Gives the whole grammar with `root` as what is to be written. */
  text(root: string): string {
    return [`root ::= ${root}`, ...[...this.#rules].map(([name, body]) => `${name} ::= ${body}`)].join("\n");
  }
}

/** Writes text as a literal of the grammar. */
export function literal(text: string): string {
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}

class SchemaWriter {
  readonly #root: JsonSchema;
  readonly #rules: Map<string, string>;
  readonly #added: string[] = [];
  readonly #references = new Map<string, string>();
  #depth = 0;

  constructor(root: JsonSchema, rules: Map<string, string>) {
    this.#root = root;
    this.#rules = rules;
  }

  undo(): void {
    for (const name of this.#added) this.#rules.delete(name);
  }

  rule(schema: JsonSchema): string {
    if (this.#depth === deepest) throw new Inexpressible();
    this.#depth += 1;
    const body = this.#body(schema);
    this.#depth -= 1;
    return /^[a-z][a-z0-9-]*$/.test(body) ? body : this.#named(this.#reserve(), body);
  }

  #reserve(): string {
    if (this.#rules.size >= mostRules) throw new Inexpressible();
    const name = `r${this.#rules.size}`;
    this.#added.push(name);
    return this.#named(name, "");
  }

  #named(name: string, body: string): string {
    this.#rules.set(name, body);
    return name;
  }

  #body(schema: JsonSchema): string {
    if (inexpressible.some((keyword) => Object.hasOwn(schema, keyword))) throw new Inexpressible();
    if (typeof schema.$ref === "string") return this.#reference(schema.$ref);
    if (schema.const !== undefined) return literal(JSON.stringify(schema.const));
    if (Array.isArray(schema.enum)) return oneOf(schema.enum.map((value) => literal(JSON.stringify(value))));
    const members = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(members)) return oneOf(members.map((member) => this.rule(asSchema(member))));
    if (Array.isArray(schema.type)) return oneOf(schema.type.map((type) => this.#ofType(schema, type)));
    return this.#ofType(schema, schema.type);
  }

  #ofType(schema: JsonSchema, type: Json | undefined): string {
    switch (type) {
      case "object":
        return this.#object(schema);
      case "array":
        return this.#array(schema);
      case "string":
        return stringOf(schema);
      case "integer":
      case "number":
      case "boolean":
      case "null":
        return type;
      case undefined:
        if (schema.properties !== undefined) return this.#object(schema);
        return schema.items === undefined && schema.prefixItems === undefined ? "value" : this.#array(schema);
      default:
        throw new Inexpressible();
    }
  }

  /** A reference's rule is named before it is written, so that it may refer to itself. */
  #reference(reference: string): string {
    const known = this.#references.get(reference);
    if (known !== undefined) return known;
    const name = this.#reserve();
    this.#references.set(reference, name);
    return this.#named(name, this.#body(this.#target(reference)));
  }

  #target(reference: string): JsonSchema {
    if (!/^#(?:\/|$)/.test(reference)) throw new Inexpressible();
    let place: Json | undefined = this.#root;
    for (const step of reference.split("/").slice(1)) {
      const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
      place = typeof place === "object" && place !== null && Object.hasOwn(place, key) ? read(place, key) : undefined;
    }
    return asSchema(place);
  }

  #object(schema: JsonSchema): string {
    const properties = Object.entries(asSchema(schema.properties ?? {}));
    const required = new Set(Array.isArray(schema.required) ? schema.required : []);
    const fields = properties.map(([name, value]) => ({
      text: `${literal(JSON.stringify(name))} ":" ws ${this.rule(asSchema(value))}`,
      optional: !required.has(name),
    }));
    const { additionalProperties } = schema;
    if (additionalProperties !== undefined && additionalProperties !== false) {
      const value = this.rule(asSchema(additionalProperties));
      const entry = `string ":" ws ${value}`;
      fields.push({ text: `${entry} ("," ws ${entry})*`, optional: true });
    } else if (properties.length === 0 && additionalProperties === undefined) return "object";
    return `"{" ws ${this.#fields(fields)} ws "}"`;
  }

  /** Commas stand between fields only, whichever of the optional ones come. */
  #fields(fields: readonly { readonly text: string; readonly optional: boolean }[]): string {
    let later = '""';
    let first = '""';
    for (const { text, optional } of [...fields].reverse()) {
      const tail = later === '""' ? "" : ` ${this.#named(this.#reserve(), later)}`;
      first = optional ? (first === '""' ? `(${text}${tail})?` : `(${text}${tail} | ${first})`) : `${text}${tail}`;
      later = optional ? `("," ws ${text})?${tail}` : `"," ws ${text}${tail}`;
    }
    return first;
  }

  #array(schema: JsonSchema): string {
    const fixed = Array.isArray(schema.prefixItems) ? schema.prefixItems.map((one) => this.rule(asSchema(one))) : [];
    const least = Math.max(0, bound(schema.minItems) ?? 0);
    const most = bound(schema.maxItems);
    if (fixed.length > 0) return `"[" ws ${fixed.join(' "," ws ')} ws "]"`;
    if (most === 0) return '"[]"';
    const item = this.rule(asSchema(schema.items ?? {}));
    const more = repeated(
      `("," ws ${item})`,
      Math.max(0, least - 1),
      most === undefined ? undefined : Math.max(least, most) - 1,
    );
    return `"[" ws ${least === 0 ? `(${item}${more})?` : `${item}${more}`} ws "]"`;
  }
}

function stringOf(schema: JsonSchema): string {
  const { format } = schema;
  if (format === "date" || format === "date-time" || format === "time") return format;
  const least = bound(schema.minLength) ?? 0;
  const most = bound(schema.maxLength);
  if (least === 0 && most === undefined) return "string";
  return `"\\""${repeated("char", least, most === undefined ? undefined : Math.max(least, most))} "\\""`;
}

function repeated(what: string, least: number, most: number | undefined): string {
  return most === 0 ? "" : ` ${what}{${least},${most ?? ""}}`;
}

/** A bound that is small enough to be written out. */
function bound(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= mostRepeats ? value : undefined;
}

function oneOf(choices: readonly string[]): string {
  if (choices.length === 0) throw new Inexpressible();
  return choices.length === 1 ? choices[0]! : choices.join(" | ");
}

function asSchema(value: Json | undefined): JsonSchema {
  if (value === true) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Inexpressible();
  return value as JsonSchema;
}

function read(place: Json, key: string): Json | undefined {
  return (place as Readonly<Record<string, Json>>)[key];
}
