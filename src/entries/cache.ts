/** The front door `flock-ts/cache`: values kept in memory and in a store, computed once. */

export type { KeepOptions, KeyValueStore, StoredValue, StoreFilter } from "../core/key-value-store.ts";
export type { CacheConfig, LiveCacheConfig } from "../layers/cache/cache-config.ts";
export { CacheManager, type Compute } from "../layers/cache/cache-manager.ts";
export type { CacheFilter, GetOrComputeOptions, SetOptions } from "../layers/cache/cache-request.ts";
export type { CacheCounts, CacheStats } from "../layers/cache/cache-stats.ts";
export type { ComputeContext } from "../layers/cache/flight.ts";
export type { EvictionStrategy } from "../layers/cache/memory/cache-table.ts";
