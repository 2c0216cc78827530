import { describe, expect, it } from "vitest";
import type { Suggestion } from "../../../src/introspection/advise/suggestion.ts";
import { alikeModels } from "../../../src/introspection/advise/what-if/alike-models.ts";
import { cachedAnswers } from "../../../src/introspection/advise/what-if/cached-answers.ts";
import { comparePairs, type ModelPair } from "../../../src/introspection/advise/what-if/paired-models.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

const labels = ["billing", "delivery", "praise", "other"];
const failed = { outcome: "error", code: "output_invalid" } as const;

interface Change {
  readonly output?: unknown;
  readonly cost?: number | undefined;
  readonly ms?: number;
  readonly fails?: boolean;
}

/** A run in which one model answers one letter: the big one for 400 in 900 ms, any other for 100 in 300 ms. */
function asked(model: string, letter: number, change: Change = {}): DescribedCall {
  const big = model === "big";
  const output = change.output ?? { label: labels[letter % 4], urgent: letter % 3 === 0 };
  const ms = change.ms ?? (big ? 900 : 300);
  const cost = "cost" in change ? change.cost : big ? 400 : 100;
  const ended = change.fails === true ? failed : {};
  const spent = cost === undefined ? {} : { costMicroUsd: cost };
  return {
    ...{ name: "triage", input: { letter }, writes: ["label", "urgent"], output, ms, ...ended },
    calls: [{ name: model, ms, ...spent, ...ended }],
  };
}

/** Both models, one after the other, over so many letters. The first pair is recorded before it is known that there are two. */
function both(
  count: number,
  small: (letter: number) => Change = () => ({}),
  big: (letter: number) => Change = () => ({}),
) {
  return repeat(count + 1, (letter) => [
    asked("big", letter, big(letter)),
    asked("small", letter, small(letter)),
  ]).flat();
}

function advise(runs: readonly DescribedCall[], tenantOf?: (run: number) => string): readonly Suggestion[] {
  const episodes = episodesFrom(runs, tenantOf);
  return alikeModels({ name: "triage", episodes, knobs: undefined }).map(({ suggestion }) => suggestion);
}
const idsOf = (runs: readonly DescribedCall[]): readonly string[] => advise(runs).map(({ id }) => id);

describe("comparePairs", () => {
  it("compares as many answers as there are", () => {
    const pairs = repeat(130_000, (hash) => {
      const call = { outcome: "ok", outputHashes: [hash], writes: ["label"] };
      return { now: { node: { call } }, other: { node: { call } } } as unknown as ModelPair;
    });
    expect(comparePairs(pairs)).toMatchObject({ inputs: 130_000, alike: 130_000, usual: 1 / 130_000 });
  });
});

describe("alikeModels", () => {
  it("advises the cheaper of two models that answered alike, with what it saves", () => {
    const [advice, ...more] = advise(both(60));
    expect(more).toEqual([]);
    expect(advice).toMatchObject({
      id: "model:triage",
      evidence: { now: "big", other: "small", inputs: 60, alike: 60, failedAlone: 0, costRatio: 0.25 },
      predicted: { metric: "costMicroUsd", change: -300, low: -300, high: -300 },
      forecasts: [
        { metric: "costMicroUsd", before: 400, after: 100, runs: 200 },
        { metric: "avgExecutionTimeMs", before: 900 },
      ],
      risk: "medium",
      sideEffects: [],
    });
    expect(advice!.action).toBeUndefined();
    expect(advice!.evidence.alikeLow).toBeCloseTo(60 / (60 + 1.959964 ** 2), 9);
    expect(advice!.sentence).toBe(
      "small answers triage as big does: alike in 60 of 60 inputs that both were asked (surely in 93 %), in label and urgent. " +
        'With it a run of triage would cost $0.0003 less (75 %) and take 600 ms less (67 %). Say `model: "small"` in triage.',
    );
  });

  it("finds answers alike that are only put differently", () => {
    const output = (letter: number) => ({
      output: { label: ` ${labels[letter % 4]!.toUpperCase()}.`, urgent: letter % 3 === 0 },
    });
    expect(idsOf(both(60, output))).toEqual(["model:triage"]);
  });

  it("is silent where too many answers differ, and names some where few do", () => {
    const wrong = (each: number) => (letter: number) =>
      letter % each === 0 ? { output: { label: "nothing", urgent: letter % 3 === 0 } } : {};
    expect(idsOf(both(200, wrong(5)))).toEqual([]);
    const [advice] = advise(both(200, wrong(40)));
    expect(advice).toMatchObject({
      evidence: { inputs: 200, alike: 195, fields: ["label: 195 of 200", "urgent: 200 of 200"] },
    });
    expect(advice!.evidence.samples).toHaveLength(5);
    expect(advice!.sideEffects).toEqual(["about 2.5 % of the answers of triage differ"]);
  });

  it("says what was not compared, and takes the risk for higher then", () => {
    const reply = "a reply of so many words that no two models would ever put it in the same way";
    const written = (model: string) => (letter: number) => ({
      output: { label: labels[letter % 4], urgent: `${reply}, says ${model}` },
    });
    const [advice] = advise(both(60, written("small"), written("big")));
    expect(advice).toMatchObject({ risk: "high", sideEffects: ["urgent is free text that was not compared"] });
    expect(advice!.sentence).toContain("in label; urgent is free text and was not compared.");
    expect(advice!.sentence).toContain('Say `model: "small"` in triage, once you have read some answers of both.');
  });

  it("is silent where nothing can be compared, and where one answer fits nearly all", () => {
    const text = { output: { label: "x".repeat(80), urgent: "y".repeat(80) } };
    expect(
      idsOf(
        both(
          60,
          () => text,
          () => text,
        ),
      ),
    ).toEqual([]);
    // Without reading a letter one is right in 95 of 100.
    const usual = (letter: number) => ({
      output: { label: letter % 20 === 0 ? labels[letter % 3] : "other", urgent: false },
    });
    const blind = () => ({ output: { label: "other", urgent: false } });
    expect(idsOf(both(100, blind, usual))).toEqual([]);
    expect(idsOf(both(60, blind, blind))).toEqual([]);
  });

  it("counts an input that the other model alone fails on as unlike, and is silent where it surely fails more", () => {
    const fails = (each: number) => (letter: number) => ({ fails: letter % each === 1 });
    const [advice] = advise(both(100, fails(50)));
    expect(advice).toMatchObject({ evidence: { inputs: 100, alike: 98, failedAlone: 2, succeededAlone: 0 } });
    expect(advice!.sideEffects).toContain("small failed on 2 of the inputs by itself, the present model on 0");
    // 10 of 400 are still alike in more than nine of ten, but that is no chance.
    expect(idsOf(both(400, fails(40)))).toEqual([]);
    expect(advise(both(400, fails(40), fails(41)))[0]).toMatchObject({ id: "model:triage" });
    expect(idsOf(both(120, () => ({}), fails(2)))).toEqual(["model:triage"]);
  });

  it("says how many inputs are missing where it looks good so far, and nothing below ten", () => {
    const [advice] = advise(both(20));
    expect(advice).toMatchObject({ id: "compare-models:triage", predicted: undefined, risk: "low" });
    expect(advice!.sentence).toContain(
      "alike in 20 of 20 inputs that both were asked. That is too few to be sure; with about 35,",
    );
    expect(advice!.sentence).toContain("Run 15 more inputs through both.");
    expect(
      advise(both(30, (letter) => (letter === 9 ? { output: { label: "?", urgent: true } } : {})))[0]!.sentence,
    ).toContain("alike in 29 of 30");
    expect(idsOf(both(8))).toEqual([]);
    // A tenth differs: no number of inputs would make that sure.
    expect(idsOf(both(30, (letter) => (letter % 10 === 1 ? { output: { label: "?", urgent: true } } : {})))).toEqual(
      [],
    );
  });

  it("counts each input once, and asks that a tenant be the same", () => {
    const runs = both(20);
    expect(idsOf([...runs, ...runs, ...runs])).toEqual(["compare-models:triage"]);
    expect(advise(both(60), (run) => (run % 2 === 0 ? "acme" : "other"))).toEqual([]);
  });

  it("advises nothing that is dearer or slower, or as good as the same", () => {
    expect(
      idsOf([...repeat(20, (letter) => asked("big", 99 + letter)), ...both(60, () => ({ cost: 800, ms: 100 }))]),
    ).toEqual([]);
    expect(idsOf(both(60, () => ({ cost: 398, ms: 899 })))).toEqual([]);
    expect(idsOf(both(60, () => ({ cost: undefined })))).toEqual([]);
    const free = () => ({ cost: 0 });
    const ownModel = repeat(20, (letter) => asked("big", 99 + letter, free()));
    expect(idsOf([...ownModel, ...both(60, () => ({ cost: 90, ms: 100 }), free)])).toEqual([]);
    expect(idsOf([...ownModel, ...both(60, free, free)])).toEqual(["model:triage"]);
    // Only noise is cheaper.
    expect(idsOf(both(60, (letter) => ({ cost: letter % 2 === 0 ? 100 : 690, ms: 900 })))).toEqual([]);
  });

  it("says when the cheaper model is slower, and goes by time where no price is known", () => {
    const [slower] = advise(both(60, () => ({ ms: 1_500 })));
    expect(slower).toMatchObject({ id: "model:triage", sideEffects: ["a run takes 600 ms longer"] });
    expect(slower!.sentence).toContain("would cost $0.0003 less (75 %). Say");
    const unpriced = () => ({ cost: undefined });
    const [faster] = advise(both(60, unpriced, unpriced));
    expect(faster).toMatchObject({
      predicted: { metric: "avgExecutionTimeMs" },
      forecasts: [{ metric: "avgExecutionTimeMs" }],
    });
    expect(faster!.predicted!.change).toBeCloseTo(-600, 6);
  });

  it("is silent once the other model is the one in use, and takes a trial for a trial", () => {
    const trial = [...repeat(200, (letter) => asked("big", letter)), ...both(40)];
    expect(idsOf([...trial, ...repeat(9, (letter) => asked("small", 1_000 + letter))])).toEqual(["model:triage"]);
    expect(idsOf([...trial, ...repeat(10, (letter) => asked("small", 1_000 + letter))])).toEqual([]);
  });

  it("passes over runs whose calls are no longer kept, failures without a cost, and models that take no time", () => {
    const runs = both(
      120,
      () => ({ ms: 0 }),
      (letter) => ({ ms: 0, ...(letter % 5 === 1 ? { fails: true, cost: undefined } : {}) }),
    );
    const episodes = episodesFrom(runs);
    const thinned = [{ ...episodes[0]!, root: undefined, complete: false }, ...episodes.slice(1)];
    const [found] = alikeModels({ name: "triage", episodes: thinned, knobs: undefined });
    expect(found!.suggestion).toMatchObject({ id: "model:triage", forecasts: [{ metric: "costMicroUsd" }] });
    expect(found!.suggestion.sentence).not.toContain(" ms");
  });

  it("counts an agent each time it works in a run", () => {
    const twice = repeat(61, (letter) =>
      ["big", "small"].map((model): DescribedCall => {
        return { name: "desk", kind: "pattern", calls: [asked(model, 2 * letter), asked(model, 2 * letter + 1)] };
      }),
    ).flat();
    const [found] = alikeModels({ name: "desk", episodes: episodesFrom(twice), knobs: undefined });
    expect(found!.suggestion.predicted).toMatchObject({ change: -600 });
  });

  it("reckons with runs that do more than ask the agent", () => {
    const within = both(60).map((call): DescribedCall => {
      return { name: "desk", calls: [call, { name: "filing", kind: "tool", ms: 300 }] };
    });
    const episodes = episodesFrom(within);
    const [found] = alikeModels({ name: "desk", episodes, knobs: undefined });
    expect(found!.suggestion.forecasts![1]).toMatchObject({ before: 1_200 });
    expect(found!.suggestion.forecasts![1]!.after).toBeCloseTo(600, 6);
  });

  it("tells the models of a fallback apart, and leaves out calls in which two models answered", () => {
    const fallback = repeat(61, (letter): readonly DescribedCall[] => {
      const call = asked("big", letter, { cost: 100, ms: 300 });
      return [asked("big", letter), { ...call, calls: [{ ...call.calls![0]!, answeredBy: "small" }] }];
    }).flat();
    expect(advise(fallback)[0]).toMatchObject({ id: "model:triage", evidence: { other: "small" } });
    const mixed = both(60).map((call) => ({ ...call, calls: [...call.calls!, { name: "third", ms: 1 }] }));
    expect(idsOf(mixed)).toEqual([]);
    expect(idsOf(both(60).map((call) => ({ ...call, answeredBy: "another agent" })))).toEqual([]);
  });

  it("chooses the best of several models, one for each agent", () => {
    const runs = repeat(61, (letter) => [
      asked("big", letter),
      asked("small", letter),
      asked("tiny", letter, { cost: 10 }),
    ]);
    expect(advise(runs.flat())).toMatchObject([{ id: "model:triage", evidence: { now: "big", other: "tiny" } }]);
  });
});

describe("cachedAnswers", () => {
  it("does not take the same input of two models for a repeat", () => {
    const ids = (runs: readonly DescribedCall[]) =>
      cachedAnswers({ name: "triage", episodes: episodesFrom(runs), knobs: undefined }).map(
        ({ suggestion }) => suggestion.id,
      );
    expect(ids(both(20))).toEqual([]);
    expect(ids([...both(20), ...both(20)])).toEqual(["cache:triage"]);
  });
});
