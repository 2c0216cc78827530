/** Hands events to whoever listens, best effort: a listener can never change, delay or fail a run. */

import { type EventType, eventBits, type FlockEvent, maskOf } from "./event.ts";

/** Marks listeners of the framework. Nobody else has it: they see live outputs, and events before those are frozen. */
export const internal: unique symbol = Symbol("flock.internal");

/** One who listens. */
export interface EventListener {
  readonly name: string;
  /** Bits of the wanted types, see `maskOf`. */
  readonly mask: number;
  /** Higher is told first. @default 0 */
  readonly priority?: number;
  /** Part of the framework. @default false */
  readonly [internal]?: boolean;
  /** `output` is what a call gave, with its call-end and for parts of the framework alone: to look at, not to keep. */
  notify(event: FlockEvent, output?: unknown): void;
  /** Called when a run ends. */
  drain?(): void;
}

/** A listener made of a function. */
export interface SubscribeOptions {
  /** @default all */
  readonly types?: readonly EventType[];
  /** Higher is told first. @default 0 */
  readonly priority?: number;
  /** @default "listener" */
  readonly name?: string;
}

/** The listeners of an environment, or of one run on top of its environment's. */
export class EventDispatcher {
  readonly #parent: EventDispatcher | undefined;
  #listeners: readonly EventListener[] = [];
  #ownMask = 0;
  #foreign = false;
  #failures: Map<EventListener, number> | undefined;

  constructor(parent?: EventDispatcher) {
    this.#parent = parent;
  }

  /** Bits of the types anyone wants; an event outside them need not be built. */
  get mask(): number {
    return this.#parent === undefined ? this.#ownMask : this.#ownMask | this.#parent.mask;
  }

  /** How often listeners threw. */
  get failures(): number {
    let sum = this.#parent?.failures ?? 0;
    for (const count of this.#failures?.values() ?? []) sum += count;
    return sum;
  }

  /** Tells a function about events; gives the way to stop. */
  subscribe(listener: (event: FlockEvent) => void, options: SubscribeOptions = {}): () => void {
    return this.add({
      name: options.name ?? "listener",
      mask: options.types === undefined ? -1 : maskOf(options.types),
      ...(options.priority === undefined ? {} : { priority: options.priority }),
      notify: listener,
    });
  }

  /** Adds a listener; gives the way to remove it. */
  add(listener: EventListener): () => void {
    this.#set([...this.#listeners, listener].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0)));
    return () => this.#set(this.#listeners.filter((other) => other !== listener));
  }

  has(listener: EventListener): boolean {
    return this.#listeners.includes(listener) || (this.#parent?.has(listener) ?? false);
  }

  /** Tells everyone who wants it, and parts of the framework what the call gave. Never throws. */
  emit(event: FlockEvent, output?: unknown): void {
    const bit = eventBits[event.type];
    if (this.#parent !== undefined && (this.#parent.mask & bit) !== 0) this.#parent.emit(event, output);
    if ((this.#ownMask & bit) === 0) return;
    let frozen = false;
    for (const listener of this.#listeners) {
      if ((listener.mask & bit) === 0) continue;
      if (this.#foreign && !frozen && listener[internal] !== true) {
        freezeEvent(event);
        frozen = true;
      }
      this.#notify(listener, event, listener[internal] === true ? output : undefined);
    }
  }

  /** Lets listeners finish what a run left pending; waits for none. */
  drain(): void {
    this.#parent?.drain();
    for (const listener of this.#listeners) listener.drain?.();
  }

  #notify(listener: EventListener, event: FlockEvent, output?: unknown): void {
    try {
      listener.notify(event, output);
    } catch {
      this.#failures ??= new Map();
      const before = this.#failures.get(listener) ?? 0;
      this.#failures.set(listener, before + 1);
      if (before === 0) this.#report(listener, event);
    }
  }

  /** The first failure of a listener is told to the others, once. */
  #report(failed: EventListener, event: FlockEvent): void {
    const { runId, path, time } = event;
    const message = `listener "${failed.name}" threw on ${event.type}; the run goes on, further failures are only counted`;
    const warning: FlockEvent = { v: 1, type: "warning", runId, path, time, code: "listener_failed", message };
    for (const listener of this.#listeners) {
      if (listener !== failed && (listener.mask & eventBits.warning) !== 0) this.#notify(listener, warning);
    }
  }

  #set(listeners: readonly EventListener[]): void {
    this.#listeners = listeners;
    this.#ownMask = listeners.reduce((mask, listener) => mask | listener.mask, 0);
    this.#foreign = listeners.some((listener) => listener[internal] !== true);
  }
}

function freezeEvent(event: FlockEvent): void {
  if ("usage" in event && event.usage !== undefined) Object.freeze(event.usage);
  if (event.type === "delta") Object.freeze(event.delta);
  Object.freeze(event);
}
