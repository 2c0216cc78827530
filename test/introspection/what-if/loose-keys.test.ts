import { describe, expect, it } from "vitest";
import type { CallRecord } from "../../../src/core/events/run-history.ts";
import { Knobs } from "../../../src/core/knob.ts";
import type { Suggestion } from "../../../src/introspection/advise/suggestion.ts";
import { looseKeys } from "../../../src/introspection/advise/what-if/loose-keys.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

const spellings = [
  (text: string) => text,
  (text: string) => text.toUpperCase(),
  (text: string) => ` ${text}`,
  (text: string) => text.replaceAll(" ", "  "),
  (text: string) => `${text}\n`,
];
const questionOf = (run: number): string => spellings[Math.floor(run / 10) % 5]!(`where is number ${run % 10}`);

function runsOf(question: (run: number) => unknown, extra: (run: number) => Partial<DescribedCall> = () => ({})) {
  return repeat(200, (run): DescribedCall => {
    const search = { name: "search", kind: "tool", ms: 80, input: { question: question(run) }, ...extra(run) } as const;
    return { name: "a", input: { run }, calls: [search, { name: "model", ms: 20, tokens: 10 }] };
  });
}

function advise(runs: readonly DescribedCall[], knobs?: Knobs, tenantOf?: (run: number) => string) {
  return looseKeys({ name: "a", episodes: episodesFrom(runs, tenantOf), knobs }).map(({ suggestion }) => suggestion);
}

function knobWith(maxEntries: number): Knobs {
  const knobs = new Knobs();
  const read = () => ({ maxEntries, ttlMs: null, strategy: "lru" });
  knobs.register({ id: "cache:search", read, check: () => undefined, change: () => () => {} });
  return knobs;
}

describe("looseKeys", () => {
  it("tells what one spelling would bring, which takes a person to decide", () => {
    const [advice, ...more] = advise(runsOf(questionOf));
    expect(more).toEqual([]);
    // Ten questions, every ten minutes, each made anew after an hour.
    expect(advice).toMatchObject({
      ...{ id: "cache-key:search", risk: "medium" },
      evidence: { calls: 200, hits: 170, spellings: 50, questions: 10, isOn: "no" },
      predicted: { metric: "avgExecutionTimeMs" },
    });
    expect(advice!.action).toBeUndefined();
    const { hitsAsTheyAre } = advice!.evidence as { readonly hitsAsTheyAre: number };
    expect(advice!.predicted!.change).toBeCloseTo((-80 * (170 - hitsAsTheyAre)) / 200, 6);
    expect(advice!.forecasts!.at(-1)).toMatchObject({ metric: "cacheHitRate", after: 0.85 });
    expect(advice!.sentence).toContain(
      "Ask search in one spelling: without case and surplus white space 50 different inputs are 10. A cache of 16 entries " +
        "would answer 85 % of the calls of the next 200 runs (",
    );
    expect(advice!.sentence).toContain("in a wrapper layer with `next(call.with({ input }))`.");
  });

  it("tells it of the cache that is on", () => {
    // As they are, ten entries hold none of fifty inputs until it comes again.
    const on = runsOf(questionOf, () => ({ cacheState: "miss" }));
    const [advice] = advise(on, knobWith(10));
    expect(advice).toMatchObject({ id: "cache-key:search", evidence: { hitsAsTheyAre: 0, isOn: "yes", entries: 10 } });
    expect(advice!.sentence).toContain("Its cache would answer 100 % of the calls");
    expect(advice!.sentence).toContain("as they are 0 %");
    expect(advise(on)).toEqual([]);
    expect(advise(on, knobWith(100))).toEqual([]);
  });

  it("counts tokens where they are what is saved", () => {
    const spends = (): Partial<DescribedCall> => {
      return { kind: "agent", ms: 1, calls: [{ name: "writer", ms: 1, tokens: 900, costMicroUsd: 50 }] };
    };
    const slow = runsOf(questionOf, spends).map((run) => ({ ...run, ms: 50_000 }));
    const [advice] = advise(slow);
    expect(advice?.id).toBe("cache-key:search");
    expect(advice!.forecasts!.map(({ metric }) => metric)).toContain("costMicroUsd");
  });

  it("counts nothing that a cache further out would answer", () => {
    const runs = repeat(200, (run): DescribedCall => {
      const search = { name: "search", kind: "tool", ms: 900, input: { question: questionOf(run) } } as const;
      const inner = { name: "finder", kind: "agent", ms: 1_000, input: { topic: run % 4 }, calls: [search] } as const;
      return { name: "a", input: { run }, calls: [inner] };
    });
    expect(advise(runs)).toEqual([]);
    const apart = runs.map((run) => ({ ...run, calls: run.calls![0]!.calls! }));
    expect(advise(apart).map(({ id }) => id)).toEqual(["cache-key:search"]);
  });

  it("keeps tenants apart", () => {
    const [together] = advise(runsOf(questionOf), undefined, () => "one");
    expect(together?.evidence.questions).toBe(10);
    const [apart] = advise(runsOf(questionOf), undefined, (run) => `tenant ${Math.floor(run / 5) % 2}`);
    expect(apart?.evidence.questions).toBe(10);
    expect(advise(runsOf(questionOf), undefined, (run) => `tenant ${run}`)).toEqual([]);
  });

  it("is silent where nothing is spelt differently, where it hardly matters, and where it was not recorded", () => {
    expect(advise(runsOf((run) => run % 10))).toEqual([]);
    expect(advise(runsOf((run) => (run < 3 ? questionOf(run * 10) : run)))).toEqual([]);
    expect(advise(runsOf(questionOf, () => ({ ms: 0.1 })))).toEqual([]);
    const once = (run: number): string => (run % 40 === 0 ? questionOf(run) : `other ${run}`);
    expect(advise(runsOf(once, (run) => ({ ms: run % 40 === 0 ? 1 : 80 })))).toEqual([]);
    const without = episodesFrom(runsOf(questionOf)).map((episode) => withoutLooseHash(episode));
    expect(looseKeys({ name: "a", episodes: without, knobs: undefined })).toEqual([]);
    const first: readonly Suggestion[] = advise(runsOf(questionOf).slice(0, 1));
    expect(first).toEqual([]);
  });
});

/** An episode as an older version recorded it. */
function withoutLooseHash<E extends ReturnType<typeof episodesFrom>[number]>(episode: E): E {
  const root = episode.root!;
  const older = (call: CallRecord): CallRecord => ({ ...call, looseInputHash: undefined });
  return {
    ...episode,
    root: {
      ...root,
      children: root.children.map((child) => ({ ...child, call: older(child.call) })),
      call: older(root.call),
    },
  };
}
