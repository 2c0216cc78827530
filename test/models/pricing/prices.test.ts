import type { LanguageModelV4, LanguageModelV4Usage } from "@ai-sdk/provider";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { costOfTokens } from "../../../src/core/cost-of-tokens.ts";
import type { FlockEvent, Usage } from "../../../src/core/events/event.ts";
import { highestRate, type ModelPrice, mostTokens, type TokenRates } from "../../../src/core/model-price.ts";
import { Flock } from "../../../src/flock.ts";
import { createModel, usageOf } from "../../../src/models/model.ts";
import { loadPrices } from "../../../src/models/pricing/load-prices.ts";
import { priceOf } from "../../../src/models/pricing/price-of.ts";
import type { PriceOverrides } from "../../../src/models/pricing/price-options.ts";
import { priceTable } from "../../../src/models/pricing/price-table.ts";
import { scriptedModel } from "../../../src/testing/scripted-model.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { callContext } from "../call-context.ts";

const newYear = Date.UTC(2027, 0, 1);
const at = (nowMs: number) => ({ runtime: { now: () => nowMs } });

function usage(parts: Partial<Usage>): Usage {
  return { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, ...parts };
}

function modelNamed(provider: string, modelId: string, counts?: LanguageModelV4Usage): LanguageModelV4 {
  const result = {
    content: [{ type: "text" as const, text: "hi" }],
    finishReason: { unified: "stop" as const, raw: "stop" },
    usage: counts ?? countsOf(1_000, 100),
    warnings: [],
  };
  return {
    specificationVersion: "v4",
    provider,
    modelId,
    supportedUrls: {},
    doGenerate: async () => result,
    doStream: () => Promise.reject(new Error("never streamed")),
  };
}

function countsOf(input: number | undefined, output: number | undefined): LanguageModelV4Usage {
  return {
    inputTokens: { total: input, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: output, text: undefined, reasoning: undefined },
  };
}

async function ends(model: LanguageModelV4, prices?: PriceOverrides, runtime = createTestRuntime()) {
  await using flock = new Flock({ runtime, prices });
  const events: FlockEvent[] = [];
  await flock.run(createModel(model), { prompt: [] }, { onEvent: (event) => void events.push(event) });
  const call = events.find((event) => event.type === "call-end");
  const run = events.find((event) => event.type === "run-end");
  if (call?.type !== "call-end" || run?.type !== "run-end") throw new Error("the run did not end");
  return { call, run, warnings: events.filter((event) => event.type === "warning") };
}

describe("priceOf", () => {
  it("gives whole micro-dollars for a million tokens, with source and date", () => {
    expect(priceOf("openai/gpt-5-mini")).toEqual({
      microUsdPerMillion: { input: 250_000, output: 2_000_000, cacheRead: 25_000, cacheWrite: 250_000 },
      source: "https://developers.openai.com/api/docs/pricing",
      asOf: "2026-09-23",
    });
    expect(priceOf("anthropic/claude-haiku-5-5")?.longContext).toEqual({
      aboveInputTokens: 100_000,
      microUsdPerMillion: { input: 500_000, output: 2_500_000, cacheRead: 50_000, cacheWrite: 625_000 },
    });
  });

  it.each([
    ["openai.responses/gpt-5-mini", "openai/gpt-5-mini"],
    ["openai.chat/gpt-5-mini-2025-08-07", "openai/gpt-5-mini"],
    ["openai/gpt-4o-2024-08-06", "openai/gpt-4o"],
    ["anthropic.messages/claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5"],
    ["google.generative-ai/gemini-2.5-pro", "google/gemini-2.5-pro"],
    ["groq.chat/openai/gpt-oss-20b", "groq/openai/gpt-oss-20b"],
    ["xai.chat/grok-4", "xai/grok-4"],
    ["openai.embedding/text-embedding-3-small", "openai/text-embedding-3-small"],
  ])("knows %s as %s", (spelt, plain) => {
    expect(priceOf(plain)).toBeDefined();
    expect(priceOf(spelt)).toEqual(priceOf(plain));
  });

  it("prefers a snapshot's own row to the model's", () => {
    expect(priceOf("openai/gpt-4o-2024-05-13")?.microUsdPerMillion.input).toBe(5_000_000);
    expect(priceOf("openai/gpt-4o")?.microUsdPerMillion.input).toBe(2_500_000);
  });

  it.each([
    "openai/gpt-5-minu",
    "openai/GPT-5-mini",
    "openai/gpt-5-mini-2025-13-07",
    "openai/gpt-5-mini-20250807-2025-08-07",
    "openai/ft:gpt-4o",
    "openai-compatible/gpt-5-mini",
    "azure.responses/gpt-5-mini",
    "google.vertex.chat/gemini-2.5-pro",
    "amazon-bedrock/anthropic.claude-haiku-4-5",
    "gpt-5-mini",
    "ollama/gpt-oss:120b-cloud",
    "constructor/name",
    "openai/constructor",
    "",
  ])("guesses nothing for %j", (name) => {
    expect(priceOf(name)).toBeUndefined();
  });

  it.each(["offline/extractive", "ollama/llama3.2", "ollama.chat/llama3.2", "llama:./model.gguf", "scripted/scripted"])(
    "knows that %s costs nothing",
    (name) => {
      expect(priceOf(name)).toMatchObject({ source: "local", microUsdPerMillion: { input: 0, output: 0 } });
    },
  );

  it("takes the price that is announced for a day from that day on", () => {
    const before = priceOf("google/gemini-3.8-flash", at(newYear - 1));
    expect(before).toMatchObject({ microUsdPerMillion: { input: 750_000 }, validUntilMs: newYear });
    const after = priceOf("google/gemini-3.8-flash", at(newYear));
    expect(after?.microUsdPerMillion.input).toBe(1_500_000);
    expect(after?.validUntilMs).toBeUndefined();
  });
});

describe("the table of prices", () => {
  const names = Object.entries(priceTable).flatMap(([vendor, { models }]) =>
    Object.keys(models).map((id) => `${vendor}/${id}`),
  );

  it("holds prices that can be reckoned with exactly, and never cheaper for a long request", () => {
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) {
      const { microUsdPerMillion: rates, longContext } = priceOf(name, at(0))!;
      const long = longContext?.microUsdPerMillion ?? rates;
      for (const kind of ["input", "output", "cacheRead", "cacheWrite"] as const) {
        expect(Number.isInteger(rates[kind]) && rates[kind] <= highestRate, name).toBe(true);
        expect(long[kind], name).toBeGreaterThanOrEqual(rates[kind]);
      }
      expect(rates.cacheRead, name).toBeLessThanOrEqual(rates.input);
    }
  });

  it("names an https page and a day for each vendor", () => {
    for (const { source, asOf } of Object.values(priceTable)) {
      expect(source).toMatch(/^https:\/\//);
      expect(new Date(asOf).toISOString().slice(0, 10)).toBe(asOf);
    }
  });
});

describe("costOfTokens", () => {
  const rate = fc.integer({ min: 0, max: highestRate });
  const rates: fc.Arbitrary<TokenRates> = fc.record({ input: rate, output: rate, cacheRead: rate, cacheWrite: rate });
  const tokens = fc.oneof(
    fc.nat(10_000),
    fc.maxSafeInteger().map((n) => Math.abs(n) % (mostTokens / 4)),
  );
  const counts = fc.record({ fresh: tokens, output: tokens, cacheRead: tokens, cacheWrite: tokens });
  type Counts = Record<"fresh" | "output" | "cacheRead" | "cacheWrite", number>;

  const usageFrom = ({ fresh, output, cacheRead, cacheWrite }: Counts) =>
    usage({
      inputTokens: fresh + cacheRead + cacheWrite,
      outputTokens: output,
      cacheReadTokens: cacheRead,
      cacheWriteTokens: cacheWrite,
    });
  const flat = (microUsdPerMillion: TokenRates): ModelPrice => ({ microUsdPerMillion, source: "test" });

  it("equals the sum in whole numbers of any size, rounded up once", () => {
    fc.assert(
      fc.property(rates, counts, (perMillion, spent) => {
        const exact =
          BigInt(spent.fresh) * BigInt(perMillion.input) +
          BigInt(spent.output) * BigInt(perMillion.output) +
          BigInt(spent.cacheRead) * BigInt(perMillion.cacheRead) +
          BigInt(spent.cacheWrite) * BigInt(perMillion.cacheWrite);
        const rounded = exact / 1_000_000n + (exact % 1_000_000n > 0n ? 1n : 0n);
        expect(BigInt(costOfTokens(flat(perMillion), usageFrom(spent)))).toBe(rounded);
      }),
      { numRuns: 2_000 },
    );
  });

  it("never falls when there is more of one kind of token, also across the limit of long requests", () => {
    const kind = fc.constantFrom("fresh", "output", "cacheRead", "cacheWrite") as fc.Arbitrary<keyof Counts>;
    fc.assert(
      fc.property(
        rates,
        fc.nat(3),
        fc.nat(1_000_000),
        counts,
        kind,
        fc.nat(500_000),
        (perMillion, factor, above, spent, more, by) => {
          const long = Object.fromEntries(
            Object.entries(perMillion).map(([name, value]) => [name, Math.min(highestRate, value * (1 + factor))]),
          ) as unknown as TokenRates;
          const price = { ...flat(perMillion), longContext: { aboveInputTokens: above, microUsdPerMillion: long } };
          const before = costOfTokens(price, usageFrom(spent));
          const after = costOfTokens(price, usageFrom({ ...spent, [more]: spent[more] + by }));
          expect(after).toBeGreaterThanOrEqual(before);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("charges the whole request at the higher rate once its input is long", () => {
    const price = priceOf("google/gemini-2.5-pro", at(0))!;
    expect(costOfTokens(price, usage({ inputTokens: 200_000, outputTokens: 1_000 }))).toBe(250_000 + 10_000);
    expect(costOfTokens(price, usage({ inputTokens: 200_001, outputTokens: 1_000 }))).toBe(500_003 + 15_000);
  });

  it("takes cache tokens out of the input, and never below nothing", () => {
    const price = priceOf("anthropic/claude-sonnet-4-5", at(0))!;
    const parts = { inputTokens: 1_000, cacheReadTokens: 600, cacheWriteTokens: 300 };
    expect(costOfTokens(price, usage(parts))).toBe(Math.ceil(100 * 3 + 600 * 0.3 + 300 * 3.75));
    expect(costOfTokens(price, usage({ ...parts, inputTokens: 10 }))).toBe(Math.ceil(600 * 0.3 + 300 * 3.75));
  });

  it("is a whole number that is not negative for whatever a vendor reports", async () => {
    const count = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.maxSafeInteger(),
      fc.constant(undefined),
      fc.constant("7" as never),
    );
    const hostile = fc.record({
      inputTokens: fc.record({ total: count, noCache: count, cacheRead: count, cacheWrite: count }),
      outputTokens: fc.record({ total: count, text: count, reasoning: count }),
    });
    await loadPrices();
    fc.assert(
      fc.property(rates, hostile, (perMillion, reported) => {
        const flatUsage = usageOf(reported);
        for (const value of Object.values(flatUsage ?? {}))
          expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
        const cost = createModel(modelNamed("v", "m")).costOf(
          { content: [], finishReason: { unified: "stop", raw: "stop" }, warnings: [], usage: reported },
          flat(perMillion),
        );
        const micro = cost?.costMicroUsd;
        expect(micro === undefined || (Number.isInteger(micro) && micro >= 0)).toBe(true);
      }),
    );
  });
});

describe("the cost of a call", () => {
  it("is right for the first call, of a model the user made, in call-end and run-end", async () => {
    const { call, run, warnings } = await ends(modelNamed("openai.responses", "gpt-5-mini"));
    expect(call.costMicroUsd).toBe(250 + 200);
    expect(run.costMicroUsd).toBe(450);
    expect(warnings).toEqual([]);
  });

  it("is nothing for models that run locally", async () => {
    const { call } = await ends(scriptedModel([{ text: "hi", usage: { inputTokens: 10, outputTokens: 5 } }]));
    expect(call).toMatchObject({ costMicroUsd: 0, usage: { inputTokens: 10, outputTokens: 5 } });
  });

  it("is unknown, with one warning for each model and runtime, when the price is", async () => {
    const runtime = createTestRuntime();
    const first = await ends(modelNamed("acme", "wonder-1"), undefined, runtime);
    expect(first.call).toMatchObject({ costMicroUsd: undefined, usage: { inputTokens: 1_000 } });
    expect(first.run.costMicroUsd).toBeUndefined();
    expect(first.warnings).toMatchObject([
      {
        code: "price_unknown",
        message: expect.stringContaining(
          'no price is known for acme/wonder-1; give one to the Flock: prices: { "acme/wonder-1"',
        ),
      },
    ]);
    expect((await ends(modelNamed("acme", "wonder-1"), undefined, runtime)).warnings).toEqual([]);
    expect((await ends(modelNamed("acme", "wonder-2"), undefined, runtime)).warnings).toHaveLength(1);
    expect((await ends(modelNamed("acme", "wonder-1"))).warnings).toHaveLength(1);
  });

  it("is unknown and not nothing when the vendor counted no tokens, or one side alone", async () => {
    const none = await ends(modelNamed("openai", "gpt-5", countsOf(undefined, undefined)));
    expect(none.call).toMatchObject({ usage: undefined, costMicroUsd: undefined });
    expect(none.run).toMatchObject({ usage: undefined, costMicroUsd: undefined });
    const half = await ends(modelNamed("openai", "gpt-5", countsOf(undefined, 10)));
    expect(half.call).toMatchObject({ usage: { outputTokens: 10 }, costMicroUsd: undefined });
    expect(half.warnings).toEqual([]);
    const zero = await ends(modelNamed("openai", "gpt-5", countsOf(0, 0)));
    expect(zero.call).toMatchObject({ usage: { inputTokens: 0 }, costMicroUsd: 0 });
  });

  it("never keeps an answer back when the prices cannot be loaded, and the next call tries again", async () => {
    vi.resetModules();
    vi.doMock("../../../src/models/pricing/price-book.ts", () => Promise.reject(new Error("the file is gone")));
    try {
      const { createModel: createFresh } = await import("../../../src/models/model.ts");
      const fresh = await import("../../../src/models/pricing/load-prices.ts");
      const model = createFresh(modelNamed("openai", "gpt-5"));
      const answer = await model.perform({ prompt: [] }, callContext().context);
      expect(answer.content).toEqual([{ type: "text", text: "hi" }]);
      expect(fresh.loadedPrices()).toBeUndefined();
      vi.doUnmock("../../../src/models/pricing/price-book.ts");
      await fresh.loadPrices();
      expect(fresh.loadedPrices()).toBeDefined();
    } finally {
      vi.doUnmock("../../../src/models/pricing/price-book.ts");
      vi.resetModules();
    }
  });

  it("follows the price that is announced, in a process that lives that long", async () => {
    const clock = { nowMs: newYear - 1 };
    const runtime = { ...createTestRuntime(), now: () => clock.nowMs };
    await using flock = new Flock({ runtime });
    await flock.loadPrices();
    const model = createModel(modelNamed("google", "gemini-3.6-flash"));
    expect(flock.priceOf(model)?.microUsdPerMillion.input).toBe(750_000);
    expect(flock.priceOf(model)).toBe(flock.priceOf(model));
    clock.nowMs = newYear;
    expect(flock.priceOf(model)?.microUsdPerMillion.input).toBe(1_500_000);
  });
});

describe("a Flock's own prices", () => {
  it("go before the table, under any spelling of the name, and cover whole vendors", async () => {
    const prices = {
      "openai/gpt-5-mini": { input: 1, output: 2, cacheRead: 0.5 },
      "scripted/priced": { input: 3, output: 0 },
      "acme/*": { input: 10, output: 10 },
      "acme/cheap": { input: 0.0000001, output: 0 },
    };
    const costOf = async (provider: string, id: string) =>
      (await ends(modelNamed(provider, id), prices)).call.costMicroUsd;
    expect(await costOf("openai.responses", "gpt-5-mini-2025-08-07")).toBe(1_200);
    expect(await costOf("openai", "gpt-5")).toBe(1_250 + 1_000);
    expect(await costOf("scripted", "priced")).toBe(3_000);
    expect(await costOf("acme.chat", "any")).toBe(11_000);
    expect(await costOf("acme", "cheap")).toBe(1);
  });

  it("are there for layers before a call, once they were waited for", async () => {
    await using flock = new Flock({ runtime: createTestRuntime(), prices: { "acme/x": { input: 1, output: 2 } } });
    await flock.loadPrices();
    expect(flock.loadPrices()).toBeUndefined();
    expect(flock.priceOf(createModel(modelNamed("acme", "x")))).toEqual({
      microUsdPerMillion: { input: 1_000_000, output: 2_000_000, cacheRead: 1_000_000, cacheWrite: 1_000_000 },
      source: "prices",
    });
    expect(flock.priceOf({ name: "acme/x", kind: "tool", perform: async () => ({}) })).toBeUndefined();
    expect(flock.priceOf(createModel(modelNamed("acme", "y")))).toBeUndefined();
  });

  it.each([
    [{ "openai/gpt-5": { input: -1, output: 1 } }, '"input" must be a number from 0 to 1000'],
    [{ "openai/gpt-5": { input: Number.NaN, output: 1 } }, '"input" must be a number'],
    [{ "openai/gpt-5": { input: 5_000, output: 1 } }, '"input" must be a number'],
    [{ "openai/gpt-5": { input: "1", output: 1 } }, '"input" must be a number'],
    [{ "openai/gpt-5": { input: 1 } }, '"output" must be given'],
    [{ "openai/gpt-5": { input: 1, output: 1, cacheRaed: 1 } }, 'did you mean "cacheRead"?'],
    [{ "openai/gpt-5": 3 }, "must be an object"],
    [{ "gpt-5": { input: 1, output: 1 } }, 'prices["gpt-5"]: "name" must be "vendor/model id" or "vendor/*"'],
    [[], '"prices" must be an object'],
  ])("are refused when wrong: %j", (prices, message) => {
    const build = () => new Flock({ runtime: createTestRuntime(), prices: prices as never });
    expect(build).toThrowError(expect.objectContaining({ code: "option_invalid" }));
    expect(build).toThrowError(message);
  });
});
