/** Finds how many calls at a time a model can take, from how it answers. */

import { checkOptions, numberBetween, optionError, wholeNumber } from "../../../core/options.ts";

/** Bounds and temper of an adaptive limit. */
export interface AdaptiveLimitOptions {
  /** @default 1 */
  readonly min?: number;
  /** @default 200 */
  readonly max?: number;
  /** Where it begins. @default 20, within the bounds */
  readonly initial?: number;
  /** How much slower than usual an answer may be before the limit shrinks: 1.5 is half as much again. @default 1.5 */
  readonly tolerance?: number;
  /** What the limit is multiplied with when the model says that it is overloaded. @default 0.7 */
  readonly backoff?: number;
}

/** One call that ended. */
export interface CallObservation {
  readonly durationMs: number;
  /** Tokens of the answer: with them speed is judged by token, so that long answers are no sign of load. */
  readonly outputTokens?: number | undefined;
  /** It was answered with 429, 503, 529 or the like. */
  readonly overloaded: boolean;
  /** Calls that ran when it began: what is not used is no reason to grow. @default as many as the limit */
  readonly inFlight?: number | undefined;
}

/** What is usual, learnt from this many calls: recent ones count more. */
const longWindow = 600;
const smoothing = 0.2;

/**
 * An estimate of the concurrency a server bears, a pure fold over ended calls. Growth and decrease by latency follow
 * Gradient2 of Netflix's concurrency-limits (2018): the limit moves with the ratio of usual to present latency, plus a
 * queue of its square root; a signal of overload decreases it by a factor, as in additive increase and multiplicative
 * decrease (Chiu and Jain, 1989), once for each round of calls in flight.
 */
export class AdaptiveLimit {
  readonly #min: number;
  readonly #max: number;
  readonly #tolerance: number;
  readonly #backoff: number;
  readonly #perToken = new UsualLatency();
  readonly #perCall = new UsualLatency();
  #limit: number;
  /** Calls still to end that began before the last decrease. */
  #settling = 0;

  /** @throws option_invalid for options that are unknown or wrong. */
  constructor(options: AdaptiveLimitOptions = {}) {
    checkOptions("AdaptiveLimit", options, {
      min: wholeNumber(1),
      max: wholeNumber(1),
      initial: wholeNumber(1),
      tolerance: numberBetween(1, 100),
      backoff: numberBetween(0.1, 0.99),
    });
    this.#min = options.min ?? 1;
    this.#max = options.max ?? Math.max(200, this.#min);
    if (this.#max < this.#min) throw optionError("AdaptiveLimit", "max", `at least min, ${this.#min}`, this.#max);
    this.#tolerance = options.tolerance ?? 1.5;
    this.#backoff = options.backoff ?? 0.7;
    this.#limit = this.#within(options.initial ?? 20);
  }

  /** Whole calls at a time. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Counts a call that ended and gives the limit from now on. Figures that are no times are left out. */
  observe(call: CallObservation): number {
    if (this.#settling > 0) this.#settling -= 1;
    if (call.overloaded) this.#decrease();
    else if (Number.isFinite(call.durationMs) && call.durationMs > 0) this.#follow(call);
    return this.limit;
  }

  #decrease(): void {
    if (this.#settling > 0) return;
    this.#settling = this.limit;
    this.#limit = this.#within(this.#limit * this.#backoff);
  }

  #follow(call: CallObservation): void {
    const { outputTokens = 0 } = call;
    const perToken = Number.isFinite(outputTokens) && outputTokens > 0;
    const usual = perToken ? this.#perToken : this.#perCall;
    const latency = perToken ? call.durationMs / outputTokens : call.durationMs;
    const before = usual.learn(latency);
    // Who uses half of the limit learns nothing about the other half.
    if ((call.inFlight ?? this.limit) < this.#limit / 2) return;
    const gradient = Math.max(0.5, Math.min(1, (this.#tolerance * before) / latency));
    if (this.#settling > 0 && gradient === 1) return;
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    this.#limit = this.#within(this.#limit * (1 - smoothing) + wanted * smoothing);
  }

  #within(limit: number): number {
    return Math.min(this.#max, Math.max(this.#min, limit));
  }
}

/** A slow average: what latency is usual. */
class UsualLatency {
  #mean = 0;
  #count = 0;

  /** Gives the average with this one counted in. */
  learn(latency: number): number {
    this.#count = Math.min(this.#count + 1, longWindow);
    this.#mean += (latency - this.#mean) / this.#count;
    // After an outage the average is far too high; it comes down faster than it would by itself.
    if (this.#mean > 2 * latency) this.#mean *= 0.95;
    return this.#mean;
  }
}
