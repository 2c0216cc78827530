/** The front door `flock-ts/cache`: values kept in memory and in a store, computed once. */

export type {
  CacheChoice,
  CacheConfig,
  CacheSettings,
  EvictionStrategy,
  LiveCacheConfig,
  SharedCache,
} from "../core/cache-settings.ts";
export type { Embedder, EmbeddingModelShape } from "../core/embedder.ts";
export type { KeepOptions, KeyValueStore, StoredValue, StoreFilter } from "../core/key-value-store.ts";
export { CacheManager, type Compute } from "../layers/cache/cache-manager.ts";
export type { CacheFilter, GetOrComputeOptions, SetOptions } from "../layers/cache/cache-request.ts";
export type { CacheCounts, CacheStats } from "../layers/cache/cache-stats.ts";
export type { ComputeContext } from "../layers/cache/flight.ts";
export { type SemanticCacheOptions, semanticCacheLayer } from "../layers/cache/semantic/semantic-cache-layer.ts";
