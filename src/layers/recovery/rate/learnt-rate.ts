/** Learns how fast a model lets calls through, from those it refused; knows no timers, so that it can be simulated. */

import { LearntWindow } from "./learnt-window.ts";
import type { Outgoing } from "./outgoing.ts";
import { RateReadings } from "./rate-readings.ts";
import { Reopening } from "./reopening.ts";

/** Calls may follow one another so much faster than the learnt rate, as long as unused ones are left from before. */
const catchUp = 6;
/** Of longer windows the first so many calls are remembered while they are learnt. */
const keptCalls = 10_000;
/** A window of fewer calls is no worse kept to by rate alone. */
const fewestCalls = 8;

/**
 * An estimate of a model's rate. From one opening of its limit to the next exactly as much comes through as the limit allows,
 * whatever kind of limit it is; that is the rate. After a refusal one call at a time finds out when the limit opens again; then as many may
 * be unanswered for as came through since, as in TCP's slow start (RFC 5681), until what was saved up meanwhile is used;
 * then calls go out at the rate, at first barely above it and then ever more boldly, as in CUBIC (RFC 9438).
 */
export class LearntRate {
  readonly #reopening: Reopening;
  readonly #read = new RateReadings();
  #window: LearntWindow | undefined;
  /** Most calls of one open phase: no more is ever saved up. */
  #most = 0;
  #isOpen = false;
  /** Counts refusals that closed the limit: who went out in an earlier era says nothing new. */
  #era = 0;
  #admitted = 0;
  #admittedAtOpening = 0;
  #closedAt: number;
  /** Nobody waited for a while, or others took their part: more came through, or could have, than was counted. */
  #sawLess = false;
  #credit = 0;
  #creditAt = 0;
  #spacedUntil = 0;
  /** Calls of this era that may still be refused. */
  #unsure: Outgoing[] = [];
  /** Calls since the limit opened, the last ones. */
  #phase: Outgoing[] = [];
  /** How long a refusal takes at most. */
  #echoMs = 50;
  /** How late this side is with all it does. */
  #lagMs = 0;

  /** Begins with a refusal. */
  constructor(now: number) {
    this.#reopening = new Reopening(now);
    this.#closedAt = now;
  }

  /** Calls that came through, as far as is known. */
  get admitted(): number {
    return this.#admitted - this.#unsure.length;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Calls a second; undefined while nothing is known. */
  get perSecond(): number | undefined {
    const rate = this.#window?.rate ?? this.#read.rate;
    return rate === 0 ? undefined : rate * 1000;
  }

  /** Gives the moment from which one more may go out; later when it must be asked again then. */
  nextAt(now: number): number {
    this.#believe(now);
    if (!this.#isOpen) return this.#unsure[0] === undefined ? this.#reopening.probeAt : this.#sureAt(this.#unsure[0]);
    if (this.#window !== undefined) return Math.max(this.#window.nextAt(now), this.#spacedUntil);
    if (this.#read.rate === 0) {
      const sure = this.#admitted - this.#admittedAtOpening - this.#unsure.length;
      return this.#unsure.length < Math.max(1, sure) ? now : this.#sureAt(this.#unsure[0]!);
    }
    this.#save(now);
    // What is short of a whole call by rounding alone would be waited for without end.
    if (this.#credit < 0.999) return now + (1 - this.#credit) / (this.#read.rate * this.#boldness());
    return Math.max(now, this.#spacedUntil);
  }

  /** Lets one out. */
  letOut(now: number): Outgoing {
    const outgoing = { at: now, era: this.#era };
    this.#admitted += 1;
    this.#unsure.push(outgoing);
    if (this.#window !== undefined) this.#window.letOut(outgoing);
    else if (this.#phase.length < keptCalls) this.#phase.push(outgoing);
    if (this.#isOpen && this.#read.rate > 0) {
      this.#credit -= 1;
      // A timer that came late is caught up with, but not for long.
      this.#spacedUntil =
        Math.max(this.#spacedUntil, now - 2) + 1 / (this.#read.rate * Math.max(catchUp, this.#boldness()));
    }
    return outgoing;
  }

  /** A timer came so late: refusals that are there already may be heard as late. */
  late(ms: number): void {
    this.#lagMs = Math.max(ms, this.#lagMs / 2);
  }

  /** Nobody waits: what comes through from here on says only that the rate is not lower. */
  idle(): void {
    this.#sawLess = true;
  }

  /** One that was let out was not refused. */
  passed(outgoing: Outgoing): void {
    if (this.#drop(outgoing) && !this.#isOpen) this.#open(outgoing.at);
  }

  /** One was called off, so that nothing is known of it. */
  calledOff(outgoing: Outgoing): void {
    if (this.#drop(outgoing)) this.#admitted -= 1;
  }

  /** One was refused that went out before anybody counted. */
  strangerRefused(at: number, now: number, waitMs = 0): void {
    // In a burst most refusals are late for want of time on this side; the fastest tells how long one takes.
    this.#echoMs = Math.min(this.#echoMs, Math.max(10, (now - at) * 1.5 + 5));
    // What others were let through was not counted.
    if (this.#isOpen) this.#sawLess = true;
    if (!this.#read.isEmpty) return;
    this.#closedAt = now;
    this.#reopening.stillClosed(now);
    if (waitMs > 0) this.#reopening.announced(now + waitMs);
  }

  /**
   * One was refused.
   *
   * @param waitMs how long whoever refused asked to wait; 0 for not.
   * @param stretch how much later than this one the next is to ask, as a ratio, when nothing better is known.
   */
  refused(outgoing: Outgoing, now: number, waitMs = 0, stretch = 1.15): void {
    this.#drop(outgoing);
    if (this.#window !== undefined) this.#window.forget(outgoing);
    else if (this.#phase.includes(outgoing)) this.#phase.splice(this.#phase.indexOf(outgoing), 1);
    this.#admitted -= 1;
    this.#echoMs = Math.min(2_000, Math.max(10, (now - outgoing.at) * 1.5 + 5, this.#echoMs * 0.8));
    if (outgoing.era !== this.#era) return;
    const came = this.#admitted - this.#unsure.length - this.#admittedAtOpening;
    if (this.#isOpen && came > 0) {
      // A window that is hardly begun was begun too soon by what times of travel differ by.
      const isFull = this.#window?.isFull(came) !== false;
      this.#window?.refused();
      this.#closedAt = outgoing.at;
      this.#reopening.closed(outgoing.at, this.#read.rate === 0 ? this.#echoMs : 1 / this.#read.rate, isFull);
    } else {
      if (this.#isOpen) this.#read.undo();
      this.#reopening.failed(outgoing.at, now, stretch);
    }
    if (waitMs > 0) this.#reopening.announced(now + waitMs);
    this.#isOpen = false;
    this.#era += 1;
    this.#unsure = [];
  }

  #sureAt({ at }: Outgoing): number {
    return at + this.#echoMs + this.#lagMs;
  }

  /** Whoever was not refused as fast as others came through. */
  #believe(now: number): void {
    for (;;) {
      const oldest = this.#unsure[0];
      if (oldest === undefined || this.#sureAt(oldest) > now) return;
      this.passed(oldest);
    }
  }

  #drop(outgoing: Outgoing): boolean {
    const index = this.#unsure.indexOf(outgoing);
    if (index >= 0) this.#unsure.splice(index, 1);
    return index >= 0;
  }

  #open(at: number): void {
    const calls = this.#admitted - 1 - this.#admittedAtOpening;
    const isFirst = this.#read.isEmpty;
    const sawLess = this.#sawLess;
    this.#isOpen = true;
    this.#reopening.opened(at);
    this.#admittedAtOpening = this.#admitted - 1;
    this.#read.opened({ at, admitted: this.#admittedAtOpening }, sawLess);
    this.#sawLess = false;
    if (!isFirst) {
      this.#most = Math.max(calls, this.#most * 0.9);
      if (!sawLess) this.#keepWindow(calls, at);
    }
    if (this.#window === undefined) this.#phase = this.#phase.slice(-1);
    this.#credit = Math.min(this.#most, this.#read.rate * (at - this.#closedAt)) - 1;
    this.#creditAt = at;
    this.#spacedUntil = at;
  }

  /** Keeps to a window as soon as the limit shows that it counts so. */
  #keepWindow(calls: number, at: number): void {
    const { windowMs } = this.#reopening;
    if (this.#window !== undefined) {
      const openedAt = this.#read.previousAt ?? at;
      this.#window.reopened(calls, this.#closedAt - openedAt, at - this.#closedAt);
    } else if (windowMs !== undefined && calls >= fewestCalls) {
      this.#window = new LearntWindow(calls, windowMs + this.#echoMs / 4, {
        sent: this.#phase,
        isUsual: this.#reopening.isUsual,
      });
    }
  }

  #save(now: number): void {
    this.#credit = Math.min(
      Math.max(1, this.#most),
      this.#credit + (now - this.#creditAt) * this.#read.rate * this.#boldness(),
    );
    this.#creditAt = now;
  }

  #boldness(): number {
    return this.#read.boldness(this.#admitted - this.#admittedAtOpening);
  }
}
