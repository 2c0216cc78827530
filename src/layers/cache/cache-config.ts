/** A cache's configuration with nothing left open, and what may change in it. */

import { type CacheConfig, cacheChecks, type LiveCacheConfig, liveCacheChecks } from "../../core/cache-settings.ts";
import { checkOptions } from "../../core/errors/options.ts";
import type { KeyValueStore } from "../../core/key-value-store.ts";

/** A configuration with nothing left open. */
export type CompleteCacheConfig = {
  readonly [Option in keyof Required<Omit<CacheConfig, "store">>]: Required<CacheConfig>[Option];
} & { readonly store: KeyValueStore | undefined };

/** Fills in what is not said. @throws option_invalid for an unknown option or a wrong value. */
export function completeConfig(config: CacheConfig): CompleteCacheConfig {
  checkOptions("CacheManager", config, cacheChecks);
  return {
    enabled: config.enabled ?? true,
    maxEntries: config.maxEntries ?? 1_000,
    maxBytes: config.maxBytes ?? Number.POSITIVE_INFINITY,
    ttlMs: config.ttlMs === undefined ? 3_600_000 : config.ttlMs,
    strategy: config.strategy ?? "lru",
    staleWhileRevalidateMs: config.staleWhileRevalidateMs ?? 0,
    negativeTtlMs: config.negativeTtlMs ?? 0,
    store: config.store,
    storeTimeoutMs: config.storeTimeoutMs ?? 250,
    namespace: config.namespace ?? "cache",
  };
}

/** Lays changes over a configuration. @throws option_invalid for what cannot be changed, or a wrong value. */
export function changedConfig(config: CompleteCacheConfig, changes: LiveCacheConfig): CompleteCacheConfig {
  checkOptions("CacheManager.configure", changes, liveCacheChecks);
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...config, ...Object.fromEntries(given) };
}
