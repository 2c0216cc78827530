/** The checker of an object with declared fields: the whole signature, and every `{ … }` inside it. */

import { nearestName } from "../../core/errors/nearest-name.ts";
import { escapePointer } from "../../core/json/canonical-key.ts";
import type { Field } from "../field.ts";
import { isForbiddenKey } from "../grammar/grammar-names.ts";
import { fieldsText } from "../grammar/type-text.ts";
import { isRecord } from "./check-list.ts";
import type { Checker, CheckRun } from "./checker.ts";
import { fromJsonText, isNullText } from "./coerce-scalar.ts";

interface Slot {
  readonly name: string;
  /** Its step of a JSON pointer. */
  readonly step: string;
  readonly optional: boolean;
  /** Every object has something of this name from its prototype. */
  readonly inherited: boolean;
  readonly checker: Checker;
}

/** Makes the checker of an object with exactly these fields. */
export function objectChecker(fields: readonly Field[], compile: (field: Field) => Checker): Checker {
  const slots = fields.map(
    (field): Slot => ({
      name: field.name,
      step: `/${escapePointer(field.name)}`,
      optional: field.optional,
      inherited: field.name in Object.prototype,
      checker: compile(field),
    }),
  );
  const names = new Set(slots.map((slot) => slot.name));
  const text = `{ ${fieldsText(fields.map(({ description: _, ...field }) => field))} }`;
  return {
    text,
    foreign: slots.some((slot) => slot.checker.foreign === true),
    accepts: (value) => acceptsObject(slots, value),
    read(value, pointer, run) {
      const object = isRecord(value) ? value : run.coerce ? fromJsonText(value, "{") : undefined;
      if (!isRecord(object)) {
        run.expected(pointer, text, value);
        return value;
      }
      return readObject(slots, names, object, pointer, run);
    },
  };
}

function acceptsObject(slots: readonly Slot[], value: unknown): boolean {
  if (!isRecord(value)) return false;
  let known = 0;
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index]!;
    const item = slot.inherited && !Object.hasOwn(value, slot.name) ? undefined : value[slot.name];
    if (item === undefined) {
      if (!slot.optional) return false;
    } else if (slot.checker.accepts(item)) known++;
    else return false;
  }
  // As many keys as known fields: no unknown one is among them, and none came from a prototype.
  for (const _key in value) known--;
  return known === 0;
}

function readObject(
  slots: readonly Slot[],
  names: ReadonlySet<string>,
  object: Record<string, unknown>,
  pointer: string,
  run: CheckRun,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  let changed = false;
  for (const slot of slots) {
    const given = Object.hasOwn(object, slot.name) ? object[slot.name] : undefined;
    const at = pointer + slot.step;
    const item = given === undefined ? fillAbsent(slot, at, run) : readField(slot, given, at, run);
    if (item !== undefined) result[slot.name] = item;
    if (!Object.is(item, given)) changed = true;
  }
  for (const key of Object.keys(object)) {
    if (names.has(key) || object[key] === undefined) continue;
    changed = true;
    if (!run.coerce) reportUnknown(key, names, pointer, run);
  }
  return changed ? result : object;
}

function fillAbsent(slot: Slot, pointer: string, run: CheckRun): unknown {
  if (slot.optional) return undefined;
  if (run.coerce && slot.checker.takesNull === true && slot.checker.text !== "any") return null;
  const message = `expected ${shorten(slot.checker.text)}, received nothing: the field '${slot.name}' is required`;
  run.report({ pointer, message, expected: shorten(slot.checker.text), received: "nothing" });
  return undefined;
}

function readField(slot: Slot, given: unknown, pointer: string, run: CheckRun): unknown {
  const means = run.coerce && slot.optional && (given === null || isNullText(given));
  return means && !slot.checker.accepts(given) && slot.checker.takesNull !== true
    ? undefined
    : slot.checker.read(given, pointer, run);
}

function reportUnknown(key: string, names: ReadonlySet<string>, pointer: string, run: CheckRun): void {
  const nearest = isForbiddenKey(key) ? undefined : nearestName(key, names);
  const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
  const message = `expected no field '${shorten(key)}'${hint}`;
  run.report({ pointer: `${pointer}/${escapePointer(key)}`, message, expected: "no such field" });
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
