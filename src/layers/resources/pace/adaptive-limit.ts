/** Finds how many calls at a time a model can take, from how it answers. */

import { checkOptions, numberBetween, optionError, wholeNumber } from "../../../core/errors/options.ts";

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

/** What is usual is learnt from so many rounds; a slow one counts a tenth, or a queue would soon look usual. */
const usualRounds = 60;
const slowRounds = 600;
/** How far one round moves the limit. */
const smoothing = 0.2;
const smallestRound = 4;

/**
 * An estimate of the concurrency a server bears, a pure fold over ended calls. After each round, as many calls as the
 * limit, it moves as Gradient2 of Netflix's concurrency-limits (2018) does: by the ratio of usual to present latency, plus
 * a queue of its square root. A signal of overload multiplies it down at once, as in additive increase and multiplicative
 * decrease (Chiu and Jain, 1989), once for each round.
 */
export class AdaptiveLimit {
  readonly #min: number;
  readonly #max: number;
  readonly #tolerance: number;
  readonly #backoff: number;
  readonly #perToken = new UsualLatency();
  readonly #perCall = new UsualLatency();
  #limit: number;
  /** Of this round: calls, the sum of how much slower than usual each was, and whether the limit was made use of. */
  #calls = 0;
  #slowness = 0;
  #isUsed = false;
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
    // Who uses half of the limit learns nothing about the other half.
    if ((call.inFlight ?? this.limit) >= this.#limit / 2) this.#isUsed = true;
    const { outputTokens = 0 } = call;
    const isPerToken = outputTokens > 0 && outputTokens < Number.POSITIVE_INFINITY;
    const slowness = isPerToken
      ? this.#perToken.observe(call.durationMs / outputTokens)
      : this.#perCall.observe(call.durationMs);
    this.#slowness += slowness;
    this.#calls += 1;
    if (this.#calls >= Math.max(smallestRound, this.limit)) this.#endRound();
  }

  #endRound(): void {
    const gradient = Math.max(0.5, Math.min(1, (this.#tolerance * this.#calls) / this.#slowness));
    const isSlow = this.#slowness > this.#tolerance * this.#calls;
    this.#perToken.endRound(isSlow);
    this.#perCall.endRound(isSlow);
    if (this.#isUsed && this.#settling === 0) {
      const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
      this.#limit = this.#within(this.#limit * (1 - smoothing) + wanted * smoothing);
    }
    this.#slowness = 0;
    this.#calls = 0;
    this.#isUsed = false;
  }

  #within(limit: number): number {
    return Math.min(this.#max, Math.max(this.#min, limit));
  }
}

/** What latency is usual, and the mean of the present round. */
class UsualLatency {
  #usual = 0;
  #rounds = 0;
  #sum = 0;
  #count = 0;

  /** Gives how many times as slow as usual this is; 1 while nothing is usual yet. */
  observe(latency: number): number {
    if (!(latency > 0)) return 1;
    this.#sum += latency;
    this.#count += 1;
    return this.#usual === 0 ? 1 : Math.min(latency / this.#usual, slowestTimes);
  }

  endRound(isSlow: boolean): void {
    if (this.#count === 0) return;
    const mean = this.#sum / this.#count;
    this.#sum = 0;
    this.#count = 0;
    this.#rounds = Math.min(this.#rounds + 1, usualRounds);
    // After an outage what is usual is far too high; it comes down faster than it would by itself.
    const weight = this.#rounds === 1 ? 1 : isSlow ? 1 / slowRounds : mean < this.#usual / 2 ? 0.5 : 1 / this.#rounds;
    this.#usual += (mean - this.#usual) * weight;
  }
}

/** One call that hung for minutes says no more than that. */
const slowestTimes = 100;
