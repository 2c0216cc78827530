/** The buckets of a sketch, of which a slot of time fills few: an octave takes memory when its first value comes. */

import { bucketCount, bucketValue } from "./quantile-sketch.ts";
import type { BucketCounts } from "./window-contents.ts";

const bucketsPerChunk = 64;
const chunkCount = Math.ceil(bucketCount / bucketsPerChunk);

/** Counts by bucket, in at most 12 KB and mostly in 2. */
export class SparseBuckets {
  readonly #chunks: (Uint32Array | undefined)[] = Array.from({ length: chunkCount });

  /** The buckets with something in them. */
  get counts(): BucketCounts {
    const counts: [number, number][] = [];
    for (const [at, chunk] of this.#chunks.entries()) {
      for (let bucket = 0; chunk !== undefined && bucket < bucketsPerChunk; bucket++) {
        if (chunk[bucket]! > 0) counts.push([at * bucketsPerChunk + bucket, chunk[bucket]!]);
      }
    }
    return counts;
  }

  /** Counts values of a bucket that `bucketOf` gave. */
  add(bucket: number, count = 1): void {
    const at = (bucket / bucketsPerChunk) | 0;
    let chunk = this.#chunks[at];
    if (chunk === undefined) {
      chunk = new Uint32Array(bucketsPerChunk);
      this.#chunks[at] = chunk;
    }
    chunk[bucket % bucketsPerChunk]! += count;
  }

  /** Takes away what another one holds, all of which was added here too. */
  subtract(other: SparseBuckets): void {
    for (const [at, taken] of other.#chunks.entries()) {
      const chunk = this.#chunks[at];
      if (taken === undefined || chunk === undefined) continue;
      for (let bucket = 0; bucket < bucketsPerChunk; bucket++) chunk[bucket]! -= taken[bucket]!;
    }
  }

  /** Forgets all counts and gives their memory back: the next values may be of other octaves. */
  clear(): void {
    this.#chunks.fill(undefined);
  }

  /** Gives the value of the bucket that holds the `p`-quantile by nearest rank; `total` is the sum of the counts. */
  quantile(total: number, p: number): number {
    const rank = Math.max(1, Math.ceil(p * total));
    let seen = 0;
    for (let at = 0; at < chunkCount; at++) {
      const chunk = this.#chunks[at];
      if (chunk === undefined) continue;
      for (let bucket = 0; bucket < bucketsPerChunk; bucket++) {
        seen += chunk[bucket]!;
        if (seen >= rank) return bucketValue(at * bucketsPerChunk + bucket);
      }
    }
    return 0;
  }
}
