/**
 * Plays random schedules in every combination of settings against a plain Map that knows what may be given, and looks at
 * every promise of the cache after each step.
 */

import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type CacheConfig, CacheManager } from "../../../src/entries/cache.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { TestStore } from "./test-store.ts";

const keys = Array.from({ length: 24 }, (_, index) => `key ${index}`);
const tags = ["a", "b"];

/** What the cache may know: values with their times, and those a key may still have from computations under way. */
interface Known {
  readonly value: number;
  readonly freshUntil: number;
  readonly staleUntil: number;
  readonly tag: string | undefined;
}

const settings = {
  strategy: ["lru", "lfu", "tinylfu"],
  room: [{ maxEntries: 1 }, { maxEntries: 8 }, { maxEntries: 100 }, { maxEntries: 20, maxBytes: 60 }],
  ttlMs: [20, null],
  staleWhileRevalidateMs: [0, 15],
  hasStore: [false, true],
} as const;

const combinations = settings.strategy.flatMap((strategy) =>
  settings.room.flatMap((room) =>
    settings.ttlMs.flatMap((ttlMs) =>
      settings.staleWhileRevalidateMs.flatMap((staleWhileRevalidateMs) =>
        settings.hasStore.map((hasStore) => ({ strategy, ...room, ttlMs, staleWhileRevalidateMs, hasStore })),
      ),
    ),
  ),
);
type Combination = (typeof combinations)[number];

const step = fc.record({
  what: fc.constantFrom(
    ...(["get", "get", "get", "set", "set", "compute", "compute", "compute", "finish", "finish", "fail"] as const),
    ...(["refresh", "delete", "tag", "prefix", "clear", "wait", "wait", "back", "limit", "off", "reopen"] as const),
  ),
  key: fc.nat(keys.length - 1),
  size: fc.integer({ min: 1, max: 70 }),
  ms: fc.integer({ min: 1, max: 30 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

class Schedule {
  readonly #combination: Combination;
  readonly #runtime = createTestRuntime();
  readonly #store: TestStore | undefined;
  #cache: CacheManager;
  #limit: number;
  readonly #known = new Map<string, Known>();
  readonly #held: { readonly key: string; readonly value: number; end: (fails: boolean) => void; isOff: boolean }[] =
    [];
  #lastValue = 0;
  readonly #wrong: string[] = [];

  constructor(combination: Combination) {
    this.#combination = combination;
    this.#store = combination.hasStore ? new TestStore(this.#runtime) : undefined;
    this.#limit = combination.maxEntries;
    this.#cache = this.#open();
  }

  #open(): CacheManager {
    const { hasStore: _, ...config } = this.#combination;
    const options: CacheConfig = { ...config, ...(this.#store === undefined ? {} : { store: this.#store }) };
    return new CacheManager(options, { runtime: this.#runtime });
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      await this.#do(each);
      this.#checkBounds();
    }
    for (const { end } of this.#held) end(false);
    await this.#runtime.clock.settle();
    this.#checkBounds();
    expect(this.#wrong).toEqual([]);
    expect(this.#runtime.clock.pendingTimers).toBe(0);
  }

  async #do({ what, key: number, size, ms }: Step): Promise<void> {
    const key = keys[number]!;
    const tag = tags[number % 3];
    const options = { ...(tag === undefined ? {} : { tags: [tag] }) };
    const cache = this.#cache;
    switch (what) {
      case "get": {
        const value = cache.get<number>(key);
        if (value !== undefined) this.#checkFresh(key, value);
        expect(cache.has(key)).toBe(value !== undefined);
        return;
      }
      case "set": {
        const value = ++this.#lastValue;
        cache.set(key, value, { ...options, size });
        this.#forgetHeld((held) => held === key);
        this.#know(key, value, tag);
        if (size <= (this.#maxBytes ?? size)) expect(cache.get(key)).toBe(value);
        else expect(cache.has(key)).toBe(false);
        return;
      }
      case "compute":
      case "refresh":
        return this.#compute(key, tag, what === "refresh");
      case "finish":
      case "fail":
        this.#held[number % Math.max(1, this.#held.length)]?.end(what === "fail");
        return this.#runtime.clock.settle();
      case "delete":
        cache.delete(key);
        return this.#forget((each) => each === key);
      case "tag":
        cache.invalidate({ tag: tags[0]! });
        return this.#forget((each) => keys.indexOf(each) % 3 === 0);
      case "prefix":
        cache.invalidate({ prefix: "key 1" });
        return this.#forget((each) => each.startsWith("key 1"));
      case "clear":
        cache.clear();
        return this.#forget(() => true);
      case "wait":
        return this.#runtime.clock.advance(ms);
      case "back":
        return this.#runtime.clock.stepWallClock(-ms * 1_000);
      case "limit":
        this.#limit = 1 + (number % 10);
        return cache.configure({ maxEntries: this.#limit });
      case "off":
        cache.configure({ enabled: false });
        cache.delete(key);
        this.#forget((each) => each === key);
        expect(cache.get(key)).toBeUndefined();
        return cache.configure({ enabled: true });
      case "reopen":
        return this.#reopen();
    }
  }

  get #maxBytes(): number | undefined {
    return "maxBytes" in this.#combination ? this.#combination.maxBytes : undefined;
  }

  /** Goes on with another cache on the same store, as a process does that starts again. */
  async #reopen(): Promise<void> {
    if (this.#store === undefined) return;
    await this.#cache[Symbol.asyncDispose]();
    for (const held of this.#held) held.isOff = true;
    this.#cache = this.#open();
    this.#limit = this.#combination.maxEntries;
  }

  #compute(key: string, tag: string | undefined, isRefresh: boolean): Promise<void> {
    let began = false;
    const value = ++this.#lastValue;
    const compute = () =>
      new Promise<number>((resolve, reject) => {
        began = true;
        const held = {
          key,
          value,
          isOff: false,
          end: (fails: boolean) => {
            this.#held.splice(this.#held.indexOf(held), 1);
            if (fails) return reject(new Error("failed on purpose"));
            // Known a moment before it can be found.
            if (!held.isOff) this.#know(key, value, tag);
            resolve(value);
          },
        };
        for (const older of this.#held) if (isRefresh && older.key === key) older.isOff = true;
        this.#held.push(held);
      });
    const isOwn = (given: number) => given === value && began;
    const options = { ...(tag === undefined ? {} : { tags: [tag] }), mode: isRefresh ? "refresh" : "use" } as const;
    const askedAt = this.#runtime.monotonic();
    const known = this.#known.get(key);
    const waitedFor = new Set(this.#held.filter((held) => held.key === key).map((held) => held.value));
    this.#cache.getOrCompute(key, compute, undefined, options).then(
      (given) => {
        if (isOwn(given) || waitedFor.has(given)) return;
        const { staleWhileRevalidateMs } = this.#combination;
        const until = staleWhileRevalidateMs > 0 ? known?.staleUntil : known?.freshUntil;
        if (isRefresh || given !== known?.value || !(askedAt < until!))
          this.#wrong.push(`${key} gave ${given} at ${askedAt}`);
      },
      (error: Error) => {
        if (error.message !== "failed on purpose") this.#wrong.push(`${key} failed: ${error.message}`);
      },
    );
    return this.#runtime.clock.settle();
  }

  #know(key: string, value: number, tag: string | undefined): void {
    const { ttlMs, staleWhileRevalidateMs } = this.#combination;
    const freshUntil = ttlMs === null ? Number.POSITIVE_INFINITY : this.#runtime.monotonic() + ttlMs;
    this.#known.set(key, { value, freshUntil, staleUntil: freshUntil + staleWhileRevalidateMs, tag });
  }

  #forget(meant: (key: string) => boolean): void {
    for (const key of [...this.#known.keys()]) if (meant(key)) this.#known.delete(key);
    this.#forgetHeld(meant);
  }

  #forgetHeld(meant: (key: string) => boolean): void {
    for (const held of this.#held) if (meant(held.key)) held.isOff = true;
  }

  #checkFresh(key: string, value: number): void {
    const known = this.#known.get(key);
    expect(value, `the value of ${key}`).toBe(known?.value);
    expect(this.#runtime.monotonic()).toBeLessThan(known!.freshUntil);
  }

  #checkBounds(): void {
    const { entries, bytes } = this.#cache.stats();
    if (entries > this.#limit || bytes > (this.#maxBytes ?? bytes) || entries < 0 || bytes < 0) {
      throw new Error(`${entries} entries of ${bytes} bytes, at most ${this.#limit} of ${this.#maxBytes}`);
    }
    if (entries === 0) expect(bytes).toBe(0);
  }
}

/** Steps in all, spread over the combinations; `npm run check:cache` plays more than a million. */
const wanted = process.env.MODE === "long" ? 1_100_000 : Number(process.env.CACHE_STEPS ?? 200_000);
const seed = Number(process.env.CACHE_SEED ?? Math.floor(Math.random() * 2 ** 31));
let played = 0;
const stepsInRun = 240;
/** What fast-check makes of it. */
const meanSteps = 100;
const runs = Math.ceil(wanted / combinations.length / meanSteps);

describe("in every configuration", () => {
  afterAll(() => {
    console.log(`${played} steps in ${combinations.length} configurations, CACHE_SEED ${seed}`);
    expect(played).toBeGreaterThanOrEqual(process.env.MODE === "long" ? 1_000_000 : wanted / 2);
  });

  it.each(combinations)(
    "a cache gives nothing wrong, nothing late, and holds no more than it may: %j",
    async (combination) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: stepsInRun, size: "max" }), (steps) => {
          played += steps.length;
          return new Schedule(combination).play(steps);
        }),
        { numRuns: runs, seed },
      );
    },
    600_000,
  );
});
