/** Many time limits of equal length with one timer: entries of one duration expire in the order they came. */

import type { AsyncResource } from "node:async_hooks";
import type { Runtime, Timer } from "./runtime.ts";

const byHand = { requireManualDestroy: true };
let Place: typeof AsyncResource | undefined;

function placeOfNow(): AsyncResource {
  Place ??= process.getBuiltinModule("node:async_hooks").AsyncResource;
  return new Place("FlockDeadline", byHand);
}

/** One running time limit. */
export interface Deadline {
  /** Monotonic milliseconds at which it began. */
  readonly startedAt: number;
  /** Takes it off; nothing happens when it has passed. */
  cancel(): void;
}

/** What happens when a limit passes: one function for all, so that a limit needs no closure of its own. */
export type Expire<Owner> = (owner: Owner, timeoutMs: number) => void;

class Entry implements Deadline {
  readonly queue: DeadlineQueue;
  readonly startedAt: number;
  readonly owner: unknown;
  readonly expire: Expire<never>;
  /** Where it was begun: what runs when it passes must not see the async-local values of whoever armed the timer. */
  readonly #place = placeOfNow();
  previous: Entry | undefined = undefined;
  next: Entry | undefined = undefined;
  open = true;

  constructor(queue: DeadlineQueue, startedAt: number, owner: unknown, expire: Expire<never>) {
    this.queue = queue;
    this.startedAt = startedAt;
    this.owner = owner;
    this.expire = expire;
  }

  cancel(): void {
    if (this.open) this.queue.remove(this);
  }

  pass(): void {
    this.#place.runInAsyncScope(this.expire as Expire<unknown>, undefined, this.owner, this.queue.timeoutMs);
  }
}

/** The limits of one duration. The timer holds the process only while a limit runs. */
export class DeadlineQueue {
  readonly #runtime: Runtime;
  #timeoutMs: number;
  #first: Entry | undefined = undefined;
  #last: Entry | undefined = undefined;
  #timer: Timer | undefined = undefined;

  constructor(runtime: Runtime, timeoutMs: number) {
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
  }

  /** Infinity while its limits never pass. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Changes the duration, also of the limits that run; those that are over by now pass at once. */
  change(timeoutMs: number): void {
    if (timeoutMs === this.#timeoutMs) return;
    this.#timeoutMs = timeoutMs;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#first !== undefined) this.#arm(this.#runtime.monotonic());
  }

  /** Starts a limit that began at `startedAt` (monotonic). `expire` is called once with its owner, unless cancelled. */
  start<Owner>(startedAt: number, owner: Owner, expire: Expire<Owner>): Deadline {
    const entry = new Entry(this, startedAt, owner, expire as Expire<never>);
    entry.previous = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    if (this.#timer === undefined) this.#arm(startedAt);
    else if (this.#first === entry) this.#timer.ref();
    return entry;
  }

  remove(entry: Entry): void {
    entry.open = false;
    if (entry.previous === undefined) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    if (this.#first === undefined) this.#timer?.unref();
  }

  /** A timer that finds nothing due is set again for the first limit left, so that a removal never touches it. */
  #arm(now: number): void {
    const wait = this.#first!.startedAt + this.#timeoutMs - now;
    if (wait < Number.POSITIVE_INFINITY) this.#timer = this.#runtime.setTimer(() => this.#ring(), Math.max(0, wait));
  }

  #ring(): void {
    this.#timer = undefined;
    const now = this.#runtime.monotonic();
    for (let entry = this.#first; entry !== undefined && this.#isDue(entry, now); entry = this.#first) {
      this.remove(entry);
      entry.pass();
    }
    if (this.#first !== undefined && this.#timer === undefined) this.#arm(now);
  }

  #isDue(entry: Entry, now: number): boolean {
    return entry.startedAt + this.#timeoutMs <= now;
  }
}

/** Finds the queue of a duration on a runtime; it is made on first use and shared by everything there. */
export function deadlineQueue(runtime: Runtime, timeoutMs: number): DeadlineQueue {
  const queues = runtime.shared("flock.deadlines", () => new Map<number, DeadlineQueue>());
  let queue = queues.get(timeoutMs);
  if (queue === undefined) {
    if (queues.size >= keptDurations) queues.clear();
    queue = new DeadlineQueue(runtime, timeoutMs);
    queues.set(timeoutMs, queue);
  }
  return queue;
}

/** Queues beyond this are let go of; those with running limits live on until they are empty. */
const keptDurations = 1_000;
