import { expectTypeOf, it } from "vitest";
import { CacheManager, type CacheStats } from "../../../src/entries/cache.ts";

const cache = new CacheManager({ strategy: "tinylfu", ttlMs: null });

it("gives what the computation makes, awaited", () => {
  expectTypeOf(cache.getOrCompute("k", () => 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(cache.getOrCompute("k", async () => ({ a: "x" }))).toEqualTypeOf<Promise<{ a: string }>>();
});

it("tells the computation the type of its arguments", () => {
  interface Query {
    readonly text: string;
  }
  const query: Query = { text: "bees" };
  const found = cache.getOrCompute(
    "search",
    (args, { signal }) => {
      expectTypeOf(args).toEqualTypeOf<Query>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return [args.text];
    },
    query,
    { tags: ["search"], mode: "refresh" },
  );
  expectTypeOf(found).toEqualTypeOf<Promise<string[]>>();
});

it("takes known options alone", () => {
  // @ts-expect-error: no such strategy
  new CacheManager({ strategy: "mru" });
  // @ts-expect-error: no such option
  new CacheManager({ ttl: 5 });
  // @ts-expect-error: cannot change in use
  cache.configure({ maxBytes: 5 });
  // @ts-expect-error: one of four filters
  cache.invalidate({ name: "x" });
  expectTypeOf(cache.invalidate({ tag: "x" })).toEqualTypeOf<number>();
});

it("gives values of the type that is asked for, or undefined", () => {
  expectTypeOf(cache.get<string>("k")).toEqualTypeOf<string | undefined>();
  expectTypeOf(cache.get("k")).toEqualTypeOf<unknown>();
  expectTypeOf(cache.stats()).toEqualTypeOf<CacheStats>();
});
