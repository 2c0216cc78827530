/** The cache that users hold: values by key, computed once for everybody who asks at the same time. */

import type { CacheConfig, LiveCacheConfig, SharedCache } from "../../core/cache-settings.ts";
import { checkOptions, objectOption } from "../../core/errors/options.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { type CompleteCacheConfig, changedConfig, completeConfig } from "./cache-config.ts";
import { entryKey, userKeyOf } from "./cache-key.ts";
import { CacheMemory, KeptError } from "./cache-memory.ts";
import {
  type CacheFilter,
  checkCompute,
  checkFilter,
  checkGetOptions,
  checkKey,
  checkSetOptions,
  type GetOrComputeOptions,
  idOf,
  plainCopy,
  type SetOptions,
} from "./cache-request.ts";
import type { CacheStats } from "./cache-stats.ts";
import { type Computation, Computations } from "./computations.ts";
import type { ComputeContext } from "./flight.ts";
import { copyOut } from "./memory/private-copy.ts";
import { StoreLevel } from "./store-level.ts";

/** The inside of a cache, for the layer that keeps answers in it. */
export interface CacheParts {
  readonly memory: CacheMemory;
  readonly computations: Computations;
  readonly store: StoreLevel | undefined;
}

/** Gives the inside of a cache; undefined for what only looks like one. */
export let partsOf: (cache: SharedCache) => CacheParts | undefined;

/** Makes the value of a key from its arguments. */
export type Compute<T, Arguments = undefined> = (args: Arguments, context: ComputeContext) => T | Promise<T>;

const noOptions: GetOrComputeOptions & SetOptions = {};
/** How long disposal waits for the store. */
const closingMs = 1_000;

/**
 * Keeps values, plain JSON alone, bounded in number, bytes and time. Every value is copied on its way in and out: nobody can
 * change what somebody else gets. A value past its time is never given, whatever the wall clock does, unless stale values
 * are asked for by `staleWhileRevalidateMs`.
 *
 * `getOrCompute` computes once however many ask at the same time; all else works on memory, synchronously, and reaches the
 * store in the background, in the same order; `flush` waits for it.
 *
 * @example
 * ```ts
 * import { CacheManager } from "flock-ts/cache";
 *
 * const cache = new CacheManager({ maxEntries: 500, ttlMs: 60_000 });
 * const search = (query: string) => cache.getOrCompute("search", async ({ query }) => [`about ${query}`], { query });
 * await Promise.all([search("bees"), search("bees")]);
 * console.log(cache.stats().misses, cache.stats().joined); // 1 1
 * ```
 */
export class CacheManager implements SharedCache {
  static {
    partsOf = (cache) => (#memory in cache ? cache.#parts() : undefined);
  }

  readonly #memory: CacheMemory;
  readonly #store: StoreLevel | undefined;
  readonly #computations: Computations;
  readonly #runtime: Runtime;
  #config: CompleteCacheConfig;
  #isClosed = false;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(config: CacheConfig = {}, options: { readonly runtime?: Runtime } = {}) {
    this.#config = completeConfig(config);
    checkOptions("CacheManager", options, { runtime: objectOption });
    this.#runtime = options.runtime ?? systemRuntime;
    this.#memory = new CacheMemory(this.#config, this.#runtime);
    const { store, namespace, storeTimeoutMs, staleWhileRevalidateMs, negativeTtlMs } = this.#config;
    if (store !== undefined) {
      const times = { timeoutMs: storeTimeoutMs, staleMs: staleWhileRevalidateMs };
      this.#store = new StoreLevel({ store, namespace, ...times, runtime: this.#runtime });
    }
    this.#computations = new Computations(this.#memory, this.#store, negativeTtlMs);
  }

  /** How it works now. */
  get config(): Readonly<CompleteCacheConfig> {
    return { ...this.#config };
  }

  /** Questions answered with a fresh value so far. */
  get hits(): number {
    return this.#memory.counts.hits;
  }

  /** Questions that found nothing so far. */
  get misses(): number {
    return this.#memory.counts.misses;
  }

  /**
   * Gives the value of a key and its arguments: from memory, from the store, or computed, once for all who ask meanwhile.
   * `compute` runs until nobody waits for it any more; its errors go to all who wait and are kept only with `negativeTtlMs`.
   * `undefined` is given and not kept. While the cache is not enabled, it only calls `compute`.
   *
   * Rejects with the signal's own reason; with input_invalid and output_invalid when arguments or value are not plain JSON;
   * with option_invalid for wrong options; with cache_cycle when a computation waits for its own result.
   */
  getOrCompute<T, Arguments = undefined>(
    key: string,
    compute: Compute<T, Arguments>,
    args?: Arguments,
    options: GetOrComputeOptions = noOptions,
  ): Promise<T> {
    try {
      checkCompute(compute);
      if (options !== noOptions) checkGetOptions(options);
      const { signal, mode, owner } = options;
      if (signal?.aborted) return Promise.reject(signal.reason);
      const run: Computation = (context) => compute(args as Arguments, context);
      if (!this.#memory.isOn || mode === "bypass") return runAlone(run, signal) as Promise<T>;
      const id = idOf(key, args);
      const state = mode === "refresh" ? "gone" : this.#memory.look(id);
      if (state === "gone") return this.#join(id, key, run, options) as Promise<T>;
      const { found } = this.#memory;
      this.#memory.count(state === "fresh" ? "hits" : "stale", owner);
      if (state === "stale") this.#refresh(id, key, run, options);
      if (typeof found === "object" && found instanceof KeptError) return Promise.reject(found.error);
      return Promise.resolve(copyOut(found) as T);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Gives the fresh value of a key without arguments from memory, or undefined. */
  get<T = unknown>(key: string): T | undefined {
    checkKey("get", key);
    return this.#memory.isOn ? (this.#memory.get(entryKey(key)) as T | undefined) : undefined;
  }

  /**
   * Keeps a value for a key without arguments, in the place of an older one. A value larger than `maxBytes` is not kept, and
   * neither is the older one then.
   *
   * @throws input_invalid for what is not plain JSON; option_invalid for wrong options.
   */
  set(key: string, value: unknown, options: SetOptions = noOptions): void {
    checkKey("set", key);
    if (options !== noOptions) checkSetOptions(options);
    const copy = plainCopy(value, "the value");
    const id = entryKey(key);
    this.#computations.takeOff(id);
    this.#computations.keep(id, copy, options);
  }

  /** Tells whether memory has a fresh value for a key without arguments; does not count as a use. */
  has(key: string): boolean {
    checkKey("has", key);
    return this.#memory.isOn && this.#memory.has(entryKey(key));
  }

  /** Deletes the value of a key without arguments; gives whether memory had a fresh one. */
  delete(key: string): boolean {
    checkKey("delete", key);
    const id = entryKey(key);
    this.#computations.takeOff(id);
    this.#store?.delete(id);
    return this.#memory.delete(id);
  }

  /** Deletes everything. Computations under way are not kept. */
  clear(): void {
    this.#computations.takeOffWhere(() => true);
    this.#memory.deleteWhere(() => true);
    this.#store?.deleteWhere(undefined);
  }

  /**
   * Deletes what has a tag, begins with a prefix, has a key (with whatever arguments), or was computed for an owner; gives
   * how many entries left memory. Computations under way that would match are not kept.
   *
   * @throws option_invalid for anything but one of the four.
   */
  invalidate(filter: CacheFilter): number {
    const matches = checkFilter(filter);
    this.#computations.takeOffWhere(({ name, tags, owner }) => matches(name, tags, owner));
    this.#store?.deleteWhere(filter);
    return this.#memory.deleteWhere((id, tags, owner) => matches(userKeyOf(id), tags, owner));
  }

  /** Gives what it did so far and holds now. */
  stats(): CacheStats {
    const { storeHits } = this.#computations;
    return { ...this.#memory.stats(), storeHits, storeErrors: this.#store?.errors ?? 0 };
  }

  /**
   * Changes settings while it is in use. `ttlMs` holds for what comes from then on; entries there is no room for leave at once.
   *
   * @throws option_invalid for other settings and wrong values; nothing is changed then.
   */
  configure(changes: LiveCacheConfig): void {
    this.#config = changedConfig(this.#config, changes);
    this.#memory.isOn = this.#config.enabled && !this.#isClosed;
    this.#memory.limit(this.#config);
  }

  /**
   * Waits until the store has everything that was set, deleted and computed so far.
   *
   * @throws store_failed when it could not be written, though it is tried again; the signal's own reason.
   */
  async flush(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    await runAlone(async () => this.#store?.flush(), signal);
  }

  /** Waits a second at most for the store, then lets go of all values. Afterwards it works as if it were not enabled. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#memory.isOn = false;
    this.#computations.takeOffWhere(() => true);
    this.#memory.deleteWhere(() => true);
    if (this.#store === undefined) return;
    const enough = new AbortController();
    const timer = this.#runtime.setTimer(() => enough.abort(), closingMs);
    await this.flush({ signal: enough.signal }).catch(() => undefined);
    timer.cancel();
  }

  #parts(): CacheParts {
    return { memory: this.#memory, computations: this.#computations, store: this.#store };
  }

  /** Waits for the flight of an entry, and makes it where there is none. */
  #join(id: string, key: string, run: Computation, options: GetOrComputeOptions): Promise<unknown> {
    const { owner, signal, tags, ttlMs = this.#config.ttlMs } = options;
    const isRefresh = options.mode === "refresh";
    const flight = this.#computations.find(id);
    if (flight !== undefined && (!isRefresh || flight.facts.isRefresh)) {
      const joined = flight.join(signal);
      this.#memory.count("joined", owner);
      return joined;
    }
    const facts = { id, name: key, tags: tags && [...tags], owner, ttlMs, isBackground: false, isRefresh };
    const opened = this.#computations.open(facts);
    const promise = opened.join(signal);
    if (this.#store === undefined || isRefresh) this.#memory.count("misses", owner);
    this.#computations.begin(opened, run);
    return promise;
  }

  /** Computes a stale value anew, unless somebody does. */
  #refresh(id: string, key: string, run: Computation, options: GetOrComputeOptions): void {
    if (this.#computations.find(id) !== undefined) return;
    const { owner, tags, ttlMs = this.#config.ttlMs } = options;
    const facts = { id, name: key, tags: tags && [...tags], owner, ttlMs, isBackground: true, isRefresh: false };
    this.#computations.begin(this.#computations.open(facts), run);
  }
}

/** Computes for one caller, who leaves by the signal at once. */
function runAlone(run: Computation, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal === undefined) {
    const { signal: never } = new AbortController();
    return (async () => run({ signal: never }))();
  }
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    (async () => run({ signal }))()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", leave));
  });
}
