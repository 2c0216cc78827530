/** Knows which computation a piece of code runs in, so that one that waits for itself ends with an error, not never. */

import { AsyncLocalStorage } from "node:async_hooks";
import { FlockError } from "../../core/errors/errors.ts";

/** A computation that may wait for others. */
export interface Waiting {
  /** What it was asked for. */
  readonly name: string;
  /** Those it waits for now; more than one when it asked for several at once. */
  waitsFor: Set<Waiting> | undefined;
  readonly isOver: boolean;
}

const inside = new AsyncLocalStorage<Waiting>();

/** Runs a computation; what it asks for, also later and in what it calls, is known to be asked by it. */
export function runInside<Context, T>(computation: Waiting, run: (context: Context) => T, context: Context): T {
  return inside.run(computation, run, context);
}

/**
 * Notes that the computation this code runs in waits for another one; gives it, or undefined outside of any.
 *
 * @throws cache_cycle when the other one waits, itself or through others, for the first.
 */
export function waitInside(other: Waiting): Waiting | undefined {
  const self = inside.getStore();
  if (self === undefined || self.isOver) return undefined;
  if (other === self || waitsForIt(other, self, new Set())) {
    const [key, through] = [shown(self.name), shown(other.name)];
    const message =
      `the computation of "${key}" waits for its own result` +
      `${other === self ? "" : ` through "${through}"`}: ask for another key, or compute it without the cache`;
    throw new FlockError("cache_cycle", message, { details: { key, through } });
  }
  self.waitsFor ??= new Set();
  self.waitsFor.add(other);
  return self;
}

function waitsForIt(one: Waiting, goal: Waiting, seen: Set<Waiting>): boolean {
  if (seen.has(one)) return false;
  seen.add(one);
  for (const next of one.waitsFor ?? []) {
    if (next === goal || waitsForIt(next, goal, seen)) return true;
  }
  return false;
}

/** Keys may be long. */
function shown(key: string): string {
  return key.length > 80 ? `${key.slice(0, 80)}…` : key;
}
