/** Many time limits of equal length with one timer: entries of one duration expire in the order they came. */

import type { Runtime, Timer } from "./runtime.ts";

/** One running time limit. */
export interface Deadline {
  /** Takes it off; nothing happens when it has passed. */
  cancel(): void;
}

/** What happens when a limit passes: one function for all, so that a limit needs no closure of its own. */
export type Expire<Owner> = (owner: Owner, timeoutMs: number) => void;

class Entry implements Deadline {
  readonly queue: DeadlineQueue;
  readonly expiresAt: number;
  readonly owner: unknown;
  readonly expire: Expire<never>;
  previous: Entry | undefined = undefined;
  next: Entry | undefined = undefined;
  open = true;

  constructor(queue: DeadlineQueue, expiresAt: number, owner: unknown, expire: Expire<never>) {
    this.queue = queue;
    this.expiresAt = expiresAt;
    this.owner = owner;
    this.expire = expire;
  }

  cancel(): void {
    if (this.open) this.queue.remove(this);
  }
}

/** The limits of one duration. The timer holds the process only while a limit runs. */
export class DeadlineQueue {
  readonly #runtime: Runtime;
  readonly #timeoutMs: number;
  #first: Entry | undefined = undefined;
  #last: Entry | undefined = undefined;
  #timer: Timer | undefined = undefined;

  constructor(runtime: Runtime, timeoutMs: number) {
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
  }

  /** Starts a limit that began at `startedAt` (monotonic). `expire` is called once with its owner, unless cancelled. */
  start<Owner>(startedAt: number, owner: Owner, expire: Expire<Owner>): Deadline {
    const entry = new Entry(this, startedAt + this.#timeoutMs, owner, expire as Expire<never>);
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
    const wait = this.#first!.expiresAt - now;
    this.#timer = this.#runtime.setTimer(() => this.#ring(), Math.max(0, wait));
  }

  #ring(): void {
    this.#timer = undefined;
    const now = this.#runtime.monotonic();
    for (let entry = this.#first; entry !== undefined && entry.expiresAt <= now; entry = this.#first) {
      this.remove(entry);
      entry.expire(entry.owner as never, this.#timeoutMs);
    }
    if (this.#first !== undefined && this.#timer === undefined) this.#arm(now);
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
