import { describe, expect, it } from "vitest";
import type { AttemptRecord } from "../../../src/core/events/event.ts";
import type { Json } from "../../../src/core/json/json.ts";
import { Knobs } from "../../../src/core/knob.ts";
import type { Suggestion } from "../../../src/introspection/advise/suggestion.ts";
import { storiesOf } from "../../../src/introspection/advise/what-if/attempt-stories.ts";
import { attemptTimeouts } from "../../../src/introspection/advise/what-if/attempt-timeouts.ts";
import { attemptTimes, furtherAttempts } from "../../../src/introspection/advise/what-if/further-attempts.ts";
import { retries } from "../../../src/introspection/advise/what-if/retries.ts";
import { walkTree } from "../../../src/introspection/record/call-tree.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

function knobsWith(values: Readonly<Record<string, Json>>): Knobs {
  const knobs = new Knobs();
  for (const [id, value] of Object.entries(values)) {
    knobs.register({ id, read: () => value, check: () => undefined, change: () => () => {} });
  }
  return knobs;
}

/** Attempts of 100 ms with 50 ms between them; `undefined` is one that answered. */
function attemptsOf(name: string, codes: readonly (string | undefined)[]): readonly AttemptRecord[] {
  return codes.map((code, index) => ({
    ...{ name, code, beganMs: index * 150, endedMs: index * 150 + 100, costMicroUsd: undefined },
    outcome: code === undefined ? "ok" : "error",
  }));
}

function asked(codes: readonly (string | undefined)[], more: readonly AttemptRecord[] = []): DescribedCall {
  const tried = [...attemptsOf("m", codes), ...more];
  const last = tried.at(-1)!;
  const end = last.outcome === "ok" ? {} : { outcome: "error" as const, code: last.code! };
  const told = tried.length === 1 ? {} : { tried };
  const call = { name: "m", kind: "tool", attempts: tried.length, ms: last.endedMs, ...told, ...end } as const;
  return { name: "a", ...end, calls: [call] };
}

function advise(runs: readonly DescribedCall[], values: Readonly<Record<string, Json>>): readonly Suggestion[] {
  const input = { name: "a", episodes: episodesFrom(runs), knobs: knobsWith(values) };
  return retries(input).map(({ suggestion }) => suggestion);
}

const [busy, invalid] = ["model_unreachable", "output_invalid"];

describe("retries, by what failed", () => {
  it("counts only what heals, and says of each code how often it does", () => {
    const runs = repeat(300, (index) => {
      if (index % 5 === 0) return asked([invalid, invalid]);
      if (index % 5 === 1) return asked([busy, busy]);
      return index % 5 === 2 ? asked([busy, undefined]) : asked([undefined]);
    });
    const [more, codes, ...rest] = advise(runs, { "retry:m": 2 });
    expect(rest).toEqual([]);
    expect(more).toMatchObject({
      id: "retry:m",
      // Half of what is busy heals with each attempt; what is invalid never does, however often it is tried.
      action: { value: 6 },
      evidence: { healedByCode: ["model_unreachable: 60 of 120", "output_invalid: 0 of 60"] },
    });
    expect(more!.predicted!.change).toBeCloseTo(0.2 * (15 / 16), 9);
    expect(more!.sentence).toContain("Retries heal 50 % of model_unreachable and 0 % of output_invalid.");
    expect(codes).toMatchObject({ id: "retry-codes:m", evidence: { code: invalid, retried: 60 }, risk: "medium" });
    expect(codes!.action).toBeUndefined();
    expect(codes!.predicted!.change).toBeCloseTo(-150 / 5, 2);
    expect(codes!.sentence).toContain('`recovery: [fallback(…, { on: "output_invalid" }), retry()]`');
  });

  it("takes the chance of all for a code that came seldom", () => {
    const runs = repeat(200, (index) => {
      if (index === 0) return asked(["overloaded", "overloaded"]);
      return index % 4 === 0 ? asked([busy, busy]) : asked(index % 4 === 1 ? [busy, undefined] : [undefined]);
    });
    const [advice] = advise(runs, { "retry:m": 2 });
    expect(advice).toMatchObject({ id: "retry:m", evidence: { failed: 50, healed: 50 } });
    expect(advice!.predicted!.change).toBeGreaterThan(0.2);
  });

  it("ends fewer attempts where they really ended, and leaves what answers instead as it is", () => {
    const instead: AttemptRecord = {
      ...{ name: "other", outcome: "ok", code: undefined, costMicroUsd: undefined, beganMs: 550, endedMs: 900 },
    };
    const runs = repeat(120, (index) =>
      index % 2 === 0 ? asked([busy, busy, busy, busy], [instead]) : asked([undefined]),
    );
    const [advice, ...more] = advise(runs, { "retry:m": 4 });
    expect(more).toEqual([]);
    // The other one answers 450 ms sooner, right after the first attempt.
    expect(advice).toMatchObject({ id: "retry:m", action: { value: 1 }, evidence: { healed: 0 } });
    expect(advice!.predicted!.change).toBeCloseTo(-450 / 2, 2);
  });

  it("reads what it can of runs whose calls are no longer kept, and of calls whose middle attempts are not", () => {
    const runs = repeat(200, (index) =>
      asked(index % 4 === 0 ? [busy, busy] : index % 4 === 1 ? [busy, undefined] : [undefined]),
    );
    const episodes = episodesFrom(runs);
    const thinned = episodes.map((episode, index) => (index < 40 ? { ...episode, root: undefined } : episode));
    const knobs = knobsWith({ "retry:m": 2 });
    const [all, part] = [episodes, thinned].map((some) => retries({ name: "a", episodes: some, knobs })[0]?.suggestion);
    expect(part?.action).toEqual(all!.action);
    expect(part!.predicted!.change).toBeCloseTo(0.8 * all!.predicted!.change, 6);
    const broken = repeat(120, (index) => asked(index % 2 === 0 ? repeat(20, () => busy) : [undefined]));
    const told = broken.map((run) => ({
      ...run,
      calls: run.calls!.map((call) => ({ ...call, attempts: call.attempts! > 1 ? 60 : 1 })),
    }));
    const cut = episodesFrom(told).map((episode, index) => (index < 20 ? { ...episode, root: undefined } : episode));
    const [advice] = retries({ name: "a", episodes: cut, knobs: knobsWith({ "retry:m": 60 }) });
    expect(advice!.suggestion).toMatchObject({ action: { value: 1 }, evidence: { retried: 50 } });
    expect(advice!.suggestion.predicted!.change).toBeCloseTo((-19 * 150 * 50) / 120, 2);
  });

  it("forecasts that what is healed costs what good runs cost, and what its failed attempts did", () => {
    const priced = (run: DescribedCall, costMicroUsd: number | undefined): DescribedCall =>
      costMicroUsd === undefined ? run : { ...run, calls: run.calls!.map((call) => ({ ...call, costMicroUsd })) };
    const runs = repeat(200, (index) => {
      if (index % 4 === 0) return asked([busy, busy]);
      return priced(asked(index % 4 === 1 ? [busy, undefined] : [undefined]), 100);
    });
    const [advice] = advise(runs, { "retry:m": 2 });
    const [success, , cost] = advice!.forecasts!;
    expect(cost).toMatchObject({ metric: "costMicroUsd", before: 75 });
    expect(cost!.after).toBeCloseTo(75 + 100 * (success!.after - success!.before), 6);
    expect(cost!.high).toBeGreaterThan(cost!.after);
  });

  it("reads calls of any number of attempts, told or not", () => {
    const untold = episodesFrom([{ name: "a", calls: [{ name: "m", kind: "tool", attempts: 1e9, ms: 50 }] }]);
    const told = episodesFrom([asked([...repeat(150_000, () => busy), undefined])]);
    const [one, other] = [untold, told].map(([run]) => {
      return storiesOf([...walkTree(run!.root!)].slice(1), { baseMs: 50, maxDelayMs: 1_000 })[0]!;
    });
    expect(one).toMatchObject({ tries: 1e9, isHealed: true, endedMs: 50 });
    expect(other!.isHealed).toBe(true);
  });

  it("counts a run that went on without what failed as no failure, and the time until then", () => {
    const survives = (run: DescribedCall): DescribedCall => ({
      name: "a",
      calls: [...run.calls!, { name: "n", kind: "tool", ms: 40 }],
    });
    const runs = repeat(240, (index) => {
      if (index % 6 === 0) return survives(asked([busy, busy]));
      return index % 6 < 3 ? asked(index % 6 === 1 ? [busy, busy] : [busy, undefined]) : survives(asked([undefined]));
    });
    const [advice] = advise(runs, { "retry:m": 2 });
    expect(advice).toMatchObject({ id: "retry:m", evidence: { failed: 80 }, predicted: { metric: "successRate" } });
    // Only the sixth of the runs that ended with the failure can be gained.
    expect(advice!.predicted!.change).toBeLessThan(1 / 6);
    expect(advice!.predicted!.change).toBeGreaterThan(0.9 / 6);
  });

  it("says nothing where hardly any run fails", () => {
    const runs = repeat(400, (index) =>
      asked(index < 3 ? [busy, busy] : index % 10 === 0 ? [busy, undefined] : [undefined]),
    );
    expect(advise(runs, { "retry:m": 2 })).toEqual([]);
  });

  it("says nothing where so little time is lost that it does not matter, nor of no time at all", () => {
    const quick = (run: DescribedCall): DescribedCall => ({ ...run, ms: 50_000 });
    const runs = repeat(120, (index) => quick(asked(index % 3 === 0 ? [busy, busy, busy] : [undefined])));
    expect(advise(runs, { "retry:m": 3 })).toEqual([]);
    const mixed = repeat(300, (index) => {
      if (index % 5 === 0) return quick(asked([invalid, invalid]));
      return quick(asked(index % 5 === 1 ? [busy, undefined] : [undefined]));
    });
    expect(advise(mixed, { "retry:m": 2 })).toEqual([]);
    const instant = repeat(120, (index): DescribedCall => {
      const end = index % 2 === 0 ? { outcome: "error" as const, code: busy, attempts: 3 } : { attempts: 1 };
      return { name: "a", ms: 0, calls: [{ name: "m", kind: "tool", ms: 0, ...end }] };
    });
    expect(advise(instant, { "retry:m": 3 })).toEqual([]);
  });

  it("leaves codes alone that are healed now and then, or that no other heals beside", () => {
    const one = repeat(200, (index) => asked(index % 3 === 0 ? [invalid, invalid] : [undefined]));
    expect(advise(one, { "retry:m": 2 }).map(({ id }) => id)).toEqual(["retry:m"]);
    const both = repeat(200, (index) => {
      if (index % 9 === 0) return asked([invalid, index % 2 === 0 ? undefined : invalid]);
      return asked(index % 9 === 1 ? [busy, undefined] : [undefined]);
    });
    expect(advise(both, { "retry:m": 2 }).map(({ id }) => id)).not.toContain("retry-codes:m");
  });
});

describe("further attempts", () => {
  const stories = (runs: readonly DescribedCall[]) => {
    const nodes = episodesFrom(runs).flatMap(({ root }) => [...walkTree(root!)].slice(1));
    return storiesOf(nodes, { baseMs: 100, maxDelayMs: 10_000 });
  };
  const times = { meanMs: 100, varianceMs: 0, news: { part: 0, doubt: 0 } };
  const backoff = { baseMs: 40, maxDelayMs: 100 };

  it("take their waits as they are declared, and an attempt each, until one answers", () => {
    const all = furtherAttempts(0, { made: 2, more: 3, backoff, times });
    expect(all).toMatchObject({ heals: 0, mean: 40 + 50 + 50 + 300 });
    expect(all.variance).toBeCloseTo((80 ** 2 + 2 * 100 ** 2) / 12, 6);
    const half = furtherAttempts(0.5, { made: 2, more: 2, backoff, times });
    expect(half).toMatchObject({ heals: 0.75, mean: 0.5 * 140 + 0.5 * 290 });
    expect(furtherAttempts(1, { made: 1, more: 5, backoff, times })).toMatchObject({ heals: 1, mean: 120 });
  });

  it("wait for news of others from the third failure on, as far as recorded ones did", () => {
    const quick = { baseMs: 10, maxDelayMs: 10 };
    const waiting = { ...times, news: { part: 1, doubt: 0 } };
    expect(furtherAttempts(0, { made: 3, more: 1, backoff: quick, times: waiting }).mean).toBeCloseTo(605, 9);
    const seen = stories(repeat(12, () => asked([busy, busy, busy, busy])));
    // 50 ms lie between attempts, of which backoff takes all: nobody waited for news.
    expect(attemptTimes(seen, backoff)).toMatchObject({ meanMs: 100, varianceMs: 0, news: { part: 0 } });
    expect(attemptTimes(seen.slice(0, 2), backoff).news).toEqual({ part: 1, doubt: 0.25 });
    const answered = stories(repeat(12, () => asked([invalid, invalid, invalid, invalid])));
    expect(attemptTimes(answered, backoff).news.doubt).toBe(0.25);
  });

  it("are told apart from races that were called off", () => {
    const lost: AttemptRecord = {
      ...{ name: "m", outcome: "cancelled", code: "cancelled", costMicroUsd: undefined, beganMs: 0, endedMs: 250 },
    };
    const [story] = stories([asked([busy, undefined], [lost])]);
    expect(story).toMatchObject({ tries: 2, isHealed: true, endedMs: 250 });
  });
});

describe("attempt timeouts", () => {
  it("count each attempt that hung, where attempts were recorded", () => {
    const hung = (attempts: number): DescribedCall => {
      const tried = repeat(attempts + 1, (index): AttemptRecord => {
        const isLast = index === attempts;
        const times = { beganMs: index * 60_000, endedMs: (index + (isLast ? 0 : 1)) * 60_000 + (isLast ? 200 : 0) };
        const end = isLast ? { outcome: "ok", code: undefined } : { outcome: "error", code: "timeout" };
        return { name: "model", costMicroUsd: undefined, ...times, ...end } as AttemptRecord;
      });
      return { name: "a", calls: [{ name: "model", ms: attempts * 60_000 + 200, attempts: attempts + 1, tried }] };
    };
    const good: DescribedCall = { name: "a", calls: [{ name: "model", ms: 200 }] };
    const runs = repeat(100, (index) => (index < 5 ? hung(1) : index < 8 ? hung(2) : good));
    const knobs = knobsWith({ "attempt-timeout:model": 60_000 });
    const [advice] = attemptTimeouts({ name: "a", episodes: episodesFrom(runs), knobs });
    expect(advice!.suggestion.predicted!.change).toBeCloseTo(-(11 * 55_000) / 100, 3);
    expect(advice!.suggestion.evidence).toMatchObject({ hung: 8, calls: 100 });
  });
});
