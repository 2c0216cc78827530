/** Lets calls of one model out at the rate that it bears, from its first 429 on until it has shown no limit for a while. */

import { FlockError } from "../../../core/errors/errors.ts";
import type { LayerCall } from "../../../core/layer.ts";
import type { Cooldown } from "../../../core/runtime/cooldown.ts";
import type { Runtime, Timer } from "../../../core/runtime/runtime.ts";
import { timeLeftMs } from "../loop/time-left.ts";
import { LearntRate } from "./learnt-rate.ts";
import type { Outgoing } from "./outgoing.ts";
import { type Waiting, WaitingLine } from "./waiting-line.ts";

/** After so long without a 429 nothing is held back any more. Milliseconds. */
const quietMs = 60_000;
/** Whoever waits is sent away when nothing came through for so long, in as many requests as one call may make. */
const patienceMs = 120_000;
const patienceTries = 6;
/** A lone caller spreads its tries over a minute, which is the longest window that is usual. */
const soonestMs = 50;
const minuteMs = 65_000;
/** More callers than this are refused at once. */
const mostWaiting = 100_000;

/** The line before one model. */
export class RateGate {
  readonly #model: string;
  readonly #runtime: Runtime;
  readonly #cooldown: Cooldown;
  readonly #rate: LearntRate;
  readonly #line = new WaitingLine();
  /** What was let out and has not ended. */
  readonly #out = new WeakMap<LayerCall, Outgoing>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #lastRefusalAt: number;
  /** Since when, and for how many requests, nothing came through. */
  #stuckSince: number;
  #stuckTries = 0;
  #throughBefore = 0;

  constructor(model: string, runtime: Runtime, cooldown: Cooldown) {
    const now = runtime.monotonic();
    this.#model = model;
    this.#runtime = runtime;
    this.#cooldown = cooldown;
    this.#rate = new LearntRate(now);
    this.#lastRefusalAt = now;
    this.#stuckSince = now;
  }

  /** Calls that came through since the first 429. */
  get through(): number {
    return this.#rate.admitted;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Nobody waits, and no 429 came for a while. */
  get isOver(): boolean {
    return this.#line.size === 0 && this.#runtime.monotonic() - this.#lastRefusalAt > quietMs;
  }

  /**
   * Lets an attempt out at once, or in its turn.
   *
   * @throws rate_limited where its turn would come after its deadline, or too many wait.
   */
  enter(call: LayerCall): void | Promise<void> {
    const now = this.#runtime.monotonic();
    if (this.#line.size === 0 && this.#nextAt(now) <= now) {
      this.#rate.idle();
      this.#out.set(call, this.#rate.letOut(now));
      return;
    }
    return this.#wait(call, now);
  }

  /** Learns how an attempt ended; one that it did not let out had gone before it was there. */
  leave(call: LayerCall, isRefused: boolean, retryAfterMs: number): void {
    const now = this.#runtime.monotonic();
    const outgoing = this.#out.get(call);
    this.#out.delete(call);
    if (isRefused) {
      this.#lastRefusalAt = now;
      if (outgoing === undefined) this.#rate.strangerRefused(call.startedAt, now, retryAfterMs);
      else this.#refused(outgoing, now, retryAfterMs);
    } else if (outgoing !== undefined) {
      if (call.wasCancelled) this.#rate.calledOff(outgoing);
      else this.#rate.passed(outgoing);
    }
    this.#serve();
  }

  /** One that was let out did not go. */
  callOff(call: LayerCall): void {
    const outgoing = this.#out.get(call);
    if (outgoing === undefined) return;
    this.#out.delete(call);
    this.#rate.calledOff(outgoing);
    this.#serve();
  }

  #refused(outgoing: Outgoing, now: number, retryAfterMs: number): void {
    this.#rate.refused(outgoing, now, retryAfterMs, this.#stretch());
    if (this.#rate.admitted > this.#throughBefore) {
      this.#throughBefore = this.#rate.admitted;
      this.#stuckSince = now;
      this.#stuckTries = 0;
    }
    this.#stuckTries += 1;
    if (this.#stuckTries < patienceTries || now - this.#stuckSince < patienceMs) return;
    this.#stuckSince = now;
    for (const { call, reject } of this.#line.takeAll()) reject(this.#refusal(call, this.#nextAt(now) - now, "stuck"));
  }

  /** The fewer wait, the further apart they ask, so that the tries of even one outlast a minute. */
  #stretch(): number {
    const tries = (patienceTries - 1) * (this.#line.size + 1);
    return Math.max(1.15, (minuteMs / soonestMs) ** (1 / (tries - 1)));
  }

  #nextAt(now: number): number {
    return Math.max(this.#rate.nextAt(now), now + this.#cooldown.remainingMs(this.#model));
  }

  async #wait(call: LayerCall, now: number): Promise<void> {
    const ownMs = this.#nextAt(now) - now;
    const aheadMs = (1_000 * this.#line.ahead(call)) / (this.#rate.perSecond ?? Number.POSITIVE_INFINITY);
    if (Math.max(ownMs, aheadMs) >= timeLeftMs(call)) throw this.#refusal(call, Math.max(ownMs, aheadMs), "deadline");
    if (this.#line.size >= mostWaiting) throw this.#refusal(call, ownMs, "line");
    const { signal } = call.context;
    signal.throwIfAborted();
    call.waitStart("rate limit");
    const turn = Promise.withResolvers<Outgoing>();
    const waiting: Waiting = { call, resolve: turn.resolve, reject: turn.reject };
    const abort = (): void => {
      this.#line.remove(waiting);
      // Told before the call's own end.
      call.waitEnd("rate limit", this.#runtime.monotonic() - now);
      turn.reject(signal.reason);
      this.#serve();
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#line.add(waiting);
    this.#serve();
    try {
      this.#out.set(call, await turn.promise);
    } finally {
      signal.removeEventListener("abort", abort);
      if (!signal.aborted) call.waitEnd("rate limit", this.#runtime.monotonic() - now);
    }
  }

  /** Lets out whose turn it is, and sees to it that the next is let out in time. */
  #serve(): void {
    for (;;) {
      if (this.#line.size === 0) return this.#wake(Number.POSITIVE_INFINITY);
      const now = this.#runtime.monotonic();
      const nextAt = this.#nextAt(now);
      if (nextAt > now) return this.#wake(nextAt, now);
      // While the limit is closed whoever asked least may ask; else who came first goes first.
      const waiting = this.#rate.isOpen ? this.#line.takeFirst() : this.#line.takeFreshest();
      waiting.resolve(this.#rate.letOut(now));
    }
  }

  #wake(at: number, now = 0): void {
    if (at === this.#timerAt) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const dueAt = now + Math.max(1, Math.ceil(at - now));
    this.#timer = this.#runtime.setTimer(() => {
      this.#timer = undefined;
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#rate.late(this.#runtime.monotonic() - dueAt);
      this.#serve();
    }, dueAt - now);
  }

  #refusal(call: LayerCall, waitMs: number, why: keyof typeof reasons): FlockError<"rate_limited"> {
    const model = this.#model;
    const message = `${model} limits how fast it is called, and ${reasons[why]}; call it less at a time, or raise the limit with the vendor`;
    const details = {
      model,
      status: 429,
      retryable: false,
      retryAfterMs: Math.ceil(waitMs),
      progress: "not-sent",
    } as const;
    return new FlockError("rate_limited", message, { details, path: call.path });
  }
}

const reasons = {
  deadline: "the turn of this call would come after its deadline",
  line: `more than ${mostWaiting} calls wait for it`,
  stuck: `it let no call through for ${patienceMs / 1_000} s`,
} as const;
