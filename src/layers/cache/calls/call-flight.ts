/** One call that does the work, and those that wait for what it gives. */

import type { CacheState } from "../../../core/events/event.ts";
import type { CacheFinding, LayerCall } from "../../../core/layer.ts";
import type { Flight } from "../flight.ts";
import { copyOut } from "../memory/private-copy.ts";

/** A call that waits. */
interface Follower {
  readonly resolve: (finding: CacheFinding) => void;
  /** What its call is told to have had. */
  readonly state: CacheState;
  /** The flights this call is a part of: they wait, too. */
  readonly within: readonly CallFlight[];
}

/** The flights that calls lead, by their contexts: a call finds there what it is a part of. */
const led = new WeakMap<object, CallFlight>();

/** The flights that calls wait for. */
const awaited = new WeakMap<LayerCall, CallFlight>();

/** Takes a call that has ended out of the flight it waits for. */
export function leaveFlight(call: LayerCall): void {
  awaited.get(call)?.leave(call);
}

/** Gives the flight that a call leads, and takes it from it. */
export function takeLead(call: LayerCall): CallFlight | undefined {
  const flight = led.get(call.context);
  led.delete(call.context);
  return flight;
}

/** Gives the flights a call is a part of, innermost first. */
function flightsAround(call: LayerCall): readonly CallFlight[] {
  const found: CallFlight[] = [];
  for (let context = call.context.parent; context !== undefined; context = context.parent) {
    const flight = led.get(context);
    if (flight !== undefined) found.push(flight);
  }
  return found;
}

/**
 * A call and its followers. The leader's end is everybody's, but when it was only its own: then the first that still waits
 * leads on. Without a leader the followers wait for the store.
 */
export class CallFlight {
  /** Holds the place in the cache; no longer current once newer state makes the result unfit for keeping. */
  readonly ticket: Flight;
  readonly #followers = new Map<LayerCall, Follower>();
  /** The flights that parts of this one wait for, with how many do. */
  readonly #waitsFor = new Map<CallFlight, number>();

  constructor(ticket: Flight) {
    this.ticket = ticket;
  }

  lead(call: LayerCall): void {
    led.set(call.context, this);
  }

  /** Waits for the result; undefined when that would be for ever, since this flight waits for the call. */
  join(call: LayerCall, state: CacheState): Promise<CacheFinding> | undefined {
    const within = flightsAround(call);
    if (within.some((outer) => this.#reaches(outer, new Set()))) return undefined;
    const { promise, resolve } = Promise.withResolvers<CacheFinding>();
    this.#followers.set(call, { resolve, state, within });
    awaited.set(call, this);
    for (const outer of within) outer.#waitsFor.set(this, (outer.#waitsFor.get(this) ?? 0) + 1);
    return promise;
  }

  /** Takes out a call that has ended. */
  leave(call: LayerCall): void {
    this.#take(call);
  }

  /** Gives each follower a copy of its own. */
  succeed(kept: unknown, isStale = false): void {
    this.#end(({ resolve, state }) => resolve({ value: copyOut(kept), state: isStale ? "stale" : state }));
  }

  /** Gives every follower the same error. */
  fail(error: unknown): void {
    this.#end(({ resolve, state }) => resolve({ value: error, state, isError: true }));
  }

  /** Lets every follower do the work itself. */
  release(): void {
    this.#end(({ resolve }) => resolve("bypass"));
  }

  /** Makes the first follower lead; gives whether there was one. */
  handOver(): boolean {
    const [next] = this.#followers.keys();
    const follower = next === undefined ? undefined : this.#take(next);
    if (next === undefined || follower === undefined) return false;
    this.lead(next);
    follower.resolve(this.ticket.facts.isRefresh ? "refresh" : undefined);
    return true;
  }

  #end(tell: (follower: Follower) => void): void {
    for (const call of this.#followers.keys()) tell(this.#take(call)!);
  }

  #take(call: LayerCall): Follower | undefined {
    const follower = this.#followers.get(call);
    if (follower === undefined) return undefined;
    this.#followers.delete(call);
    awaited.delete(call);
    for (const outer of follower.within) {
      const left = outer.#waitsFor.get(this)! - 1;
      if (left === 0) outer.#waitsFor.delete(this);
      else outer.#waitsFor.set(this, left);
    }
    return follower;
  }

  #reaches(goal: CallFlight, seen: Set<CallFlight>): boolean {
    if (goal === this) return true;
    seen.add(this);
    for (const next of this.#waitsFor.keys()) if (!seen.has(next) && next.#reaches(goal, seen)) return true;
    return false;
  }
}
