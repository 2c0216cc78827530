/** Reads a schema document once: holds every keyword to its rules, and knows each schema by its place, id and anchor. */

import { nearestName } from "../../../core/errors/nearest-name.ts";
import { describeValue } from "../../../core/errors/options.ts";
import { escapePointer } from "../../../core/json/canonical-key.ts";
import type { Json, JsonSchema } from "../../../core/json/json.ts";
import { isJsonObject } from "./json-kinds.ts";
import { schemaFault } from "./schema-fault.ts";
import { keywords, otherWords } from "./schema-keywords.ts";
import { SchemaNode } from "./schema-node.ts";

/** A schema with an id of its own, the document itself first: what references inside it are relative to. */
export interface Resource {
  readonly id: string;
  readonly root: SchemaNode;
  readonly anchors: Map<string, SchemaNode>;
  readonly dynamicAnchors: Map<string, SchemaNode>;
}

// Never fetched; only what is in the document is found.
const homeless = "https://schema.invalid/";

/** The schemas of one document. */
export class SchemaDocument {
  readonly name: string;
  readonly nodes = new Map<string, SchemaNode>();
  readonly #resources = new Map<string, Resource>();
  readonly #home = new Map<SchemaNode, Resource>();
  readonly #root: Json;
  /** True when some `$dynamicRef` is in it, so that the way through the document matters. */
  isDynamic = false;

  constructor(root: Json, name: string) {
    this.#root = root;
    this.name = name;
    this.read(root, "", undefined);
  }

  /** Gives the schema at a place of the document, which is known. */
  at(pointer: string): SchemaNode {
    return this.nodes.get(pointer)!;
  }

  /** Gives the schema some steps inside another, which is known. */
  inside(node: SchemaNode, steps: readonly string[]): SchemaNode {
    return this.at([node.pointer, ...steps.map(escapePointer)].join("/"));
  }

  /** Gives the resource a schema belongs to. */
  homeOf(node: SchemaNode): Resource {
    return this.#home.get(node)!;
  }

  /** Reads the schema at a place, and all inside it. */
  read(schema: Json, pointer: string, around: Resource | undefined): SchemaNode {
    const known = this.nodes.get(pointer);
    if (known !== undefined) return known;
    const wrong = keywords.get("not")!.check(schema);
    if (wrong !== undefined)
      throw schemaFault(this.name, pointer, `expected ${wrong}, received ${describeValue(schema)}`);
    const node = new SchemaNode(pointer, schema);
    this.nodes.set(pointer, node);
    const home = this.#register(node, around);
    if (isJsonObject(schema)) {
      for (const [word, value] of Object.entries(schema)) this.#readKeyword(word, value, node, home);
    }
    return node;
  }

  /** Finds what a reference in a schema leads to. */
  resolve(reference: string, from: SchemaNode, keyword: string): SchemaNode {
    const place = `${from.pointer}/${keyword}`;
    const home = this.homeOf(from);
    const target = this.#absolute(reference, home.id, place);
    const [base = "", fragment = ""] = target.split("#", 2);
    const resource = this.#resources.get(base);
    if (resource === undefined) {
      const reason = `"${reference.slice(0, 120)}" leads out of the document; put that schema under $defs and refer to it there`;
      throw schemaFault(this.name, place, reason);
    }
    const node = this.#find(decode(fragment), resource);
    if (node !== undefined) return node;
    throw schemaFault(this.name, place, `"${reference.slice(0, 120)}" leads nowhere in the document`);
  }

  #find(fragment: string, resource: Resource): SchemaNode | undefined {
    if (fragment === "") return resource.root;
    if (!fragment.startsWith("/")) return resource.anchors.get(fragment) ?? resource.dynamicAnchors.get(fragment);
    return this.#follow(fragment, resource);
  }

  /** Follows a JSON pointer, also through places that are no keyword, which older drafts keep definitions in. */
  #follow(fragment: string, resource: Resource): SchemaNode | undefined {
    let place: Json | undefined = resource.root.schema;
    let { pointer } = resource.root;
    let home = resource;
    for (const step of fragment.slice(1).split("/")) {
      const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
      if (typeof place !== "object" || place === null || !Object.hasOwn(place, key)) return undefined;
      place = (place as Readonly<Record<string, Json>>)[key];
      pointer += `/${escapePointer(key)}`;
      const passed = this.nodes.get(pointer);
      if (passed !== undefined) home = this.homeOf(passed);
    }
    return place === undefined ? undefined : this.read(place, pointer, home);
  }

  #register(node: SchemaNode, around: Resource | undefined): Resource {
    const schema = isJsonObject(node.schema) ? node.schema : {};
    const given = typeof schema.$id === "string" ? schema.$id : undefined;
    let home = around;
    if (home === undefined || given !== undefined) {
      const id = this.#absolute(given ?? "", around?.id ?? homeless, `${node.pointer}/$id`).replace(/#.*$/s, "");
      if (this.#resources.has(id)) throw schemaFault(this.name, `${node.pointer}/$id`, "two schemas have this id");
      home = { id, root: node, anchors: new Map(), dynamicAnchors: new Map() };
      this.#resources.set(id, home);
    }
    this.#home.set(node, home);
    for (const word of ["$anchor", "$dynamicAnchor"] as const) {
      const anchor = schema[word];
      if (typeof anchor !== "string") continue;
      const known = home.anchors.get(anchor) ?? home.dynamicAnchors.get(anchor) ?? node;
      if (known !== node) {
        throw schemaFault(this.name, `${node.pointer}/${word}`, `two schemas have the anchor "${anchor}"`);
      }
      (word === "$anchor" ? home.anchors : home.dynamicAnchors).set(anchor, node);
    }
    if (typeof schema.$dynamicRef === "string") this.isDynamic = true;
    return home;
  }

  #readKeyword(word: string, value: Json, node: SchemaNode, home: Resource): void {
    const place = `${node.pointer}/${escapePointer(word)}`;
    const keyword = keywords.get(word);
    if (keyword === undefined) return this.#readOther(word, place);
    const wrong = keyword.check(value);
    if (wrong !== undefined) throw schemaFault(this.name, place, `expected ${wrong}, received ${describeValue(value)}`);
    if (word === "$schema" && node !== home.root) {
      throw schemaFault(this.name, place, "only the root, or a schema with an $id, may name its dialect");
    }
    if (keyword.holds === "one") this.read(value, place, home);
    if (keyword.holds === "list" || keyword.holds === "table") {
      for (const [key, part] of Object.entries(value as JsonSchema)) {
        this.read(part, `${place}/${escapePointer(key)}`, home);
      }
    }
  }

  /** Words that begin with `x-` are remarks; any other would be ignored in silence, so it is an error. */
  #readOther(word: string, place: string): void {
    if (word.startsWith("x-")) return;
    const meant = otherWords.get(word) ?? nearestName(word, keywords.keys());
    const why =
      word === "nullable"
        ? 'draft 2020-12 has no keyword "nullable"; write type: ["string", "null"]'
        : `draft 2020-12 has no keyword "${word.slice(0, 80)}", and one that is not known is never ignored`;
    throw schemaFault(this.name, place, why, word === "nullable" ? undefined : meant);
  }

  #absolute(reference: string, base: string, place: string): string {
    try {
      const { href } = new URL(reference, base);
      return href;
    } catch {
      throw schemaFault(this.name, place, `"${reference.slice(0, 120)}" is no URI reference`);
    }
  }
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
