/** The keywords that judge what no other schema has looked at: `unevaluatedProperties` and `unevaluatedItems`. */

import { escapePointer } from "../../../core/json/canonical-key.ts";
import { has } from "./object-rule.ts";
import type { SchemaNode, SchemaRun, Seen } from "./schema-node.ts";

/** A rule that needs to know what the others of its schema have looked at. */
export interface RestRule {
  readonly fits: (value: never, run: SchemaRun, seen: Seen) => boolean;
  readonly explain: (value: never, pointer: string, run: SchemaRun, seen: Seen) => void;
}

type Fields = Readonly<Record<string, unknown>>;

/** Makes the rule about fields nobody looked at. */
export function restOfFields(node: SchemaNode): RestRule {
  const isLeft = (object: Fields, name: string, seen: Seen): boolean =>
    seen.names?.has(name) !== true && has(object, name);
  return {
    fits(object: Fields, run: SchemaRun, seen: Seen) {
      if (seen.allNames) return true;
      for (const name in object) {
        if (isLeft(object, name, seen) && !node.fits(object[name], run, undefined)) return false;
      }
      seen.allNames = true;
      return true;
    },
    explain(object: Fields, pointer: string, run: SchemaRun, seen: Seen) {
      if (seen.allNames) return;
      for (const name of Object.keys(object)) {
        if (!isLeft(object, name, seen)) continue;
        const place = `${pointer}/${escapePointer(name)}`;
        if (!node.isClosed) node.explain(object[name], place, run);
        else run.report(place, `expected no field '${name.slice(0, 80)}'`, "no such field", object[name]);
      }
    },
  };
}

/** Makes the rule about items nobody looked at. */
export function restOfItems(node: SchemaNode): RestRule {
  return {
    fits(list: readonly unknown[], run: SchemaRun, seen: Seen) {
      for (let index = seen.itemsBefore; index < list.length; index++) {
        if (seen.places?.has(index) !== true && !node.fits(list[index], run, undefined)) return false;
      }
      seen.itemsBefore = Number.POSITIVE_INFINITY;
      return true;
    },
    explain(list: readonly unknown[], pointer: string, run: SchemaRun, seen: Seen) {
      for (let index = seen.itemsBefore; index < list.length && !run.isFull; index++) {
        if (seen.places?.has(index) !== true) node.explain(list[index], `${pointer}/${index}`, run);
      }
    },
  };
}
