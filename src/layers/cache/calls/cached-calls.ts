/** Keeps the answers of one runnable's calls, and lets calls with the same question wait for one that is under way. */

import { isFlockError } from "../../../core/errors/errors.ts";
import { canonicalText, digestOf } from "../../../core/json/canonical-key.ts";
import type { CacheFinding, CacheSlot, LayerCall, LayerHost } from "../../../core/layer.ts";
import type { AnyRunnable } from "../../../core/runnable.ts";
import { callMark } from "../cache-key.ts";
import type { CacheParts } from "../cache-manager.ts";
import { copyIn, copyOut, NotPlainJson, type PrivateCopy } from "../memory/private-copy.ts";
import { CallFlight, leaveFlight, takeLead } from "./call-flight.ts";
import { keyText } from "./call-key.ts";
import { completeAnswer } from "./complete-answer.ts";
import { modelNumber, numberOf, type OpenCache, openCache } from "./own-caches.ts";
import { packageVersion } from "./package-version.ts";
import { RecentQuestions } from "./recent-questions.ts";
import type { SlotFacts } from "./slot-facts.ts";

/** The flights of each cache; it may be shared by several Flocks. */
const flightsOf = new WeakMap<object, Map<string, CallFlight>>();

/** Tells how many questions of a cache are being answered. */
export function flightCount(cache: object): number {
  return flightsOf.get(cache)?.size ?? 0;
}

/** Makes the slot of a runnable. @throws option_invalid where that cannot be. */
export function cachedCalls(facts: SlotFacts): CacheSlot {
  return new CachedCalls(facts.runnable, facts.host, openCache(facts));
}

class CachedCalls implements CacheSlot {
  readonly #runnable: AnyRunnable;
  readonly #host: LayerHost;
  readonly #parts: CacheParts;
  readonly #flights: Map<string, CallFlight>;
  /** What begins every key: all that decides the answer but the input and the tenant. */
  readonly #digest: string;
  /** Its answers may be read by another process: nothing but `identity` and a version decides them. */
  readonly #isPortable: boolean;
  readonly #refreshing = new Set<string>();
  readonly #recent = new RecentQuestions((input, tenant) => this.#keyOf(input, tenant));
  #hasWarned = false;

  constructor(runnable: AnyRunnable, host: LayerHost, { cache, parts, version }: OpenCache) {
    this.#runnable = runnable;
    this.#host = host;
    this.#parts = parts;
    const flights = flightsOf.get(cache) ?? new Map<string, CallFlight>();
    flightsOf.set(cache, flights);
    this.#flights = flights;
    const { kind, name, identity, policy } = runnable;
    const hasOwnCode = policy?.hasOwnCode ?? kind === "tool";
    this.#isPortable = !hasOwnCode || version !== undefined;
    const text = canonicalText(identity);
    const model = kind === "agent" || kind === "pattern" ? canonicalText(host.modelIdentity()) : "";
    const instance = kind === "model" ? modelNumber(cache, runnable) : this.#isPortable ? 0 : numberOf(runnable);
    this.#digest = `${callMark}${digestOf(packageVersion, kind, name, text, model, version ?? "", `${instance}`)}`;
  }

  lookup(call: LayerCall): CacheFinding | Promise<CacheFinding> {
    const { memory } = this.#parts;
    const mode = call.run.cacheMode;
    if (mode === "bypass" || !memory.isOn) return "bypass";
    const known = this.#recent.keyOf(call.input, call.run.tenant);
    const id = known ?? this.#idOf(call);
    if (id === undefined) return "bypass";
    const state = mode === "refresh" ? "gone" : memory.look(id);
    if (state === "gone") return this.#fly(call, id, mode === "refresh");
    const value = copyOut(memory.found);
    if (state === "fresh") {
      if (known === undefined) this.#recent.remember(call.input, call.run.tenant, id);
      memory.count("hits", this.#runnable.name);
      return { value, state: "hit" };
    }
    memory.count("stale", this.#runnable.name);
    this.#revalidate(call, id);
    return { value, state };
  }

  store(call: LayerCall, value: unknown): void {
    const flight = takeLead(call);
    if (flight === undefined) return;
    const { facts } = flight.ticket;
    const isCurrent = this.#land(flight);
    const answer = completeAnswer(this.#runnable.kind, value);
    const copy = this.#isAsked(call, facts.id) ? this.#copyOf(call, answer.value) : undefined;
    if (copy === undefined) flight.release();
    else {
      if (answer.isComplete && isCurrent && !call.isSubstitute)
        this.#parts.computations.keep(facts.id, copy, { owner: facts.owner }, this.#isPortable);
      flight.succeed(copy.value);
    }
  }

  abandon(call: LayerCall, error: unknown): void {
    const flight = takeLead(call);
    if (flight === undefined || (isOwnFate(call, error) && flight.handOver())) return;
    this.#land(flight);
    flight.fail(error);
  }

  leave(call: LayerCall): void {
    leaveFlight(call);
  }

  /** Deletes what is kept for a question, unless something else came in its place meanwhile. */
  disown(call: LayerCall): void {
    const { memory, store } = this.#parts;
    const id = call.run.cacheMode === "bypass" ? undefined : this.#idOf(call);
    if (id === undefined) return;
    if (memory.look(id) !== "gone") {
      const answer = this.#copyOf(call, completeAnswer(this.#runnable.kind, call.output).value);
      if (answer !== undefined && keyText(answer.value) !== keyText(memory.found)) return;
      memory.delete(id);
    }
    if (this.#isPortable) store?.delete(id);
  }

  /** Joins the flight for a question, and begins one where there is none. */
  #fly(call: LayerCall, id: string, isRefresh: boolean): CacheFinding | Promise<CacheFinding> {
    const { memory, computations, store } = this.#parts;
    const owner = this.#runnable.name;
    const under = this.#flights.get(id);
    if (under?.ticket.isCurrent && (!isRefresh || under.ticket.facts.isRefresh)) {
      const joined = under.join(call, "joined");
      if (joined === undefined) return "bypass";
      memory.count("joined", owner);
      return joined;
    }
    const facts = { id, name: id, tags: undefined, owner, ttlMs: memory.ttlMs, isBackground: false, isRefresh };
    const flight = new CallFlight(computations.open(facts));
    this.#flights.set(id, flight);
    if (store !== undefined && this.#isPortable && !isRefresh) return this.#ask(store, flight, call);
    memory.count("misses", owner);
    flight.lead(call);
    return isRefresh ? "refresh" : undefined;
  }

  /** Asks the second level, for all who wait; what it does not have is the first one's work. */
  #ask(store: NonNullable<CacheParts["store"]>, flight: CallFlight, call: LayerCall): Promise<CacheFinding> {
    const { memory } = this.#parts;
    const { facts } = flight.ticket;
    const asked = flight.join(call, "hit")!;
    void store.read(facts.id).then((stored) => {
      if (stored === undefined) {
        memory.count("misses", facts.owner);
        if (!flight.handOver()) this.#land(flight);
        return;
      }
      const { copy, freshMs } = stored;
      const isFresh = freshMs > 0;
      memory.count(isFresh ? "hits" : "stale", facts.owner);
      const ttlMs = freshMs === Number.POSITIVE_INFINITY ? null : freshMs;
      if (this.#land(flight) && memory.isOn) memory.keep(facts.id, copy, { ttlMs, owner: facts.owner });
      flight.succeed(copy.value, !isFresh);
      if (!isFresh) this.#revalidate(call, facts.id);
    });
    return asked;
  }

  /** Asks anew for a stale answer, in a run of its own that nobody waits for, unless somebody does already. */
  #revalidate(call: LayerCall, id: string): void {
    if (this.#refreshing.has(id) || this.#flights.get(id)?.ticket.isCurrent) return;
    const { name } = this.#runnable;
    this.#refreshing.add(id);
    this.#host
      .refresh(this.#runnable, call.input, call.run.tenant)
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        call.context.warn("cache_refresh", `a stale answer of ${name} could not be made anew: ${why}`);
      })
      .finally(() => this.#refreshing.delete(id));
  }

  /** Ends a flight; gives whether its result may be kept. */
  #land(flight: CallFlight): boolean {
    const { id } = flight.ticket.facts;
    const { isCurrent } = flight.ticket;
    if (isCurrent) this.#parts.computations.takeOff(id);
    if (this.#flights.get(id) === flight) this.#flights.delete(id);
    return isCurrent;
  }

  #idOf(call: LayerCall): string | undefined {
    const key = this.#keyOf(call.input, call.run.tenant);
    if (key === undefined) this.#warn(call, "its input is not plain JSON; only that can be");
    return key;
  }

  #keyOf(input: unknown, tenant: string | undefined): string | undefined {
    const text = keyText(input);
    if (text === undefined) return undefined;
    return tenant === undefined ? `${this.#digest}-${text}` : `${this.#digest}${JSON.stringify(tenant)}${text}`;
  }

  /** Tells whether a call still asks what it was looked up by: it read its input later, when it may have been changed. */
  #isAsked(call: LayerCall, id: string): boolean {
    const { input, run } = call;
    if (typeof input !== "object" || this.#keyOf(input, run.tenant) === id) return true;
    this.#warn(call, "its input was changed before it ended; work on a copy of it");
    return false;
  }

  #copyOf(call: LayerCall, value: unknown): PrivateCopy | undefined {
    try {
      return value === undefined ? undefined : copyIn(value);
    } catch (error) {
      if (!(error instanceof NotPlainJson)) throw error;
      this.#warn(call, `its answer has ${error.found} at ${error.pointer || "the root"}; only plain JSON can be`);
      return undefined;
    }
  }

  #warn(call: LayerCall, why: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const message = `a call of ${this.#runnable.name} is not cached, since ${why}`;
    call.context.warn("cache_not_plain", message);
  }
}

/** Tells that an ending says nothing about the question: the call was cancelled, out of its own time or money, or never began. */
function isOwnFate(call: LayerCall, error: unknown): boolean {
  if (call.wasCancelled || call.attempts === 0 || isFlockError(error, "budget_exceeded")) return true;
  return isFlockError(error, "timeout") && error.details.limit === "deadline" && error.path === call.path;
}
