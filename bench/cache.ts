/**
 * Prints hit ratios of each strategy beside lru-cache and the best possible, then memory and times beside lru-cache. Recorded
 * traces are read from the folder given as the first argument or in FLOCK_TRACES.
 */

import { LRUCache } from "lru-cache";
import { type CacheConfig, CacheManager, type EvictionStrategy } from "../src/entries/cache.ts";
import { families } from "./cache-families.ts";
import { type Reference, references } from "./cache-references.ts";
import { generatedWorkloads, optimalHits, recordedWorkloads, type Workload } from "./cache-workloads.ts";

const strategies: readonly EvictionStrategy[] = ["lru", "lfu", "tinylfu"];
const hourMs = 3_600_000;
/** More than any contender weighs: its limit is looked at and never met. */
const amplyBytes = 1_000_000_000;
const rounds = 120;
const batch = 10_000;
const folder = process.argv[2] ?? process.env.FLOCK_TRACES;

const recorded = recordedWorkloads(folder);
if (recorded.length === 0)
  console.log("traces not found: give their folder in FLOCK_TRACES; going on with generated ones");
printHits("recorded", recorded);
printHits("generated", generatedWorkloads());
printFamilies([1, 2, 3]);
printMemory();
await printTimes();

function printHits(label: string, workloads: readonly Workload[]): void {
  if (workloads.length === 0) return;
  const columns = [...strategies, "lru-cache", "optimal"];
  console.log(`\nhit ratio, ${label}, %`.padEnd(36), columns.map((column) => column.padStart(10)).join(""));
  const sums = columns.map(() => 0);
  let rows = 0;
  for (const workload of workloads) {
    for (const capacity of workload.capacities) {
      const hits = [
        ...strategies.map((strategy) => managerHits(workload, capacity, strategy)),
        lruCacheHits(workload, capacity),
        optimalHits(workload, capacity),
      ];
      console.log(`${workload.name} in ${capacity}`.padEnd(35), percent(hits));
      for (const [index, share] of hits.entries()) sums[index]! += share;
      rows += 1;
    }
  }
  console.log("mean".padEnd(35), percent(sums.map((sum) => sum / rows)));
}

/** Sets `tinylfu` beside published policies on each family; each number is the mean over the seeds. */
function printFamilies(seeds: readonly number[]): void {
  const columns = [...Object.keys(references), "best", "tinylfu"];
  console.log("\nhit ratio, families, %".padEnd(35), columns.map((column) => column.padStart(10)).join(""));
  const rows = new Map<string, number[]>();
  for (const workload of [...seeds.flatMap((seed) => families(seed)), ...recorded]) {
    for (const capacity of workload.capacities) {
      const hits = Object.values(references).map((make) => referenceHits(make(workload.keys, capacity), workload));
      hits.push(Math.max(...hits), managerHits(workload, capacity, "tinylfu"));
      const weighed = hits.map((share) => share / (recorded.includes(workload) ? 1 : seeds.length));
      const name = `${workload.name} in ${capacity}`;
      rows.set(name, rows.get(name)?.map((sum, index) => sum + weighed[index]!) ?? weighed);
    }
  }
  for (const [name, hits] of rows) console.log(name.padEnd(35), percent(hits));
  const mean = columns.map((_, index) => [...rows.values()].reduce((sum, row) => sum + row[index]!, 0) / rows.size);
  console.log("mean".padEnd(35), percent(mean));
}

function referenceHits(use: Reference, { uses }: Workload): number {
  let hits = 0;
  for (const key of uses) if (use(key)) hits += 1;
  return hits / uses.length;
}

function percent(shares: readonly number[]): string {
  return shares.map((share) => (share * 100).toFixed(1).padStart(10)).join("");
}

function managerHits({ uses }: Workload, maxEntries: number, strategy: EvictionStrategy): number {
  const cache = new CacheManager({ maxEntries, strategy, ttlMs: null });
  for (const use of uses) if (cache.get(`key ${use}`) === undefined) cache.set(`key ${use}`, use);
  return cache.hits / uses.length;
}

function lruCacheHits({ uses }: Workload, max: number): number {
  const cache = new LRUCache<string, number>({ max });
  let hits = 0;
  for (const use of uses) {
    if (cache.get(`key ${use}`) === undefined) cache.set(`key ${use}`, use);
    else hits += 1;
  }
  return hits / uses.length;
}

interface Timed {
  readonly has: (key: string) => boolean;
  readonly get: (key: string) => unknown;
  readonly set: (key: string, value: number) => unknown;
  readonly compute: (key: string) => Promise<unknown>;
}

/** In groups that do the same work: neither times nor weights, times, times and weights. */
function contenders(entries: number): readonly (readonly [name: string, cache: Timed])[] {
  const theirs = (options: {
    ttl?: number;
    maxSize?: number;
    sizeCalculation?: (size: number, key: string) => number;
  }) => {
    const cache = new LRUCache<string, number>({ max: entries, ...options, fetchMethod: async () => 1 });
    return {
      has: (key: string) => cache.has(key),
      get: (key: string) => cache.get(key),
      set: (key: string, value: number) => cache.set(key, value),
      compute: (key: string) => cache.fetch(key),
    };
  };
  const ours = (options: CacheConfig) => {
    const cache = new CacheManager({ maxEntries: entries, ...options });
    return {
      has: (key: string) => cache.has(key),
      get: (key: string) => cache.get(key),
      set: (key: string, value: number) => cache.set(key, value),
      compute: (key: string) => cache.getOrCompute(key, async () => 1),
    };
  };
  const sizeCalculation = (_: number, key: string) => 8 + key.length;
  return [
    ["lru-cache", theirs({})],
    ["flock lru", ours({ ttlMs: null })],
    ["lru-cache, 1 h TTL", theirs({ ttl: hourMs })],
    ...strategies.map((strategy) => [`flock ${strategy}, 1 h TTL`, ours({ strategy, ttlMs: hourMs })] as const),
    ["lru-cache, 1 h TTL, bytes", theirs({ ttl: hourMs, maxSize: amplyBytes, sizeCalculation })],
    ["flock lru, 1 h TTL, bytes", ours({ ttlMs: hourMs, maxBytes: amplyBytes })],
  ];
}

/** Best of many short batches, taken in turn: one of each that nothing else on the machine came into. */
async function printTimes(): Promise<void> {
  for (const entries of [1_000, 10_000]) {
    const keys = Array.from({ length: entries * 2 }, (_, index) => `key-${index}-of-a-usual-length`);
    const all = contenders(entries);
    // Caches of their own: what a strategy has learned from sets and gets is not what decides about computations.
    const others = contenders(entries);
    const best = all.map(() => [9e9, 9e9, 9e9]);
    for (let round = 0; round < rounds; round++) {
      for (const [index, [, cache]] of all.entries()) {
        const times = [timeSets(cache, keys), timeGets(cache, keys), await timeComputes(others[index]![1], keys)];
        best[index] = best[index]!.map((time, which) => Math.min(time, times[which]!));
      }
    }
    console.log(`\nns, ${entries} entries`.padEnd(36), "evicting set       get  90 % hits");
    for (const [index, [name]] of all.entries())
      console.log(name.padEnd(37), best[index]!.map((time) => time.toFixed(0).padStart(10)).join(""));
  }
}

/** Sets keys that are not there, so that each makes another one leave. */
function timeSets(cache: Timed, keys: readonly string[]): number {
  const absent = keys.filter((key) => !cache.has(key)).slice(0, batch);
  const start = performance.now();
  for (let index = 0; index < absent.length; index++) cache.set(absent[index]!, index);
  return ((performance.now() - start) * 1e6) / absent.length;
}

/** Gets keys that are there, out of order. */
function timeGets(cache: Timed, keys: readonly string[]): number {
  const held = keys.filter((key) => cache.has(key));
  const start = performance.now();
  for (let index = 0; index < batch; index++) cache.get(held[(index * 7_919) % held.length]!);
  return ((performance.now() - start) * 1e6) / batch;
}

async function timeComputes(cache: Timed, keys: readonly string[]): Promise<number> {
  const hot = keys.slice(0, 100);
  for (const key of hot) await cache.compute(key);
  let cold = keys.length >> 1;
  const start = performance.now();
  for (let index = 0; index < batch; index++) {
    if (index % 10 === 9) cold = cold + 1 === keys.length ? 100 : cold + 1;
    await cache.compute(index % 10 === 9 ? keys[cold]! : hot[index % 100]!);
  }
  return ((performance.now() - start) * 1e6) / batch;
}

/** What an entry takes beside its key and value. */
function printMemory(): void {
  const entries = 100_000;
  const keys = Array.from({ length: entries }, (_, index) => `key-${index}`);
  const weigh = (fill: () => object): number => {
    const before = used();
    const held = fill();
    const after = used();
    if (Object.keys(held).length < 0) throw new Error("kept alive until here");
    return (after - before) / entries;
  };
  console.log("\nbytes an entry beside key and value (needs --expose-gc)");
  const print = (name: string, fill: () => object) => console.log(name.padEnd(35), weigh(fill).toFixed(0).padStart(10));
  print("lru-cache", () => filled(new LRUCache<string, number>({ max: entries }), keys));
  print("flock lru", () => filled(new CacheManager({ maxEntries: entries, ttlMs: null }), keys));
  print("lru-cache, 1 h TTL", () => filled(new LRUCache<string, number>({ max: entries, ttl: hourMs }), keys));
  for (const strategy of strategies) {
    const make = () => new CacheManager({ maxEntries: entries, strategy, ttlMs: hourMs });
    print(`flock ${strategy}, 1 h TTL`, () => filled(make(), keys));
  }
}

function filled<Cache extends { set(key: string, value: number): unknown }>(
  cache: Cache,
  keys: readonly string[],
): Cache {
  for (const [index, key] of keys.entries()) cache.set(key, index);
  return cache;
}

function used(): number {
  // What is let go by one collection may hold what only the next one finds.
  for (let each = 0; each < 3; each++) globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
