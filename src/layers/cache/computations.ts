/** Runs computations, one for each key at a time, and keeps their results unless something newer came in between. */

import { FlockError } from "../../core/errors/errors.ts";
import { type CacheMemory, type KeepFacts, KeptError } from "./cache-memory.ts";
import { runInside } from "./current-flight.ts";
import { type ComputeContext, Flight, type FlightFacts } from "./flight.ts";
import { copyIn, copyOut, NotPlainJson, type PrivateCopy } from "./memory/private-copy.ts";
import type { StoreLevel } from "./store-level.ts";

/** Makes the value of a key. */
export type Computation = (context: ComputeContext) => unknown;

/** What an error that is kept takes, about. */
const errorBytes = 1_000;

/**
 * The flights of one cache. Whoever finds no value opens a flight, and everybody else joins it. What is deleted, set or
 * cleared meanwhile takes the flight off: those who wait still get its result, but it is not kept, and who asks then begins
 * anew.
 */
export class Computations {
  readonly #flights = new Map<string, Flight>();
  readonly #memory: CacheMemory;
  readonly #store: StoreLevel | undefined;
  readonly #negativeTtlMs: number;
  storeHits = 0;

  constructor(memory: CacheMemory, store: StoreLevel | undefined, negativeTtlMs: number) {
    this.#memory = memory;
    this.#store = store;
    this.#negativeTtlMs = negativeTtlMs;
  }

  /** How many are under way. */
  get size(): number {
    return this.#flights.size;
  }

  /** Gives the flight for an entry, or undefined. */
  find(id: string): Flight | undefined {
    return this.#flights.get(id);
  }

  /** Makes a flight that others can join from now on. Exactly one of `begin`, `finish` and `fail` must follow. */
  open(facts: FlightFacts): Flight {
    this.takeOff(facts.id);
    const flight = new Flight(facts, this.#abandon);
    this.#flights.set(facts.id, flight);
    return flight;
  }

  /** Looks in the store unless a refresh was asked for, and computes what is not there. */
  begin(flight: Flight, compute: Computation): void {
    if (this.#store === undefined || flight.facts.isRefresh) this.#compute(flight, compute);
    else void this.#fromStore(flight, this.#store, compute);
  }

  /** Ends a flight with its value: keeps it, and gives each caller a copy. */
  finish(flight: Flight, value: unknown): void {
    if (flight.isOver) return;
    if (value === undefined) {
      this.#land(flight);
      flight.succeed(() => undefined);
      return;
    }
    let copy: PrivateCopy;
    try {
      copy = copyIn(value);
    } catch (error) {
      this.#land(flight);
      flight.fail(error instanceof NotPlainJson ? notKept(error) : error);
      return;
    }
    if (this.#land(flight)) this.keep(flight.facts.id, copy, flight.facts);
    flight.succeed(() => copyOut(copy.value));
  }

  /** Ends a flight with an error: it is given to all callers, and kept only when the cache was told to. */
  fail(flight: Flight, error: unknown): void {
    if (flight.isOver) return;
    const isLanded = this.#land(flight);
    if (isLanded && this.#negativeTtlMs > 0 && !isAbort(error) && this.#memory.look(flight.facts.id) === "gone") {
      const kept = { value: new KeptError(error), bytes: errorBytes };
      if (this.#memory.isOn) this.#memory.keep(flight.facts.id, kept, { ...flight.facts, ttlMs: this.#negativeTtlMs });
    }
    flight.fail(error);
  }

  /** Keeps a value in memory and, unless it is for memory alone, in the store. One there is no room for leaves nothing older behind. */
  keep(id: string, copy: PrivateCopy, facts: KeepFacts, isForStore = true): void {
    const store = isForStore ? this.#store : undefined;
    if (!this.#memory.isOn) this.#memory.delete(id);
    else if (this.#memory.keep(id, copy, facts)) {
      const { ttlMs = this.#memory.ttlMs, tags, owner } = facts;
      store?.write(id, copy.value, { ttlMs, tags, owner });
      return;
    }
    store?.delete(id);
  }

  /** Takes a flight off: its result will not be kept, and nobody joins it any more. */
  takeOff(id: string): void {
    if (this.#flights.size === 0) return;
    const flight = this.#flights.get(id);
    if (flight !== undefined) this.#land(flight);
  }

  /** Takes off all flights for which `chosen` is true. */
  takeOffWhere(chosen: (facts: FlightFacts) => boolean): void {
    for (const flight of [...this.#flights.values()]) if (chosen(flight.facts)) this.#land(flight);
  }

  /** Takes a flight from the table; gives whether its result may be kept. */
  #land(flight: Flight): boolean {
    const { isCurrent } = flight;
    if (isCurrent) this.#flights.delete(flight.facts.id);
    flight.isCurrent = false;
    return isCurrent;
  }

  readonly #abandon = (flight: Flight): void => void this.#land(flight);

  #compute(flight: Flight, compute: Computation): void {
    let result: unknown;
    try {
      result = runInside(flight, compute, flight);
    } catch (error) {
      this.fail(flight, error);
      return;
    }
    const later = result instanceof Promise ? result : Promise.resolve(result);
    later.then(
      (value) => this.finish(flight, value),
      (error) => this.fail(flight, error),
    );
  }

  async #fromStore(flight: Flight, store: StoreLevel, compute: Computation): Promise<void> {
    const { facts } = flight;
    const stored = await store.read(facts.id);
    if (flight.isOver) return;
    if (stored === undefined) {
      if (!facts.isBackground) this.#memory.count("misses", facts.owner);
      this.#compute(flight, compute);
      return;
    }
    const { copy, freshMs } = stored;
    const isFresh = freshMs > 0;
    this.storeHits += isFresh ? 1 : 0;
    if (!facts.isBackground) this.#memory.count(isFresh ? "hits" : "stale", facts.owner);
    const ttlMs = freshMs === Number.POSITIVE_INFINITY ? null : freshMs;
    const isCurrent = this.#land(flight);
    if (isCurrent && this.#memory.isOn) this.#memory.keep(facts.id, copy, { ...facts, ttlMs });
    flight.succeed(() => copyOut(copy.value));
    if (isCurrent && !isFresh) this.#compute(this.open({ ...facts, isBackground: true, isRefresh: true }), compute);
  }
}

function isAbort(error: unknown): boolean {
  return typeof error === "object" && error !== null && (error as { name?: unknown }).name === "AbortError";
}

function notKept({ pointer, found }: NotPlainJson): FlockError<"output_invalid"> {
  const message = `a cache takes plain JSON alone, and what was computed has ${found} at ${pointer || "the root"}`;
  const issues = [{ pointer, message, expected: "plain JSON", received: found }];
  return new FlockError("output_invalid", message, { details: { pointer, issues } });
}
