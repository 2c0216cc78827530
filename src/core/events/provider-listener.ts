/** Gives a provider its lifetime: started on first use, fed in order through a bounded queue, drained, disposed. */

import type { Runtime } from "../runtime/runtime.ts";
import { defaultEventTypes, type FlockEvent, maskOf } from "./event.ts";
import { type EventDispatcher, type EventListener, internal } from "./event-dispatcher.ts";
import type { Provider, ProviderEvent } from "./provider.ts";

const queueLimit = 1_024;
const drainLimitMs = 1_000;
const sendable: ReadonlySet<string> = new Set(["alert-fired", "alert-resolved", "warning", "custom"]);
const listeners = new WeakMap<Provider, ProviderListener>();
const readers = new WeakSet<Provider>();

/** Tells that a provider of the framework only reads events and hands none on: they need not be frozen for it. */
export function onlyReads(provider: Provider): void {
  readers.add(provider);
}

/** Finds the one listener of a provider, made on first use, whatever runs it watches. */
export function listenerOf(provider: Provider, runtime: Runtime, events: EventDispatcher): ProviderListener {
  let listener = listeners.get(provider);
  if (listener === undefined) {
    listener = new ProviderListener(provider, runtime, events);
    listeners.set(provider, listener);
  }
  return listener;
}

/** Drains and disposes providers, each bounded to a second; those that never watched anything are only disposed. Never throws. */
export async function disposeProviders(providers: readonly Provider[]): Promise<void> {
  await Promise.allSettled(
    providers.map((provider) => listeners.get(provider)?.dispose() ?? provider[Symbol.asyncDispose]?.()),
  );
}

/** A provider as the dispatcher sees it. */
export class ProviderListener implements EventListener {
  readonly name: string;
  readonly mask: number;
  readonly priority: number;
  readonly [internal]: boolean;
  readonly #provider: Provider;
  readonly #runtime: Runtime;
  /** The listeners of the house the provider was first used in. */
  readonly #events: EventDispatcher;
  readonly #queue: FlockEvent[] = [];
  #started = false;
  #busy = false;
  #closed = false;
  /** While the provider speaks it does not hear itself: telling is synchronous. */
  #sending = false;
  #draining: Promise<void> | undefined;
  #idle: (() => void)[] = [];
  /** Events that found the queue full. */
  dropped = 0;
  /** Times the provider threw or rejected. */
  failures = 0;

  constructor(provider: Provider, runtime: Runtime, events: EventDispatcher) {
    this.name = provider.name;
    this.mask = maskOf(provider.events ?? defaultEventTypes);
    this.priority = provider.priority ?? 0;
    this[internal] = readers.has(provider) && !provider.middleware?.length;
    this.#provider = provider;
    this.#runtime = runtime;
    this.#events = events;
  }

  notify(event: FlockEvent): void {
    if (this.#closed || this.#sending) return;
    if (!this.#started) this.#start();
    if (!this.#busy) this.#handle(event);
    else if (this.#queue.length < queueLimit) this.#queue.push(event);
    else this.dropped++;
  }

  /** Calls the provider's own drain once its queue is empty, without making anyone wait. */
  drain(): void {
    if (!this.#started || (!this.#busy && this.#provider.drain === undefined)) return;
    this.#draining ??= this.#drainBounded().finally(() => {
      this.#draining = undefined;
    });
  }

  async dispose(): Promise<void> {
    if (this.#closed) return;
    this.drain();
    await this.#draining;
    this.#closed = true;
    this.#queue.length = 0;
    listeners.delete(this.#provider);
    await this.#bounded(async () => this.#provider[Symbol.asyncDispose]?.());
  }

  #start(): void {
    this.#started = true;
    this.#guard(() => this.#provider.start?.({ runtime: this.#runtime, emit: (event) => this.#send(event) }));
  }

  #send(event: ProviderEvent): void {
    if (this.#closed || !sendable.has(event?.type)) return;
    this.#sending = true;
    this.#events.emit(event);
    this.#sending = false;
  }

  #handle(event: FlockEvent): void {
    const { middleware } = this.#provider;
    if (middleware === undefined || middleware.length === 0 || this[internal]) {
      // As `#guard` does, without a function made for each event.
      try {
        const pending = this.#provider.handle?.(event);
        if (pending !== undefined) this.#wait(pending);
      } catch {
        this.#failed();
      }
      return;
    }
    const pass = (index: number, seen: FlockEvent): void => {
      const step = middleware[index];
      if (step === undefined) this.#guard(() => this.#provider.handle?.(seen));
      else step(Object.freeze({ ...seen }), (next) => pass(index + 1, next));
    };
    this.#guard(() => pass(0, event));
  }

  /** Runs provider code; while a promise of it is open, later events wait in the queue. */
  #guard(work: () => void | Promise<void>): void {
    try {
      const pending = work();
      if (pending !== undefined) this.#wait(pending);
    } catch {
      this.#failed();
    }
  }

  #wait(pending: Promise<void>): void {
    if (typeof pending?.then !== "function") return;
    this.#busy = true;
    pending.then(
      () => this.#next(),
      () => {
        this.#failed();
        this.#next();
      },
    );
  }

  #next(): void {
    this.#busy = false;
    while (!this.#busy) {
      const event = this.#queue.shift();
      if (event === undefined) break;
      this.#handle(event);
    }
    if (!this.#busy) for (const wake of this.#idle.splice(0)) wake();
  }

  #failed(): void {
    this.failures++;
    if (this.failures > 1) return;
    this.#runtime.warn(
      `provider "${this.name}" failed; runs go on, further failures are only counted`,
      "provider_failed",
    );
  }

  #drainBounded(): Promise<void> {
    return this.#bounded(async () => {
      if (this.#busy) await new Promise<void>((resolve) => this.#idle.push(resolve));
      await this.#provider.drain?.();
    });
  }

  async #bounded(work: () => Promise<void>): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#runtime.setTimer(resolve, drainLimitMs);
      work()
        .catch(() => this.#failed())
        .finally(() => {
          timer.cancel();
          resolve();
        });
    });
  }
}
