import { describe, expect, it } from "vitest";
import type { ModelPrice } from "../../../src/core/model-price.ts";
import type { Suggestion, WhatIf } from "../../../src/introspection/advise/suggestion.ts";
import { cachedPrompts } from "../../../src/introspection/advise/what-if/cached-prompts.ts";
import { constantTokens, partsOf, talksOf } from "../../../src/introspection/advise/what-if/prompt-parts.ts";
import { shorterPrompts } from "../../../src/introspection/advise/what-if/shorter-prompts.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

/** Two dollars for a million tokens in, eight for a million out, a tenth of it from the vendor's cache. */
const price: ModelPrice = {
  microUsdPerMillion: { input: 2_000_000, output: 8_000_000, cacheRead: 200_000, cacheWrite: 2_000_000 },
  source: "test",
};
const { random } = createTestRuntime({ seed: 3 });

interface Answered {
  readonly input: number;
  readonly output?: number;
  readonly cached?: number;
  readonly ms?: number;
  readonly firstTokenMs?: number;
  readonly model?: string;
  readonly costs?: boolean;
}

/** One answer of a model, at the price above. */
function answered({
  input,
  output = 50,
  cached = 0,
  ms = 500,
  firstTokenMs,
  model = "m",
  costs = true,
}: Answered): DescribedCall {
  const stream =
    firstTokenMs === undefined ? {} : { stream: { firstTokenMs, meanGapMs: 1, longestGapMs: 2, pieces: 9 } };
  const cost = Math.ceil((input - cached) * 2 + cached * 0.2 + output * 8);
  return {
    ...{ name: model, kind: "model", ms, usage: { inputTokens: input, outputTokens: output, cacheReadTokens: cached } },
    ...(costs ? { costMicroUsd: cost } : {}),
    ...stream,
  };
}

const looked: DescribedCall = { name: "search", kind: "tool", ms: 100 };

function advise(
  whatIf: WhatIf,
  runs: readonly DescribedCall[],
  known: ModelPrice | undefined = price,
): readonly Suggestion[] {
  const priceOf = () => known;
  return whatIf({ name: "reader", episodes: episodesFrom(runs), knobs: undefined, priceOf }).map(
    ({ suggestion }) => suggestion,
  );
}
const reader = (calls: readonly DescribedCall[], text = ""): DescribedCall => ({
  ...{ name: "reader", kind: "agent", input: { text }, reads: ["text"], calls },
});

describe("the parts of prompts", () => {
  it("are the constant part, inputs by their size, and what tools gave, carried on by each later turn", () => {
    const runs = repeat(40, (index) => {
      const first = 1_000 + index * 25;
      return reader(
        [
          ...[answered({ input: first }), looked, answered({ input: first + 50 + 3_000 }), looked],
          answered({ input: first + 100 + 3_000 + 200 }),
        ],
        "x".repeat(index * 100),
      );
    });
    const [{ talks }] = talksOf(episodesFrom(runs)) as [ReturnType<typeof talksOf>[number]];
    // An input of no text has 12 characters, at a quarter of a token each.
    expect(constantTokens(talks)).toBeCloseTo(997, -1);
    const [tool, constant, input] = partsOf(talks);
    expect(tool).toMatchObject({ kind: "tool", tool: "search", sum: 40 * (2 * 3_000 + 200) });
    expect(constant).toMatchObject({ kind: "constant", sum: 40 * 3 * constantTokens(talks) });
    expect(input!.sum).toBeCloseTo(40 * 3 * (1_000 + 19.5 * 25 - constantTokens(talks)), 3);
  });

  it("are constant where inputs are all as long, and name tools that were called together", () => {
    const runs = repeat(5, (index) => {
      return reader([
        answered({ input: 700 + index }),
        { ...looked, name: "fetch" },
        looked,
        answered({ input: 1_800 }),
      ]);
    });
    const [{ talks }] = talksOf(episodesFrom(runs)) as [ReturnType<typeof talksOf>[number]];
    expect(constantTokens(talks)).toBe(700);
    expect(partsOf(talks).map(({ kind, tool }) => [kind, tool])).toEqual([
      ...[
        ["constant", undefined],
        ["tool", "fetch and search"],
        ["input", undefined],
      ],
    ]);
  });

  it("are those of the model that was used most, where tokens were told", () => {
    const runs = [
      ...repeat(3, () => reader([answered({ input: 10 })])),
      ...repeat(2, () => reader([answered({ input: 20, model: "other" })])),
      ...[
        reader([{ name: "m", ms: 1 }]),
        reader([]),
        reader([answered({ input: 1 }), answered({ input: 1, model: "other" })]),
      ],
    ];
    expect(talksOf(episodesFrom(runs))).toMatchObject([{ agent: "reader", model: "m", talks: { length: 3 } }]);
  });
});

describe("shorterPrompts", () => {
  it("advises to shorten what is always the same, with what half of it costs", () => {
    const [advice, ...more] = advise(
      shorterPrompts,
      repeat(40, () => reader([answered({ input: 4_000, output: 100 })])),
    );
    expect(more).toEqual([]);
    // 4,000 in cost 8,000 and 100 out cost 800 micro-dollars.
    expect(advice).toMatchObject({
      id: "prompt:reader",
      predicted: { metric: "costMicroUsd", change: -4_000, low: -4_000, high: -4_000 },
      forecasts: [{ metric: "costMicroUsd", before: 8_800, after: 4_800 }],
      evidence: { calls: 40, answers: 40, meanInputTokens: 4_000 },
    });
    expect(advice!.sentence).toBe(
      "reader sends m 4000 tokens a time (mean of 40 answers; 91 % of their cost): what is always the same (100 %). " +
        "With half of what is always the same a run of reader would cost $0.004 less (45 %). What helps: fewer examples, " +
        "shorter instructions and descriptions of fields, fewer tools.",
    );
  });

  it("names the inputs, or the tool whose answers each later turn sends again", () => {
    const inputs = repeat(40, (index) => reader([answered({ input: 500 + index * 200 })], "x".repeat(index * 800)));
    expect(advise(shorterPrompts, inputs)[0]).toMatchObject({
      id: "prompt:reader",
      sentence: expect.stringContaining("What helps: pass less in text, cut or summarised before."),
    });
    const loops = repeat(40, () =>
      reader([answered({ input: 500 }), looked, answered({ input: 6_550 }), looked, answered({ input: 6_900 })]),
    );
    const [advice] = advise(shorterPrompts, loops);
    // Of 6,000 tokens in two prompts and 300 in one, half at two micro-dollars each.
    expect(advice).toMatchObject({ id: "tool-output:search", predicted: { change: -(6_000 + 6_300) } });
    expect(advice!.sentence).toContain(
      "Each answer is sent again with every further turn, of which there are 3: have search answer with fewer",
    );
  });

  it("keeps the share that the vendor's cache has, and reckons the price from recorded costs where none is known", () => {
    const cached = repeat(40, () => reader([answered({ input: 4_000, cached: 2_000, output: 100 })]));
    expect(advise(shorterPrompts, cached)[0]!.predicted!.change).toBeCloseTo(-(2_000 + 200), 6);
    const varied = repeat(40, (index) =>
      reader([answered({ input: 4_000 + 100 * (index % 7), output: 100 + 3 * (index % 5) })]),
    );
    const [reckoned] = advise(shorterPrompts, varied, { ...price, microUsdPerMillion: price.microUsdPerMillion });
    const [known] = shorterPrompts({ name: "reader", episodes: episodesFrom(varied), knobs: undefined });
    expect(known!.suggestion.predicted!.change / reckoned!.predicted!.change).toBeCloseTo(1, 2);
    const unpriced = repeat(40, () => reader([answered({ input: 4_000, costs: false })]));
    expect(shorterPrompts({ name: "reader", episodes: episodesFrom(unpriced), knobs: undefined })).toEqual([]);
    expect(shorterPrompts({ name: "reader", episodes: episodesFrom(cached), knobs: undefined })).toEqual([]);
  });

  it("tells the time that comes with the prompt, from first tokens or from whole answers beside their length", () => {
    const timed = (isStreamed: boolean) =>
      repeat(100, () => {
        const [input, output] = [2_000 + Math.round(8_000 * random()), Math.round(100 * random())];
        const firstTokenMs = 300 + 0.1 * input + 30 * random();
        const ms = firstTokenMs + 10 * output;
        return reader(
          [answered({ input, output, ms, costs: false, ...(isStreamed ? { firstTokenMs } : {}) })],
          "x".repeat(4 * input - 6_000),
        );
      });
    for (const runs of [timed(true), timed(false)]) {
      const [advice] = shorterPrompts({ name: "reader", episodes: episodesFrom(runs), knobs: undefined });
      const { evidence, predicted, forecasts } = advice!.suggestion;
      expect(Math.abs(Number(evidence.msPerToken) - 0.1)).toBeLessThan(0.005);
      expect(predicted).toMatchObject({ metric: "avgExecutionTimeMs" });
      // Of 6,000 tokens on average about 4,500 are the inputs.
      expect(Math.abs(predicted!.change + 225)).toBeLessThan(30);
      expect(forecasts).toHaveLength(1);
      expect(predicted!.low).toBeLessThan(predicted!.change);
      expect(advice!.suggestion.sentence).toContain("a run of reader would take 2");
    }
  });

  it("tells cost and time together", () => {
    const runs = repeat(100, () => {
      const input = 2_000 + Math.round(8_000 * random());
      return reader([answered({ input, firstTokenMs: 0.1 * input, ms: 0.1 * input + 100 })], "x".repeat(4 * input));
    });
    const [advice] = advise(shorterPrompts, runs);
    expect(advice!.forecasts!.map(({ metric }) => metric)).toEqual(["costMicroUsd", "avgExecutionTimeMs"]);
    expect(advice!.sentence).toMatch(/would cost \$[\d.]+ less \(\d+ %\) and take \d+ ms less/);
  });

  it("is silent for short prompts, small gains, few calls and times that do not follow the prompt", () => {
    expect(
      advise(
        shorterPrompts,
        repeat(40, () => reader([answered({ input: 1_900 })])),
      ),
    ).toEqual([]);
    expect(
      advise(
        shorterPrompts,
        repeat(40, () => reader([answered({ input: 2_100, output: 9_000 })])),
      ),
    ).toEqual([]);
    expect(
      advise(
        shorterPrompts,
        repeat(29, () => reader([answered({ input: 9_000 })])),
      ),
    ).toEqual([]);
    const slow = repeat(60, () =>
      reader([answered({ input: 3_000 + Math.round(900 * random()), ms: 4_000 * random(), costs: false })]),
    );
    expect(shorterPrompts({ name: "reader", episodes: episodesFrom(slow), knobs: undefined })).toEqual([]);
    const retried = repeat(60, (index) =>
      reader([{ ...answered({ input: 3_000 + 50 * index, ms: 50 * index, costs: false }), attempts: 2 }]),
    );
    expect(shorterPrompts({ name: "reader", episodes: episodesFrom(retried), knobs: undefined })).toEqual([]);
    expect(
      advise(
        shorterPrompts,
        repeat(40, () => reader([answered({ input: 0 })])),
      ),
    ).toEqual([]);
  });

  it("passes over runs whose calls are no longer kept", () => {
    const episodes = episodesFrom(repeat(40, () => reader([answered({ input: 4_000 })])));
    const input = { name: "reader", knobs: undefined, priceOf: () => price };
    const thinned = [...episodes, { ...episodes[0]!, root: undefined, complete: false }];
    expect(shorterPrompts({ ...input, episodes: thinned })).toEqual(shorterPrompts({ ...input, episodes }));
  });

  it("counts what an agent costs each time it works in a run, and says nothing where the run's cost is unknown", () => {
    const twice = (costs: boolean) =>
      repeat(40, (): DescribedCall => {
        const call = reader([answered({ input: 4_000, output: 100, costs })]);
        return { name: "desk", kind: "pattern", calls: [call, call] };
      });
    const [advice] = shorterPrompts({
      name: "desk",
      episodes: episodesFrom(twice(true)),
      knobs: undefined,
      priceOf: () => price,
    });
    expect(advice!.suggestion.predicted).toMatchObject({ change: -8_000 });
    const kept = cachedPrompts({
      name: "desk",
      episodes: episodesFrom(twice(true)),
      knobs: undefined,
      priceOf: () => price,
    });
    expect(kept[0]!.suggestion.forecasts![0]!.before).toBe(17_600);
    const unknown = { name: "desk", episodes: episodesFrom(twice(false)), knobs: undefined, priceOf: () => price };
    expect([...shorterPrompts(unknown), ...cachedPrompts(unknown)]).toEqual([]);
  });

  it("takes answers that report no tokens of a prompt as they are", () => {
    const runs = repeat(60, (index) => {
      const input = index % 10 === 0 ? 0 : 3_000 + 100 * index;
      return reader(
        [answered({ input, output: index % 10 === 0 ? 0 : 50, ms: 100 + 0.1 * input })],
        "x".repeat(4 * input),
      );
    });
    expect(advise(shorterPrompts, runs)[0]).toMatchObject({ id: "prompt:reader" });
    const none = { ...price, microUsdPerMillion: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } };
    expect(advise(shorterPrompts, runs, none)[0]).toMatchObject({ evidence: { promptShareOfCost: 0 } });
  });

  it("names shrinkContext where requests were too long altogether", () => {
    const tooLong = Object.assign(new Error("too long"), { code: "context_too_long" });
    const failing = {
      name: "m",
      kind: "model",
      ms: 10,
      outcome: "error",
      code: "context_too_long",
      error: tooLong,
    } as const;
    const runs = repeat(40, () => reader([failing, answered({ input: 5_000 })]));
    expect(advise(shorterPrompts, runs)[0]!.sentence).toContain("say `recovery: shrinkContext()`");
  });
});

describe("cachedPrompts", () => {
  const steady = (change: Partial<Answered> = {}) =>
    repeat(60, (index) => reader([answered({ input: 2_000 + 10 * index, ...change })], "x".repeat(40 * index)));

  it("advises the vendor's cache where beginnings are the same and hardly any came from it", () => {
    const [advice] = advise(cachedPrompts, steady());
    expect(advice).toMatchObject({
      id: "prompt-cache:reader",
      evidence: { calls: 60, cachedNow: 0 },
      predicted: { metric: "costMicroUsd" },
      risk: "low",
    });
    // All but the first of 60 have about 2,000 tokens from the cache, at a tenth of two micro-dollars.
    const constant = Number(advice!.evidence.constantTokens);
    expect(advice!.predicted!.change).toBeCloseTo((-59 / 60) * constant * 1.8, 6);
    expect(advice!.sentence).toContain("0 % of what reader sends m came from the vendor's cache, though");
  });

  it("counts what writing costs, long requests at their own rates, and what a loop has sent before", () => {
    const writing = { ...price, microUsdPerMillion: { ...price.microUsdPerMillion, cacheWrite: 2_500_000 } };
    const loops = repeat(60, () => reader([answered({ input: 2_000 }), looked, answered({ input: 6_000 })]));
    const [free] = advise(cachedPrompts, loops);
    // The first prompt has 2,000 from other runs, the second all of the first.
    expect(free!.predicted!.change).toBeCloseTo(-(2_000 * 1.8 * (59 / 60) + 2_000 * 1.8), 6);
    const [dear] = advise(cachedPrompts, loops, writing);
    expect(dear!.predicted!.change).toBeCloseTo(free!.predicted!.change + 4_000 * 0.5 + 2_000 * 0.5 * (1 / 60), 6);
    const longRates = { input: 4_000_000, output: 8_000_000, cacheRead: 200_000, cacheWrite: 4_000_000 };
    const tiered = { ...price, longContext: { aboveInputTokens: 5_000, microUsdPerMillion: longRates } };
    expect(advise(cachedPrompts, loops, tiered)[0]!.predicted!.change).toBeCloseTo(
      -(2_000 * 1.8 * (59 / 60) + 2_000 * 3.8),
      6,
    );
  });

  it("says how it is asked for where it is an option", () => {
    expect(advise(cachedPrompts, steady({ model: "anthropic" }))[0]!.sentence).toContain("anthropic: { cacheControl:");
    expect(advise(cachedPrompts, steady({ model: "openai" }))[0]!.sentence).toContain("keep the beginning as it is");
  });

  it("is silent where it is in use, brings nothing, cannot be had, or calls are far apart", () => {
    expect(advise(cachedPrompts, steady({ cached: 1_000 }))).toEqual([]);
    expect(
      advise(cachedPrompts, steady(), {
        ...price,
        microUsdPerMillion: { ...price.microUsdPerMillion, cacheRead: 2_000_000 },
      }),
    ).toEqual([]);
    expect(cachedPrompts({ name: "reader", episodes: episodesFrom(steady()), knobs: undefined })).toEqual([]);
    expect(
      advise(
        cachedPrompts,
        repeat(60, () => reader([answered({ input: 1_000 })])),
      ),
    ).toEqual([]);
    expect(advise(cachedPrompts, steady().slice(0, 29))).toEqual([]);
    const rare = episodesFrom(steady()).map((episode, index) => {
      const startMs = episode.startMs + index * 600_000;
      const call = { ...episode.root!.call, startMs };
      const children = episode.root!.children.map((node) => ({ ...node, call: { ...node.call, startMs } }));
      return { ...episode, startMs, root: { ...episode.root!, call, children } };
    });
    expect(cachedPrompts({ name: "reader", episodes: rare, knobs: undefined, priceOf: () => price })).toEqual([]);
  });
});
