/** Streams of keys for cache benchmarks: recorded ones when there are any, and generated ones that stand for kinds of use. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** A stream of uses of keys `0` to `keys - 1`. */
export interface Workload {
  readonly name: string;
  readonly uses: Int32Array;
  readonly keys: number;
  /** Numbers of entries to try. */
  readonly capacities: readonly number[];
}

const recordedShares = [0.05, 0.15, 0.4];
const length = 300_000;

/** Reads all traces of a folder: gzipped streams of big-endian 32-bit keys, named `….i32be.gz`. */
export function recordedWorkloads(folder: string | undefined): readonly Workload[] {
  if (folder === undefined || !existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".i32be.gz"));
  return files.sort().map((file) => {
    const bytes = gunzipSync(readFileSync(join(folder, file)));
    const numbers = new Map<number, number>();
    const uses = Int32Array.from({ length: bytes.length >> 2 }, (_, index) => {
      const key = bytes.readInt32BE(index * 4);
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
    const keys = numbers.size;
    const capacities = recordedShares.map((share) => Math.round(keys * share));
    return { name: file.replace(/^cache2k-|\.i32be\.gz$/g, ""), uses, keys, capacities };
  });
}

/** Makes workloads that stand for kinds of use; the same ones each time. */
export function generatedWorkloads(): readonly Workload[] {
  const random = seededRandom(12_345);
  const wide = zipf(50_000, 0.8, random);
  const steep = zipf(50_000, 1, random);
  const middle = zipf(20_000, 0.9, random);
  const few = zipf(20_000, 1, random);
  let scanned = 20_000;
  let newest = 10;
  /** Half of the uses are of new keys; the others come back soon or never. */
  const recent = () => (random() < 0.5 ? newest++ : Math.max(0, newest - 1 + Math.floor(Math.log(random()) * 1_500)));
  return [
    make("zipf 0.8", wide),
    make("zipf 1.0", steep),
    make("zipf and scans", (index) => (index % 5_000 < 3_000 ? middle() : scanned++)),
    make("loop of 6,000", (index) => index % 6_000, [500, 2_000, 4_500]),
    make("shifting zipf", (index) => few() + Math.floor(index / 30_000) * 5_000),
    make("recent keys", recent),
    make("recent, then loops", (index) => (Math.floor(index / 60_000) % 2 === 0 ? recent() + 10_000 : index % 4_000)),
  ];
}

export function make(
  name: string,
  next: (index: number) => number,
  capacities: readonly number[] = [500, 2_000],
): Workload {
  const uses = Int32Array.from({ length }, (_, index) => next(index));
  return { name, uses, keys: uses.reduce((most, key) => Math.max(most, key), 0) + 1, capacities };
}

export function zipf(keys: number, exponent: number, random: () => number): () => number {
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let rank = 0; rank < keys; rank++) {
    sum += 1 / (rank + 1) ** exponent;
    sums[rank] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Mulberry32 by Tommy Ettinger. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The share of hits of a cache that knows the future: it lets go of the key used again last (Belady, 1966). */
export function optimalHits({ uses, keys }: Workload, capacity: number): number {
  const never = uses.length;
  const next = new Int32Array(uses.length);
  const last = new Int32Array(keys).fill(never);
  for (let index = uses.length - 1; index >= 0; index--) {
    next[index] = last[uses[index]!]!;
    last[uses[index]!] = index;
  }
  const held = new Map<number, number>();
  const heap = new FarthestFirst();
  let hits = 0;
  for (let index = 0; index < uses.length; index++) {
    const key = uses[index]!;
    if (held.has(key)) hits += 1;
    else if (held.size >= capacity) {
      let [farthest, at] = heap.pop();
      while (held.get(farthest) !== at) [farthest, at] = heap.pop();
      held.delete(farthest);
    }
    held.set(key, next[index]!);
    heap.push(key, next[index]!);
  }
  return hits / uses.length;
}

/** A binary heap of keys, the one used again last on top. */
class FarthestFirst {
  readonly #keys: number[] = [];
  readonly #uses: number[] = [];

  push(key: number, use: number): void {
    let place = this.#keys.length;
    this.#keys.push(key);
    this.#uses.push(use);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#uses[parent]! >= use) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#keys[place] = key;
    this.#uses[place] = use;
  }

  pop(): [key: number, use: number] {
    const top: [number, number] = [this.#keys[0]!, this.#uses[0]!];
    const key = this.#keys.pop()!;
    const use = this.#uses.pop()!;
    const size = this.#keys.length;
    if (size === 0) return top;
    let place = 0;
    for (let child = 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && this.#uses[child + 1]! > this.#uses[child]!) child += 1;
      if (this.#uses[child]! <= use) break;
      this.#move(child, place);
      place = child;
    }
    this.#keys[place] = key;
    this.#uses[place] = use;
    return top;
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from]!;
    this.#uses[to] = this.#uses[from]!;
  }
}
