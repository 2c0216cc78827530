/** Quantiles of an endless stream within 1 %, in 12 KB that never grow. */

/** Buckets to an octave; each is at most 1/64 of its value wide. */
const bucketsPerOctave = 64;
const lowestExponent = -14;
const highestExponent = 34;
const firstBits = (1023 + lowestExponent) * bucketsPerOctave;
const lastBucket = (highestExponent - lowestExponent) * bucketsPerOctave;
const mostPerBucket = 0xffff_ffff;

/** How many buckets there are; the first holds what is below the range, the last ends at its top. */
export const bucketCount = lastBucket + 1;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const highWord = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * Gives the bucket of a value of 0 or more: the exponent and the first six bits of the fraction, read from the float
 * itself. Equal or greater values never get a lower bucket.
 */
export function bucketOf(value: number): number {
  float[0] = value;
  const bucket = (words[highWord]! >>> 14) - firstBits + 1;
  return bucket < 0 ? 0 : bucket > lastBucket ? lastBucket : bucket;
}

/** Gives the value that stands for a bucket: at most 0.78 % from each value in it. */
export function bucketValue(bucket: number): number {
  if (bucket <= 0) return 0;
  const step = bucket - 1;
  const octave = 2 ** (lowestExponent + Math.floor(step / bucketsPerOctave));
  const low = octave * (1 + (step % bucketsPerOctave) / bucketsPerOctave);
  const high = low + octave / bucketsPerOctave;
  return (2 * low * high) / (low + high);
}

/**
 * Gives the value of the bucket that holds the `p`-quantile by nearest rank, or 0 when all are empty. `total` is the sum
 * of the counts.
 */
export function quantileOfBuckets(counts: Uint32Array, total: number, p: number): number {
  const rank = Math.max(1, Math.ceil(p * total));
  let seen = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    seen += counts[bucket]!;
    if (seen >= rank) return bucketValue(bucket);
  }
  return 0;
}

/** The usual figures of a distribution; all 0 when nothing was recorded. */
export interface DistributionSummary {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
}

/**
 * Counts values in buckets of equal relative width, so that every quantile is within 1 % of an exact one (nearest rank)
 * for values from 2^-14 to 2^34: in milliseconds 60 nanoseconds to half a year. Smaller values count as 0, greater ones
 * in the topmost bucket; count, sum, minimum and maximum are exact for all. A bucket stops at 2^32 - 1.
 *
 * The idea is DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
 * Guarantees", VLDB 2019), with buckets linear within an octave and read from the bits of the float instead of a logarithm.
 */
export class QuantileSketch {
  readonly #counts = new Uint32Array(bucketCount);
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  get count(): number {
    return this.#count;
  }
  get sum(): number {
    return this.#sum;
  }
  /** 0 when nothing was recorded, like all figures here. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }
  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }
  get max(): number {
    return this.#max;
  }

  /** Adds a value. Negative, infinite and undefined numbers are left out; never throws. */
  record(value: number): void {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return;
    const bucket = bucketOf(value);
    const counts = this.#counts;
    const next = counts[bucket]! + 1;
    if (next <= mostPerBucket) counts[bucket] = next;
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /** Gives the smallest value that at least the share `p` of all values does not exceed, within 1 %; 0 when empty. `p` outside 0 to 1 is clamped. */
  quantile(p: number): number {
    if (this.#count === 0) return 0;
    if (!(p > 0)) return this.#min;
    if (p >= 1) return this.#max;
    const value = quantileOfBuckets(this.#counts, this.#kept(), p);
    return Math.min(Math.max(value, this.#min), this.#max);
  }

  /** Adds all that another sketch holds; the same as recording both streams into one. */
  merge(other: QuantileSketch): void {
    const from = other.#counts;
    const into = this.#counts;
    for (let bucket = 0; bucket < from.length; bucket++) {
      const count = from[bucket]!;
      if (count > 0) into[bucket] = Math.min(into[bucket]! + count, mostPerBucket);
    }
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Forgets all values. */
  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = 0;
  }

  summary(): DistributionSummary {
    const { count, mean, min, max } = this;
    const [p50, p90, p95, p99] = [this.quantile(0.5), this.quantile(0.9), this.quantile(0.95), this.quantile(0.99)];
    return { count, mean, min, max, p50, p90, p95, p99 };
  }

  toJSON(): DistributionSummary {
    return this.summary();
  }

  /** Only differs from the count once a bucket is full. */
  #kept(): number {
    if (this.#count <= mostPerBucket) return this.#count;
    let kept = 0;
    for (const count of this.#counts) kept += count;
    return kept;
  }
}
