/** What a cache may be told, and the checks of it. */

import {
  booleanOption,
  checkOptions,
  nameString,
  type OptionCheck,
  objectOption,
  oneOf,
  wholeNumber,
} from "../../core/errors/options.ts";
import type { KeyValueStore } from "../../core/key-value-store.ts";
import type { EvictionStrategy } from "./memory/cache-table.ts";

/** How a cache works. */
export interface CacheConfig {
  /** Whether anything is kept. While it is false, `getOrCompute` computes each time. @default true */
  readonly enabled?: boolean;
  /** Entries at most. @default 1,000 */
  readonly maxEntries?: number;
  /** Bytes at most, by an estimate of what values and keys take; a larger value is not kept. @default no limit */
  readonly maxBytes?: number;
  /** Milliseconds for which a value is fresh; null for ever. @default 3,600,000: one hour */
  readonly ttlMs?: number | null;
  /**
   * Who leaves when there is no room: `lru` what was not used for longest, `lfu` what was used least often, `tinylfu` what
   * the best of four ways would let go, as measured all the time. @default "lru"
   */
  readonly strategy?: EvictionStrategy;
  /** Milliseconds after its time for which `getOrCompute` still gives a value, while it is computed anew. @default 0 */
  readonly staleWhileRevalidateMs?: number;
  /** Milliseconds for which an error of a computation is given again instead of computing. @default 0: errors are not kept */
  readonly negativeTtlMs?: number;
  /** A second level, asked when memory does not know. The cache does not close it. @default none */
  readonly store?: KeyValueStore;
  /** Milliseconds until a read of the store counts as a miss. @default 250 */
  readonly storeTimeoutMs?: number;
  /** Keeps caches apart that share a store. @default "cache" */
  readonly namespace?: string;
}

/** What may be changed while a cache is in use. */
export type LiveCacheConfig = Pick<CacheConfig, "enabled" | "maxEntries" | "ttlMs" | "strategy">;

/** A configuration with nothing left open. */
export type CompleteCacheConfig = {
  readonly [Option in keyof Required<Omit<CacheConfig, "store">>]: Required<CacheConfig>[Option];
} & { readonly store: KeyValueStore | undefined };

const milliseconds: OptionCheck = (value) =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? undefined : "a number of milliseconds, 0 or more";

/** Accepts what `ttlMs` may be. */
export const ttlOption: OptionCheck = (value) =>
  value === null || (typeof value === "number" && Number.isFinite(value) && value > 0)
    ? undefined
    : "a number of milliseconds above 0, or null for ever";

const liveChecks: Readonly<Record<keyof LiveCacheConfig, OptionCheck>> = {
  enabled: booleanOption,
  maxEntries: wholeNumber(1),
  ttlMs: ttlOption,
  strategy: oneOf("lru", "lfu", "tinylfu"),
};

const checks: Readonly<Record<keyof CacheConfig, OptionCheck>> = {
  ...liveChecks,
  maxBytes: wholeNumber(1),
  staleWhileRevalidateMs: milliseconds,
  negativeTtlMs: milliseconds,
  store: storeOption,
  storeTimeoutMs: wholeNumber(1),
  namespace: nameString,
};

/** Fills in what is not said. @throws option_invalid for an unknown option or a wrong value. */
export function completeConfig(config: CacheConfig): CompleteCacheConfig {
  checkOptions("CacheManager", config, checks);
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
  checkOptions("CacheManager.configure", changes, liveChecks);
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...config, ...Object.fromEntries(given) };
}

function storeOption(value: unknown): string | undefined {
  if (objectOption(value) !== undefined) return "a KeyValueStore";
  const { get, set, deleteWhere } = value as Partial<KeyValueStore>;
  const isStore = typeof get === "function" && typeof set === "function" && typeof deleteWhere === "function";
  return isStore ? undefined : "a KeyValueStore, with get, set, delete, deleteWhere and clear";
}
