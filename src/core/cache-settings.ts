/** What a cache may be told, where a runnable or a Flock asks for one, and the checks of it. */

import {
  booleanOption,
  checkOptions,
  nameString,
  nonEmptyString,
  type OptionCheck,
  objectOption,
  oneOf,
  positiveNumber,
  wholeNumber,
} from "./errors/options.ts";
import type { KeyValueStore } from "./key-value-store.ts";

/** How entries are chosen to leave when there is no room. */
export type EvictionStrategy = "lru" | "lfu" | "tinylfu";

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
  /** Milliseconds after its time for which a value is still given, while it is computed anew. @default 0 */
  readonly staleWhileRevalidateMs?: number;
  /**
   * Milliseconds for which an error of a computation of `getOrCompute` is given again instead of computing. Errors of runs
   * are never kept. @default 0: errors are not kept
   */
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

/** How answers of one runnable, or of a whole Flock, are kept. */
export interface CacheSettings extends CacheConfig {
  /**
   * Names the code behind the answer: a tool's `execute`, or that of an agent's tools. Say another one when the code
   * changes. With it, tools and agents with tools share answers between instances and may be kept in a store. @default none
   */
  readonly version?: string;
}

/** A cache the user holds, shared by whatever it is given to: a `CacheManager`. */
export interface SharedCache extends AsyncDisposable {
  readonly config: Readonly<Required<LiveCacheConfig>>;
  readonly hits: number;
  readonly misses: number;
  has(key: string): boolean;
  clear(): void;
}

/** Whether and how answers are kept: with the defaults, not at all, with these settings, or in this `CacheManager`. */
export type CacheChoice = boolean | CacheSettings | SharedCache;

const milliseconds: OptionCheck = (value) =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? undefined : "a number of milliseconds, 0 or more";

/** Accepts what `ttlMs` may be. */
export const ttlOption: OptionCheck = (value) =>
  value === null || positiveNumber(value) === undefined
    ? undefined
    : "a number of milliseconds above 0, or null for ever";

/** The checks of what may be changed in use. */
export const liveCacheChecks: Readonly<Record<keyof LiveCacheConfig, OptionCheck>> = {
  enabled: booleanOption,
  maxEntries: wholeNumber(1),
  ttlMs: ttlOption,
  strategy: oneOf("lru", "lfu", "tinylfu"),
};

/** The checks of a whole configuration. */
export const cacheChecks: Readonly<Record<keyof CacheConfig, OptionCheck>> = {
  ...liveCacheChecks,
  maxBytes: wholeNumber(1),
  staleWhileRevalidateMs: milliseconds,
  negativeTtlMs: milliseconds,
  store: storeOption,
  storeTimeoutMs: wholeNumber(1),
  namespace: nameString,
};

const settingsChecks = { ...cacheChecks, version: nonEmptyString };

/** Tells a cache from settings for one. */
export function isSharedCache(value: unknown): value is SharedCache {
  return typeof (value as Partial<{ getOrCompute: unknown }> | null)?.getOrCompute === "function";
}

/**
 * Accepts a {@link CacheChoice}.
 *
 * @throws option_invalid for settings with an unknown option or a wrong value.
 */
export const cacheOption: OptionCheck = (value) => {
  if (typeof value === "boolean" || isSharedCache(value)) return undefined;
  if (objectOption(value) !== undefined) return "true, false, cache settings or a CacheManager";
  checkOptions("cache", value, settingsChecks);
  return undefined;
};

function storeOption(value: unknown): string | undefined {
  const { get, set, deleteWhere } = Object(value) as Partial<KeyValueStore>;
  const isStore = typeof get === "function" && typeof set === "function" && typeof deleteWhere === "function";
  return isStore ? undefined : "a KeyValueStore, with get, set, delete, deleteWhere and clear";
}
