/** Where acquisitions wait: lines in front of short limits, served in turn whenever something comes back. */

import { deadlineQueue } from "../../../core/runtime/deadline-queue.ts";
import type { Runtime } from "../../../core/runtime/runtime.ts";
import { type Hold, isBelow } from "../hold.ts";
import type { Lease } from "../lease.ts";
import { concurrencyDimension, customDimension, type Limit } from "../limits/limit.ts";
import type { Scope } from "../limits/scope.ts";
import { deadlocked, queueFull, refusalOf, timedOut } from "../refusals.ts";
import type { Holders } from "./holders.ts";
import { Lines } from "./lines.ts";
import { lend, lendableOf, lendableTo } from "./loans.ts";
import { Ranks } from "./ranks.ts";
import { blocksHolder, everyHolderWaits, stuckWaiters, waitingHolders } from "./stuck.ts";
import { Lane, Waiter } from "./waiter.ts";
import { type Waits, waitsOf } from "./waits.ts";
import { WakeTimer } from "./wake-timer.ts";

/** How one acquisition waits. */
export interface WaitOptions {
  readonly signal: AbortSignal | undefined;
  readonly priority: number;
  readonly timeoutMs: number | undefined;
}

/**
 * The queue of a tree of managers. Each lane of waiters stands in the line of one limit that is short for it, so that a
 * release looks at those alone whom it can serve; when another limit turns out to be short, the lane moves there.
 */
export class WaitingRoom {
  readonly holders: Holders;
  readonly #runtime: Runtime;
  readonly #ageingMs: number;
  readonly #waits: Waits;
  readonly #ranks = new Ranks();
  readonly #lanes = new Map<string, Lane>();
  readonly #lines: Lines;
  readonly #timer: WakeTimer;
  #lastLane = 0;
  /** When it was last looked for waits that never end. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Counts times that lines were looked at. */
  #pass = 0;
  #size = 0;
  /** The oldest that was passed over too long: what it needs is kept for it. */
  #next: Waiter | undefined = undefined;
  #keptIn: readonly Limit[] = [];
  readonly #aborted = (waiter: Waiter): void => {
    this.#leave(waiter, this.#runtime.monotonic());
    waiter.reject(waiter.signal?.reason);
  };

  constructor(runtime: Runtime, holders: Holders, ageingMs: number) {
    this.holders = holders;
    this.#runtime = runtime;
    this.#ageingMs = ageingMs;
    this.#lines = new Lines(ageingMs);
    this.#waits = waitsOf(runtime);
    this.#timer = new WakeTimer(runtime, ageingMs, (now) => this.#beat(now));
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  get waiters(): Iterable<Waiter> {
    return this.#ranks;
  }

  /** Gives how many wait in the line of a limit. */
  waitingFor(limit: Limit): number {
    let count = 0;
    for (const lane of this.#lines.of(limit) ?? []) for (const _ of lane.waiters) count += 1;
    return count;
  }

  /**
   * Takes all a hold asks for, or nothing; gives the limit that is short then. A newcomer stands behind those who wait; a
   * waiter passes those alone whom it outranks. Permits of holders above are lent to it.
   */
  take(hold: Hold, now: number, waiter?: Waiter): Limit | undefined {
    const { path } = hold.scope;
    const stands = waiter?.lane?.limit;
    let borrows: Limit[] | undefined;
    let short: Limit | undefined;
    let behind: Limit | undefined;
    for (const limit of path) {
      const amount = hold.amountOf(limit.dimension);
      if (amount === 0) continue;
      const hasRoom = this.#hasRoom(limit, amount, now, waiter);
      if (hasRoom && this.#isTurn(limit, now, waiter)) continue;
      if (amount <= lendableTo(hold, limit, this.holders)) {
        borrows ??= [];
        borrows.push(limit);
      } else if (hasRoom) behind ??= limit;
      else if (short === undefined || limit === stands) short = limit;
    }
    if (short !== undefined) return short;
    if (behind !== undefined) {
      if (waiter?.lane !== undefined) waiter.lane.yieldedIn = this.#pass;
      return behind;
    }
    for (const limit of path) {
      const amount = hold.amountOf(limit.dimension);
      if (borrows?.includes(limit)) lend(hold, limit, this.holders);
      else if (amount > 0) limit.take(amount, now);
    }
    this.holders.add(hold, now);
    return undefined;
  }

  /** Lets a hold wait that was short of a limit. The promise settles when it is served, refused, aborted or too late. */
  wait(hold: Hold, short: Limit, options: WaitOptions, now: number): Promise<Lease> {
    const full = this.#makePlace(hold, options.priority, now);
    if (full !== undefined) return Promise.reject(queueFull(full, hold, false));
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    const waiter = new Waiter(hold, { priority: options.priority, enteredAt: now }, { resolve, reject }, this.#aborted);
    this.#enter(waiter, short, now);
    if (options.signal !== undefined) {
      waiter.signal = options.signal;
      options.signal.addEventListener("abort", waiter, { once: true });
    }
    if (options.timeoutMs !== undefined) {
      waiter.deadline = deadlineQueue(this.#runtime, options.timeoutMs).start(now, waiter, this.#expired);
    }
    this.#serveDue(now);
    if (waiter.lane !== undefined) this.#checkDeadlock(waiter, now);
    return promise;
  }

  /** Serves whoever can go on after something came back to these limits. */
  freed(limits: readonly Limit[], now: number): void {
    for (const limit of limits) {
      limit.freedAt = now;
      if (limit.waiting > 0) this.#lines.due.add(limit);
    }
    this.#serveDue(now);
  }

  /** Serves those below holders whose permits came back to be lent again. */
  lendAgain(limit: Limit, lenders: readonly Hold[], now: number): void {
    for (const lane of this.#lines.of(limit) ?? []) {
      if (!lenders.some((lender) => isBelow(lane.owner, lender.owner))) continue;
      for (let waiter = lane.waiters.first; waiter !== undefined; waiter = lane.waiters.first) {
        if (this.take(waiter.hold, now, waiter) !== undefined) break;
        this.#serve(waiter, now);
      }
      if (lenders.every((lender) => lendableOf(limit, lender) === 0)) break;
    }
    this.#serveDue(now);
  }

  /** Looks at everyone anew after limits changed: who can never be served is refused, who can be is served. */
  limitsChanged(now: number): void {
    const lanes = [...this.#lanes.values()];
    this.#keepNothing();
    for (const lane of lanes) {
      this.#lines.stand(lane, undefined);
      for (const waiter of [...lane.waiters]) this.#refuseImpossible(waiter, now);
    }
    for (const lane of lanes) {
      const first = lane.waiters.first;
      if (first === undefined) continue;
      // Any limit will do: serving moves it on to the one that is short.
      this.#lines.stand(lane, first.hold.scope.path[0]);
    }
    this.#serveDue(now);
  }

  #hasRoom(limit: Limit, amount: number, now: number, waiter: Waiter | undefined): boolean {
    const isFirst = waiter !== undefined && (waiter === this.#next || waiter.lane?.jumps === true);
    return amount <= limit.room(now) - (isFirst ? 0 : limit.kept);
  }

  /** Tells whether nobody in the line of a limit comes before. A lane yields once a pass, or two could yield for ever. */
  #isTurn(limit: Limit, now: number, waiter: Waiter | undefined): boolean {
    if (limit.waiting === 0) return true;
    const lane = waiter?.lane;
    if (lane === undefined) return false;
    if (lane.limit === limit || waiter === this.#next || lane.jumps || lane.yieldedIn === this.#pass) return true;
    const line = this.#lines.of(limit)!;
    const other = line.best(now);
    if (other === undefined) return true;
    const ahead = line.levelOf(lane, now) - line.levelOf(other, now);
    return ahead === 0 ? lane.since < other.since : ahead > 0;
  }

  #enter(waiter: Waiter, short: Limit, now: number): void {
    const { hold, priority } = waiter;
    const key = laneKey(hold, priority);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      this.#lastLane += 1;
      lane = new Lane(key, hold.owner, priority, this.#lastLane, now);
      this.#lanes.set(key, lane);
    }
    waiter.lane = lane;
    waiter.inLane = lane.waiters.add(waiter);
    this.#ranks.add(waiter);
    for (const scope of hold.scope.above) scope.queued += 1;
    this.#size += 1;
    if (this.#size === 1) {
      this.#waits.places.add(this);
      this.#timer.start(now);
    }
    this.#waits.add(waiter);
    if (lane.limit === undefined) this.#lines.stand(lane, short);
  }

  /** Takes a waiter out, however it ended; the others are looked at by `#serveDue`. */
  #remove(waiter: Waiter, now: number): void {
    const { lane } = waiter;
    if (lane === undefined || waiter.inLane === undefined) return;
    const wasFirst = lane.waiters.first === waiter;
    lane.waiters.remove(waiter.inLane);
    waiter.lane = undefined;
    waiter.inLane = undefined;
    this.#ranks.remove(waiter);
    for (const scope of waiter.hold.scope.above) scope.queued -= 1;
    this.#waits.remove(waiter);
    waiter.deadline?.cancel();
    waiter.signal?.removeEventListener("abort", waiter);
    if (lane.waiters.isEmpty) {
      this.#lines.stand(lane, undefined);
      this.#lanes.delete(lane.key);
    } else if (wasFirst && lane.limit !== undefined) {
      this.#lines.of(lane.limit)?.headChanged(lane, now);
      this.#lines.due.add(lane.limit);
    }
    if (waiter === this.#next) this.#keepNothing();
    this.#size -= 1;
    if (this.#size > 0) return;
    this.#waits.places.delete(this);
    this.#timer.rest();
  }

  #serveDue(now: number): void {
    this.#pass += 1;
    for (const limit of this.#lines.due) {
      this.#lines.due.delete(limit);
      this.#serveLine(limit, now);
    }
  }

  #serveLine(limit: Limit, now: number): void {
    for (;;) {
      const lane = this.#turnIn(limit, now);
      const waiter = lane?.waiters.first;
      if (lane === undefined || waiter === undefined) return;
      if (this.#refuseImpossible(waiter, now)) continue;
      const short = this.take(waiter.hold, now, waiter);
      if (short === undefined) {
        this.#serve(waiter, now);
        continue;
      }
      if (short !== limit) waiter.moves += 1;
      this.#keepFor(waiter, short, now);
      if (short !== limit) {
        this.#lines.stand(lane, short);
        continue;
      }
      const kept = waiter === this.#next ? 0 : limit.kept;
      const wait = limit.waitFor(waiter.hold.amountOf(limit.dimension) + kept, now);
      this.#timer.wakeAt(now + wait, now);
      return;
    }
  }

  /** What is kept for the next waiter blocks all others of its line, so it comes before them. */
  #turnIn(limit: Limit, now: number): Lane | undefined {
    const best = this.#lines.of(limit)?.best(now);
    const kept = this.#next?.lane;
    return kept?.limit === limit && !best?.jumps ? kept : best;
  }

  #serve(waiter: Waiter, now: number): void {
    const { lane, hold } = waiter;
    const limit = lane?.limit;
    if (lane !== undefined && limit !== undefined) {
      this.#lines.of(limit)?.served(lane, hold.amountOf(limit.dimension), now);
    }
    this.#remove(waiter, now);
    waiter.resolve(hold.handle!);
  }

  #leave(waiter: Waiter, now: number): void {
    const { lane } = waiter;
    if (lane?.limit !== undefined) this.#lines.due.add(lane.limit);
    this.#remove(waiter, now);
    this.#serveDue(now);
  }

  #refuseImpossible(waiter: Waiter, now: number): boolean {
    const refused = refusalOf(waiter.hold, now);
    if (refused === undefined) return false;
    this.#remove(waiter, now);
    waiter.reject(refused);
    return true;
  }

  readonly #expired = (waiter: Waiter, timeoutMs: number): void => {
    const now = this.#runtime.monotonic();
    const limit = waiter.lane?.limit;
    this.#leave(waiter, now);
    if (limit !== undefined) waiter.reject(timedOut(limit, waiter.hold, now, timeoutMs));
  };

  /** Lets the least important waiter go where a scope is full; gives a scope where none is less important, and lets none go. */
  #makePlace(hold: Hold, priority: number, now: number): Scope | undefined {
    const full: Scope[] = [];
    for (const scope of hold.scope.above) {
      if (scope.queued < scope.maxQueue) continue;
      if (this.#ranks.leastBelow(priority, scope) === undefined) return scope;
      full.push(scope);
    }
    for (const scope of full) {
      // Who left an inner scope left the outer ones, too.
      const victim = scope.queued < scope.maxQueue ? undefined : this.#ranks.leastBelow(priority, scope);
      if (victim === undefined) continue;
      const error = queueFull(scope, victim.hold, true);
      this.#remove(victim, now);
      victim.reject(error);
    }
    return undefined;
  }

  /** Keeps what the oldest passed-over waiter needs, in all its limits at once, so that it cannot miss them in turns. */
  #keepFor(waiter: Waiter, short: Limit, now: number): void {
    const isSoon =
      short.kind === "permits" || short.waitFor(waiter.hold.amountOf(short.dimension), now) <= this.#ageingMs;
    if (waiter === this.#next) {
      if (isSoon) return;
      // Counted from 0, or it would be kept for again at once, and so on for ever.
      waiter.moves = 0;
      this.#keepNothing();
      return;
    }
    if (!isSoon || waiter.moves < passedOver || now - waiter.enteredAt < this.#ageingMs) return;
    if (this.#next !== undefined && this.#next.enteredAt <= waiter.enteredAt) return;
    this.#keepNothing();
    this.#next = waiter;
    this.#keptIn = waiter.hold.scope.path;
    for (const limit of this.#keptIn) limit.kept = waiter.hold.amountOf(limit.dimension);
  }

  #keepNothing(): void {
    for (const limit of this.#keptIn) {
      limit.kept = 0;
      if (limit.waiting > 0) this.#lines.due.add(limit);
    }
    this.#keptIn = [];
    this.#next = undefined;
  }

  #beat(now: number): void {
    this.holders.watch(now);
    for (const [limit] of this.#lines) this.#lines.due.add(limit);
    this.#serveDue(now);
    if (now - this.#lookedAt < this.#ageingMs) return;
    this.#lookedAt = now;
    for (const [limit, line] of this.#lines) {
      if (now - limit.freedAt < this.#ageingMs || !everyHolderWaits(limit, this.holders, this.#waits)) continue;
      for (const lane of line) {
        const first = lane.waiters.first;
        if (first !== undefined && this.#checkDeadlock(first, now)) break;
      }
    }
  }

  #blocksAnyHolder(waiter: Waiter): boolean {
    for (const { holders } of this.#waits.places) if (blocksHolder(waiter, holders)) return true;
    return false;
  }

  /**
   * Where every holder of a limit waits, nothing of it comes back by itself: those below a holder go first if there is room,
   * and a wait that could never end is refused. Tells whether it did anything.
   */
  #checkDeadlock(waiter: Waiter, now: number): boolean {
    const lane = waiter.lane;
    const limit = lane?.limit;
    if (lane === undefined || limit === undefined || limit.kind === "window") return false;
    if (!everyHolderWaits(limit, this.holders, this.#waits)) return false;
    if (!this.#blocksAnyHolder(waiter)) return false;
    this.#lines.of(limit)?.jump(lane);
    if (this.take(waiter.hold, now, waiter) === undefined) {
      this.#serve(waiter, now);
      this.#serveDue(now);
      return true;
    }
    if (!stuckWaiters(this.#waits, now).has(waiter)) return false;
    const error = deadlocked(limit, waiter.hold, waitingHolders(limit, this.#waits, now));
    this.#leave(waiter, now);
    waiter.reject(error);
    return true;
  }
}

/** A waiter that missed this many turns since another limit was short each time is passed over. */
const passedOver = 4;

/** Waiters of one lane ask for the same limits, so that the first of them speaks for all. */
function laneKey(hold: Hold, priority: number): string {
  let needs = "";
  for (let dimension = concurrencyDimension; dimension < customDimension + (hold.custom?.length ?? 0); dimension++) {
    needs += hold.amountOf(dimension) > 0 ? "1" : "0";
  }
  return `${priority} ${needs} ${hold.scope.id} ${hold.owner}`;
}
