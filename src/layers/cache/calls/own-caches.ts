/** Finds the cache that a runnable's answers are kept in, and makes it where there is none yet. */

import { type CacheConfig, type CacheSettings, isSharedCache, type SharedCache } from "../../../core/cache-settings.ts";
import { optionError } from "../../../core/errors/options.ts";
import { canonicalText } from "../../../core/json/canonical-key.ts";
import type { AnyRunnable } from "../../../core/runnable.ts";
import { CacheManager, type CacheParts, partsOf } from "../cache-manager.ts";
import type { SlotFacts } from "./slot-facts.ts";

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Gives a number to an object, the same one each time. */
export function numberOf(object: object): number {
  const number = numbers.get(object) ?? ++lastNumber;
  numbers.set(object, number);
  return number;
}

interface ModelCounts {
  readonly numbers: WeakMap<object, number>;
  readonly counts: Map<string, number>;
}
const modelCounts = new WeakMap<object, ModelCounts>();

/**
 * Numbers the models of one vendor and id that use a cache, from 0: two objects may reach different servers, though they
 * have one name. The first is the same one in each process.
 */
export function modelNumber(cache: object, model: AnyRunnable): number {
  const { numbers, counts } = modelCounts.get(cache) ?? { numbers: new WeakMap(), counts: new Map() };
  modelCounts.set(cache, { numbers, counts });
  const known = numbers.get(model);
  if (known !== undefined) return known;
  const text = canonicalText(model.identity);
  const number = counts.get(text) ?? 0;
  counts.set(text, number + 1);
  numbers.set(model, number);
  return number;
}

/** A cache opened for the layer. */
export interface OpenCache {
  readonly cache: SharedCache;
  readonly parts: CacheParts;
  readonly version: string | undefined;
}

/**
 * Opens the cache of a slot: the one given, the Flock's, or one of the runnable's own, which others of its name and
 * settings use too, so that agents made anew for each request find what was kept.
 *
 * @throws option_invalid for what only looks like a CacheManager, or where no cache could tell answers apart.
 */
export function openCache({ runnable, host, own, choice, turned, caches }: SlotFacts): OpenCache {
  if (runnable.identity === undefined) {
    const expected = "absent where no `identity` says what decides the answer";
    throw optionError(runnable.name, "cache", expected, own);
  }
  const version = settingsOf(own).version ?? settingsOf(choice).version;
  const isOwn = turned !== undefined || choice === own;
  let cache: SharedCache;
  if (turned === undefined && typeof choice === "object" && isSharedCache(choice)) cache = choice;
  else {
    const { version: _, enabled: __, ...config } = settingsOf(isOwn ? own : choice);
    const place = isOwn ? `${runnable.kind}:${runnable.name}:${placeOf(config)}` : "";
    const made = (caches.get(place) as CacheManager | undefined) ?? new CacheManager(config, { runtime: host.runtime });
    caches.set(place, made);
    if (isOwn) made.configure({ ...liveOf(config), ...settingsOf(turned) });
    cache = made;
  }
  const parts = partsOf(cache);
  if (parts === undefined) throw optionError(runnable.name, "cache", "a CacheManager of this package", cache);
  return { cache, parts, version };
}

function settingsOf(choice: SlotFacts["own"]): CacheSettings {
  return typeof choice === "object" && !isSharedCache(choice) ? choice : {};
}

function liveOf({ maxEntries = 1_000, ttlMs = 3_600_000, strategy = "lru" }: CacheConfig) {
  return { maxEntries, ttlMs, strategy };
}

function placeOf({ store, ...plain }: CacheConfig): string {
  return `${canonicalText(plain)}${store === undefined ? "" : numberOf(store)}`;
}
