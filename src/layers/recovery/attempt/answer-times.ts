/** Learns from how long answers took; imported once enough came. */

import type { LearntLimit } from "./learnt-limit.ts";

const bucketsPerOctave = 16;
/** Up to 2^22 ms, more than an hour. */
const bucketCount = 22 * bucketsPerOctave;
/** From so many answers on all counts are halved, so that what came lately weighs most. */
const agesAt = 1_000;
/** Limits follow after so many answers. */
const followsAfter = 32;

/**
 * The times of the answers of one model to one agent, in fixed memory: counts in buckets whose bounds grow by 2^(1/16), so
 * that a percentile is off by 2.2 % at most, as in DDSketch (Masson, Rim and Lee, VLDB 2019). Counts are halved whenever a
 * thousand came, as in TinyLFU (Einziger, Friedman and Manes, 2017): a model that became slower or faster is followed.
 */
export class AnswerTimes {
  readonly #counts = new Float32Array(bucketCount);
  readonly #limits: readonly LearntLimit[];
  #total = 0;
  #noted = 0;

  constructor(limits: readonly LearntLimit[], first: readonly number[]) {
    this.#limits = limits;
    for (const ms of first) this.#add(ms);
    this.follow();
  }

  note(ms: number): void {
    this.#add(ms);
    this.#noted += 1;
    if (this.#noted % followsAfter === 0) this.follow();
  }

  /** Gives the time within which so many percent of the answers came, in milliseconds. */
  percentile(percent: number): number {
    const wanted = (this.#total * percent) / 100;
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      seen += this.#counts[bucket]!;
      // Halved counts add up only nearly.
      if (seen >= wanted - 1e-3) return 2 ** ((bucket + 0.5) / bucketsPerOctave);
    }
    return 2 ** (bucketCount / bucketsPerOctave);
  }

  /** Sets the limits to what is known now. */
  follow(): void {
    for (const { percentile, factor, leastMs, queue } of this.#limits) {
      queue.change(Math.max(leastMs, Math.ceil(factor * this.percentile(percentile))));
    }
  }

  #add(ms: number): void {
    const bucket = Math.floor(Math.log2(Math.max(1, ms)) * bucketsPerOctave);
    this.#counts[Math.min(bucket, bucketCount - 1)]! += 1;
    this.#total += 1;
    if (this.#total < agesAt) return;
    this.#total = 0;
    for (let i = 0; i < bucketCount; i++) {
      this.#counts[i]! /= 2;
      this.#total += this.#counts[i]!;
    }
  }
}
