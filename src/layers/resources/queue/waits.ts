/** Who waits anywhere on a runtime, by owner, so that it is cheap to ask whether a holder waits itself. */

import type { Runtime } from "../../../core/runtime/runtime.ts";
import type { Hold } from "../hold.ts";
import type { Waiter } from "./waiter.ts";

/** A queue whose waiters may hold what those of another queue wait for. */
export interface WaitingPlace {
  readonly holders: Iterable<Hold>;
  readonly waiters: Iterable<Waiter>;
}

/** The owner of whoever names none; nothing is concluded from it. */
export const anonymous = "anonymous";

/** All waits of a runtime. */
export class Waits {
  /** Places where someone waits. */
  readonly places = new Set<WaitingPlace>();
  /** How many wait below each path of owners. */
  readonly below = new Map<string, number>();
  readonly byOwner = new Map<string, Set<Waiter>>();

  add(waiter: Waiter): void {
    const { owner } = waiter.hold;
    if (owner === anonymous) return;
    for (const above of ownersAbove(owner)) this.below.set(above, (this.below.get(above) ?? 0) + 1);
    const same = this.byOwner.get(owner);
    if (same === undefined) this.byOwner.set(owner, new Set([waiter]));
    else same.add(waiter);
  }

  remove(waiter: Waiter): void {
    const { owner } = waiter.hold;
    if (owner === anonymous) return;
    for (const above of ownersAbove(owner)) countDown(this.below, above);
    const same = this.byOwner.get(owner);
    if (same?.delete(waiter) && same.size === 0) this.byOwner.delete(owner);
  }
}

/** Takes one off a count, which is forgotten at 0. */
export function countDown(counts: Map<string, number>, key: string): void {
  const count = counts.get(key);
  if (count === undefined) return;
  if (count === 1) counts.delete(key);
  else counts.set(key, count - 1);
}

/** Gives every owner above a path: `run`, `run/flow#0` for `run/flow#0/search#0`. */
export function* ownersAbove(owner: string): Generator<string> {
  for (let at = 1; at < owner.length; at++) {
    const code = owner.charCodeAt(at);
    if (code === 47 || code === 64) yield owner.slice(0, at);
  }
}

/** Finds the waits of a runtime. */
export function waitsOf(runtime: Runtime): Waits {
  return runtime.shared("flock.waits", () => new Waits());
}
