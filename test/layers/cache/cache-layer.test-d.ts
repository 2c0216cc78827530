import { expectTypeOf, it } from "vitest";
import { CacheManager, semanticCacheLayer } from "../../../src/entries/cache.ts";
import { type CacheChoice, type CacheSettings, DeclarativeAgent, Flock, tool } from "../../../src/entries/index.ts";
import { createModel, lexicalEmbedder } from "../../../src/entries/models.ts";
import { ParallelPattern, SequentialPattern } from "../../../src/entries/patterns.ts";
import { scriptedModel } from "../../../src/entries/testing.ts";

const fields = { input: "topic: str", output: "summary: str" } as const;
const manager = new CacheManager();

it("is a switch, settings or a CacheManager, wherever it is taken", () => {
  expectTypeOf<true>().toExtend<CacheChoice>();
  expectTypeOf<CacheManager>().toExtend<CacheChoice>();
  expectTypeOf<{ ttlMs: null; version: string }>().toExtend<CacheSettings>();
  const agent = new DeclarativeAgent({ name: "a", ...fields, cache: { ttlMs: 5, strategy: "lfu", version: "1" } });
  new Flock({ cache: manager });
  new SequentialPattern({ agents: [agent], cache: manager });
  new ParallelPattern({ agents: { agent }, cache: true });
  createModel(scriptedModel([]), { cache: { maxEntries: 3 } });
  tool({
    name: "t",
    description: "T.",
    input: "x: int",
    output: "y: int",
    cache: false,
    execute: ({ x }) => ({ y: x }),
  });
});

it("leaves what is inferred alone", () => {
  const agent = new DeclarativeAgent({ name: "a", ...fields, cache: manager });
  expectTypeOf(agent.execute({ topic: "x" }, { cache: "refresh" })).toEqualTypeOf<Promise<{ summary: string }>>();
});

it("takes known settings alone", () => {
  // @ts-expect-error: no such setting
  new DeclarativeAgent({ name: "a", ...fields, cache: { ttl: 5 } });
  // @ts-expect-error: no such strategy
  new Flock({ cache: { strategy: "fifo" } });
  // @ts-expect-error: what looks like no cache
  new Flock({ cache: "yes" });
});

it("takes embedding models and functions to compare questions with", () => {
  semanticCacheLayer({ embedder: lexicalEmbedder() });
  semanticCacheLayer({ embedder: async (texts) => texts.map(() => [1, 0]) });
  // @ts-expect-error: a vector is a list of numbers
  semanticCacheLayer({ embedder: async (texts) => texts });
});
