/**
 * Prints hit ratios of each strategy beside lru-cache and the best possible, then times beside lru-cache, then memory. Recorded
 * traces are read from the folder given as the first argument or in FLOCK_TRACES.
 */

import { LRUCache } from "lru-cache";
import { CacheManager, type EvictionStrategy } from "../src/entries/cache.ts";
import { families } from "./cache-families.ts";
import { type Reference, references } from "./cache-references.ts";
import { generatedWorkloads, optimalHits, recordedWorkloads, type Workload } from "./cache-workloads.ts";

const strategies: readonly EvictionStrategy[] = ["lru", "lfu", "tinylfu"];
const repeats = 100_000;
const folder = process.argv[2] ?? process.env.FLOCK_TRACES;

const recorded = recordedWorkloads(folder);
if (recorded.length === 0)
  console.log("traces not found: give their folder in FLOCK_TRACES; going on with generated ones");
printHits("recorded", recorded);
printHits("generated", generatedWorkloads());
printFamilies([1, 2, 3]);
await printTimes();
printMemory();

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
  readonly get: (key: string) => unknown;
  readonly set: (key: string, value: number) => unknown;
  readonly compute: (key: string) => Promise<unknown>;
}

function contenders(entries: number): Readonly<Record<string, Timed>> {
  const lru = new LRUCache<string, number>({ max: entries, fetchMethod: async () => 1 });
  const withTtl = new LRUCache<string, number>({ max: entries, ttl: 3_600_000, fetchMethod: async () => 1 });
  const ofLru = (cache: typeof lru): Timed => ({
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    compute: (key) => cache.fetch(key),
  });
  const ours = (strategy: EvictionStrategy): Timed => {
    const cache = new CacheManager({ maxEntries: entries, strategy });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      compute: (key) => cache.getOrCompute(key, async () => 1),
    };
  };
  return {
    "lru-cache": ofLru(lru),
    "lru-cache, 1 h TTL": ofLru(withTtl),
    ...Object.fromEntries(strategies.map((strategy) => [`flock ${strategy}, 1 h TTL`, ours(strategy)])),
  };
}

/** Best of some rounds, taken in turn. */
async function printTimes(): Promise<void> {
  for (const entries of [1_000, 10_000]) {
    const keys = Array.from({ length: entries * 2 }, (_, index) => `key-${index}-of-a-usual-length`);
    const all = Object.entries(contenders(entries));
    const best = new Map(all.map(([name]) => [name, [9e9, 9e9, 9e9]]));
    for (let round = 0; round < 8; round++) {
      for (const [name, cache] of all) {
        const times = [timeGets(cache, keys, entries), timeSets(cache, keys), await timeComputes(cache, keys, entries)];
        best.set(
          name,
          best.get(name)!.map((time, index) => Math.min(time, times[index]!)),
        );
      }
    }
    console.log(`\nns, ${entries} entries`.padEnd(36), "       get evicting set  90 % hits");
    for (const [name, times] of best)
      console.log(name.padEnd(35), times.map((time) => time.toFixed(0).padStart(10)).join(""));
  }
}

function timeGets(cache: Timed, keys: readonly string[], entries: number): number {
  for (let index = 0; index < entries; index++) cache.set(keys[index]!, index);
  const start = cpuTime();
  for (let index = 0; index < repeats * 4; index++) cache.get(keys[(index * 7_919) % entries]!);
  return (cpuTime() - start) / (repeats * 4);
}

function timeSets(cache: Timed, keys: readonly string[]): number {
  const start = cpuTime();
  for (let index = 0; index < repeats; index++) cache.set(keys[index % keys.length]!, index);
  return (cpuTime() - start) / repeats;
}

async function timeComputes(cache: Timed, keys: readonly string[], entries: number): Promise<number> {
  const hot = keys.slice(0, 100);
  for (const key of hot) await cache.compute(key);
  let cold = entries;
  const start = cpuTime();
  for (let index = 0; index < repeats; index++) {
    if (index % 10 === 9) cold = cold + 1 === keys.length ? 100 : cold + 1;
    await cache.compute(index % 10 === 9 ? keys[cold]! : hot[index % 100]!);
  }
  return (cpuTime() - start) / repeats;
}

/** Processor time of this thread in nanoseconds: other work on the machine does not count. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) * 1_000;
}

/** What an entry takes beside its key and value. */
function printMemory(): void {
  const entries = 100_000;
  const keys = Array.from({ length: entries }, (_, index) => `key-${index}`);
  const weigh = (fill: () => object): number => {
    globalThis.gc?.();
    const before = used();
    const held = fill();
    globalThis.gc?.();
    const after = used();
    if (Object.keys(held).length < 0) throw new Error("kept alive until here");
    return (after - before) / entries;
  };
  console.log("\nbytes an entry beside key and value (needs --expose-gc)");
  const lru = weigh(() => filled(new LRUCache<string, number>({ max: entries, ttl: 3_600_000 }), keys));
  console.log("lru-cache, 1 h TTL".padEnd(35), lru.toFixed(0).padStart(10));
  for (const strategy of strategies) {
    const bytes = weigh(() => filled(new CacheManager({ maxEntries: entries, strategy }), keys));
    console.log(`flock ${strategy}, 1 h TTL`.padEnd(35), bytes.toFixed(0).padStart(10));
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
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
