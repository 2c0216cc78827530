/** Bounds retries by what succeeds, so that an outage is not made worse by everyone who asks again. */

import type { Runtime, Timer } from "../../../core/runtime/runtime.ts";

/** After so many failures in a row retries wait for news. */
const doubtfulFailures = 3;
/** How long they wait for it. */
const newsMs = 500;
/** With nothing under way and no success for so long, nobody waits on. */
const silenceMs = 5_000;
const longestWaitMs = 60_000;
/** What was earned in so long a time may all be spent, however much it is: those who fail together succeed together. */
const earnedForMs = 10_000;

/** Someone who waits for a retry. */
interface Waiting {
  readonly since: number;
  readonly give: (granted: boolean) => void;
}

/**
 * A budget of retries: each one takes 1, each success gives back a part. What is kept is at most twice the
 * reserve, or the reserve and what the last 10 to 20 s earned. Whoever finds it empty waits in line for successes. The idea is that of Finagle's `RetryBudget` (Twitter) and of "Handling Overload" in Google's
 * Site Reliability Engineering (2016).
 *
 * While nothing but failures come, retries wait in line too, for the next success or for a moment without news: first
 * attempts show as well as retries whether anything answers. Waits are bounded: 60 s, and 5 s once nothing is under way.
 */
export class RetryBudget {
  readonly #line = new Set<Waiting>();
  readonly #runtime: Runtime;
  readonly #isIdle: () => boolean;
  #tokens: number;
  #reserve: number;
  /** Earned since `#countingSince`, and in the time before that. */
  #earned = 0;
  #earnedBefore = 0;
  #countingSince = 0;
  #failuresInRow = 0;
  /** When the first of them began. */
  #failuresBeganAt = Number.NEGATIVE_INFINITY;
  #newsAt = Number.NEGATIVE_INFINITY;
  #depositAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  /** @param isIdle whether no attempt is under way, so that no success can come. */
  constructor(reserve: number, runtime: Runtime, isIdle: () => boolean = () => true) {
    this.#reserve = reserve;
    this.#tokens = reserve;
    this.#runtime = runtime;
    this.#isIdle = isIdle;
  }

  get tokens(): number {
    return this.#tokens;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Raises the reserve to that of whoever asks for most. */
  atLeast(reserve: number): void {
    if (reserve <= this.#reserve) return;
    this.#tokens += reserve - this.#reserve;
    this.#reserve = reserve;
    this.#serve();
  }

  /** Learns of a success. One that began before the failures did is worth as much, but says nothing new. */
  deposit(amount: number, beganAt = Number.POSITIVE_INFINITY): void {
    const now = this.#runtime.monotonic();
    this.#tokens = Math.min(this.#most(now, amount), this.#tokens + amount);
    if (beganAt >= this.#failuresBeganAt) this.#failuresInRow = 0;
    if (this.#line.size === 0) return;
    this.#depositAt = now;
    this.#serve();
  }

  #most(now: number, amount: number): number {
    const elapsedMs = now - this.#countingSince;
    if (elapsedMs >= earnedForMs) {
      this.#earnedBefore = elapsedMs >= 2 * earnedForMs ? 0 : this.#earned;
      this.#earned = 0;
      this.#countingSince = now;
    }
    this.#earned += amount;
    return Math.max(2 * this.#reserve, this.#reserve + this.#earned + this.#earnedBefore, 1);
  }

  /** Learns of a failure, and of when what failed began. */
  failed(beganAt = Number.NEGATIVE_INFINITY): void {
    if (this.#failuresInRow === 0) this.#failuresBeganAt = beganAt;
    this.#failuresInRow += 1;
    this.#newsAt = this.#runtime.monotonic();
  }

  /** Takes one retry if there is one. */
  tryTake(): boolean {
    if (this.#tokens < 1 || this.#line.size > 0 || this.#isDoubtful()) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Waits for a retry; false when there is none to be had. Rejects with the signal's own reason. */
  take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.tryTake()) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#remove(waiting);
        reject(signal.reason);
      };
      const since = this.#runtime.monotonic();
      const give = (granted: boolean): void => {
        signal.removeEventListener("abort", leave);
        this.#remove(waiting);
        resolve(granted);
      };
      const waiting: Waiting = { since, give };
      signal.addEventListener("abort", leave, { once: true });
      this.#line.add(waiting);
      this.#watch();
    });
  }

  /** Sends everyone who waits away. */
  refuse(): void {
    for (const waiting of this.#line) waiting.give(false);
  }

  #isDoubtful(): boolean {
    return this.#failuresInRow >= doubtfulFailures && this.#runtime.monotonic() - this.#newsAt < newsMs;
  }

  #serve(): void {
    if (this.#isDoubtful()) return;
    for (const waiting of this.#line) {
      if (this.#tokens < 1) return;
      this.#tokens -= 1;
      waiting.give(true);
    }
  }

  #remove(waiting: Waiting): void {
    this.#line.delete(waiting);
    if (this.#line.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Looks after the line while there is one. */
  #watch(): void {
    this.#timer ??= this.#runtime.setTimer(() => {
      this.#timer = undefined;
      this.#look();
      if (this.#line.size > 0) this.#watch();
    }, newsMs);
  }

  #look(): void {
    const now = this.#runtime.monotonic();
    const isStill = this.#isIdle() && this.#tokens < 1;
    for (const waiting of this.#line) {
      const silentSince = Math.max(waiting.since, this.#depositAt);
      if (now - waiting.since >= longestWaitMs || (isStill && now - silentSince >= silenceMs)) waiting.give(false);
      else break;
    }
    const first = this.#line.values().next().value;
    if (first === undefined || this.#tokens < 1 || this.#isDoubtful()) return;
    this.#tokens -= 1;
    // One goes ahead: what comes of it is the news that the others wait for.
    if (this.#failuresInRow >= doubtfulFailures) this.#newsAt = now;
    first.give(true);
  }
}
