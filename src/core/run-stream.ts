/** A run that is watched while it works: events, partial answers and the one result. */

import type { FlockEvent } from "./event.ts";
import type { EventListener } from "./event-dispatcher.ts";

const bufferedEvents = 10_000;

/** Every part of a value still optional, all the way down. */
export type PartialValue<T> = T extends readonly (infer Item)[]
  ? PartialValue<Item>[]
  : T extends object
    ? { [Key in keyof T]?: PartialValue<T[Key]> }
    : T;

/**
 * An async iterable of a run's events; `partials` and `result` beside it. The run works whether or not anyone reads: up
 * to 10,000 unread events are kept, then the oldest are dropped and counted, and of partial answers only the newest is
 * kept. `result` never becomes an unhandled rejection.
 */
export class RunStream<Output> implements AsyncIterable<FlockEvent>, EventListener {
  readonly name = "stream";
  readonly mask = -1;
  readonly internal = false;
  /** Events that nobody read in time. */
  dropped = 0;
  readonly #path: string;
  readonly #events: FlockEvent[] = [];
  #partial: { readonly value: PartialValue<Output> } | undefined = undefined;
  #ended = false;
  #wake: (() => void)[] = [];
  #result: Promise<Output> | undefined = undefined;
  #cancel: (reason: unknown) => void = () => {};

  constructor(path: string) {
    this.#path = path;
  }

  /** The run's answer, or its rejection. */
  get result(): Promise<Output> {
    return this.#result as Promise<Output>;
  }

  /** Ends the run with this reason; `result` rejects with it. */
  cancel(reason: unknown = new DOMException("the stream was cancelled", "AbortError")): void {
    this.#cancel(reason);
  }

  /** Partial answers of the outermost call, each a value of its own, the last one whole. */
  get partials(): AsyncIterable<PartialValue<Output>> {
    return { [Symbol.asyncIterator]: () => this.#readPartials() };
  }

  [Symbol.asyncIterator](): AsyncIterator<FlockEvent> {
    return this.#readEvents();
  }

  /** Called by the framework as things happen. */
  notify(event: FlockEvent): void {
    if (event.path === this.#path) {
      if (event.type === "delta" && event.delta.kind === "partial") {
        this.#partial = { value: event.delta.value as PartialValue<Output> };
      } else if (event.type === "output") this.#partial = { value: event.value as PartialValue<Output> };
    }
    this.#events.push(event);
    if (this.#events.length > bufferedEvents) {
      this.#events.splice(0, bufferedEvents / 10);
      this.dropped += bufferedEvents / 10;
    }
    this.#wakeAll();
  }

  /** Called by the framework once, with the run. */
  follow(result: Promise<Output>, cancel: (reason: unknown) => void): void {
    this.#result = result;
    this.#cancel = cancel;
    const end = (): void => {
      this.#ended = true;
      this.#wakeAll();
    };
    result.then(end, end);
  }

  async *#readEvents(): AsyncGenerator<FlockEvent, undefined> {
    let at = 0;
    for (;;) {
      const waiting = this.#events.splice(0, this.#events.length);
      for (at = 0; at < waiting.length; at++) yield waiting[at]!;
      if (this.#events.length > 0) continue;
      if (this.#ended) return undefined;
      await this.#change();
    }
  }

  async *#readPartials(): AsyncGenerator<PartialValue<Output>, undefined> {
    let seen: unknown;
    for (;;) {
      if (this.#partial !== undefined && this.#partial !== seen) {
        seen = this.#partial;
        yield this.#partial.value;
        continue;
      }
      if (this.#ended) return undefined;
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    if (waiting.length === 0) return;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
