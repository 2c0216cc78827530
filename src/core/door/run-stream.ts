/** A run that is watched while it works: events, partial answers and the one result. */

import type { FlockEvent } from "../events/event.ts";
import type { EventListener } from "../events/event-dispatcher.ts";

const bufferedEvents = 10_000;
const bufferedCharacters = 8 * 1024 * 1024;

/** Every part of a value still optional, all the way down. */
export type PartialValue<T> = T extends readonly (infer Item)[]
  ? PartialValue<Item>[]
  : T extends object
    ? { [Key in keyof T]?: PartialValue<T[Key]> }
    : T;

/**
 * An async iterable of a run's events; `partials` and `result` beside it. The run works whether or not anyone reads: up
 * to 10,000 unread events and 8 Mi characters of their pieces are kept, then the oldest are dropped and counted. Of
 * partial answers only the newest is kept, and it is made when a reader asks for it. Leaving a loop ends the reading and
 * not the run. `result` never becomes an unhandled rejection.
 */
export class RunStream<Output> implements AsyncIterable<FlockEvent>, EventListener {
  readonly name = "stream";
  readonly mask = -1;
  /** Events that nobody read in time. */
  dropped = 0;
  readonly #path: string;
  readonly #events: FlockEvent[] = [];
  /** Characters of the pieces among the unread events. */
  #characters = 0;
  #partial: { readonly value: unknown } | undefined = undefined;
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

  /**
   * Partial answers of the outermost call, each a value of its own that never changes, the last one whole. When an answer
   * is made again they begin anew. Each loop over it reads for itself.
   */
  get partials(): AsyncIterable<PartialValue<Output>> {
    return { [Symbol.asyncIterator]: () => this.#readPartials() };
  }

  /** Reads the events; several readers share them out. */
  [Symbol.asyncIterator](): AsyncIterator<FlockEvent, undefined> {
    return this.#reader(() => this.#takeEvent());
  }

  /** Called by the framework as things happen. */
  notify(event: FlockEvent): void {
    if ((event.type === "delta" || event.type === "output") && this.#isOutermost(event.path)) {
      if (event.type === "output") this.#partial = event;
      else if (event.delta.kind === "partial") this.#partial = event.delta;
      else if (event.delta.kind === "reset") this.#partial = undefined;
    }
    const events = this.#events;
    events.push(event);
    this.#characters += charactersOf(event);
    while (events.length > bufferedEvents || (this.#characters > bufferedCharacters && events.length > 1)) {
      this.#takeEvent();
      this.dropped += 1;
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

  #takeEvent(): FlockEvent | undefined {
    const event = this.#events.shift();
    if (event !== undefined) this.#characters -= charactersOf(event);
    return event;
  }

  /** The outermost call or a further attempt of it, `…@2`. */
  #isOutermost(path: string): boolean {
    const below = path.startsWith(this.#path) ? path.slice(this.#path.length) : "/";
    return below === "" || (below[0] === "@" && !below.includes("/"));
  }

  #readPartials(): AsyncIterator<PartialValue<Output>, undefined> {
    let seen: object | undefined;
    let last: unknown;
    return this.#reader(() => {
      const partial = this.#partial;
      if (partial === undefined || partial === seen) return undefined;
      seen = partial;
      const { value } = partial;
      if (value === last) return undefined;
      last = value;
      return value as PartialValue<Output>;
    });
  }

  /** An iterator over what `take` gives, until that is nothing and the run has ended. `return` ends a waiting `next` too. */
  #reader<T>(take: () => T | undefined): AsyncIterator<T, undefined> {
    let left = false;
    const done = { done: true, value: undefined } as const;
    return {
      next: async () => {
        while (!left) {
          const value = take();
          if (value !== undefined) return { done: false, value };
          if (this.#ended) left = true;
          else await new Promise<void>((resolve) => this.#wake.push(resolve));
        }
        return done;
      },
      return: async () => {
        left = true;
        this.#wakeAll();
        return done;
      },
    };
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    if (waiting.length === 0) return;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

function charactersOf(event: FlockEvent): number {
  return event.type === "delta" && "text" in event.delta ? event.delta.text.length : 0;
}
