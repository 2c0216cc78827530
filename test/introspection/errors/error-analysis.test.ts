import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeclarativeAgent } from "../../../src/agent/declarative-agent.ts";
import { FlockError } from "../../../src/core/errors/errors.ts";
import type { FlockEvent } from "../../../src/core/events/event.ts";
import { foldEvents } from "../../../src/core/events/fold.ts";
import { Flock } from "../../../src/flock.ts";
import { ErrorAnalysis, errorAnalysisFold } from "../../../src/introspection/errors/error-analysis.ts";
import type { ErrorAnalysisReport } from "../../../src/introspection/errors/error-report.ts";
import { RunRecorder } from "../../../src/introspection/record/run-recorder.ts";
import { scriptedModel } from "../../../src/testing/scripted-model.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { type DescribedCall, eventsOf, startOfTime } from "../run-events.ts";
import { analyzeNaively } from "./naive-analysis.ts";

const error = (kind: number): unknown => {
  const names = ["red", "green", "blue", "violet", "yellow"];
  return new FlockError("tool_failed", `the ${names[kind]} server is down since ${kind * 7} s`, {
    details: { tool: "search" },
  });
};

const leaf: fc.Arbitrary<DescribedCall> = fc
  .record({
    name: fc.constantFrom("m1", "m2", "t1"),
    kinds: fc.array(fc.nat(4), { maxLength: 3 }),
    fails: fc.boolean(),
    ms: fc.integer({ min: 10, max: 50 }),
    input: fc.record({ q: fc.nat(6) }),
    tokens: fc.nat(50),
  })
  .map(({ name, kinds, fails, ms, input, tokens }): DescribedCall => {
    const attempts = kinds.map((kind) => ({ error: error(kind), ms: 3 }));
    const failed = fails && attempts.length > 0;
    const call = {
      name,
      kind: name === "t1" ? ("tool" as const) : ("model" as const),
      ms,
      input,
      failedAttempts: attempts,
    };
    if (!failed) return { ...call, tokens };
    return { ...call, outcome: "error", code: "tool_failed", error: attempts.at(-1)!.error };
  });

/** An agent passes on the failure of its last call, fails in its own right, or carries on. */
const agent: fc.Arbitrary<DescribedCall> = fc
  .record({
    calls: fc.array(leaf, { minLength: 1, maxLength: 4 }),
    own: fc.option(fc.nat(4)),
    input: fc.record({ q: fc.nat(9) }),
  })
  .map(({ calls, own, input }): DescribedCall => {
    const base = { name: "agent", kind: "agent" as const, calls, input };
    const last = calls.at(-1)!;
    if (last.outcome === "error") return { ...base, outcome: "error", code: "tool_failed", error: last.error };
    const ms = calls.reduce((sum, call) => sum + call.ms!, 0);
    return own === null ? { ...base, ms } : { ...base, ms, outcome: "error", code: "tool_failed", error: error(own) };
  });

function eventsOfRuns(runs: readonly DescribedCall[], everyMs = 1_000): FlockEvent[] {
  return runs
    .flatMap((run, index) => eventsOf(run, { runId: `r${index}`, time: startOfTime + index * everyMs }))
    .sort((a, b) => a.time - b.time);
}

function analyze(events: Iterable<FlockEvent>): ErrorAnalysisReport {
  return foldEvents(errorAnalysisFold(), events).snapshot();
}

describe("ErrorAnalysis, against counting the plain way", () => {
  it("gives the same figures for any runs", () => {
    fc.assert(
      fc.property(fc.array(agent, { maxLength: 25 }), fc.constantFrom(1_000, 17), (runs, everyMs) => {
        const naive = analyzeNaively(runs);
        const report = analyze(eventsOfRuns(runs, everyMs));
        expect(report).toMatchObject({ runs: naive.runs, failedRuns: naive.failedRuns, failures: naive.failures });
        expect(report.other.count).toBe(0);
        expect(report.groups).toHaveLength([...naive.groups.values()].filter(({ count }) => count > 0).length);
        for (const group of report.groups) {
          const plain = naive.groups.get(group.fingerprint)!;
          expect(group).toMatchObject({
            ...{ code: plain.code, count: plain.count, calls: plain.calls, runs: plain.runs.size, missedAtMost: 0 },
            ...{ failedRuns: plain.failedRuns, survivedRuns: plain.survivedRuns, retries: plain.retries },
            inputs: { count: plain.inputs.size, isExact: true },
          });
          expect(group.recoveries.reduce((sum, { tried }) => sum + tried, 0)).toBe(plain.tried);
          expect(group.healed.calls).toBe(plain.healed);
          expect(group.wasted.ms).toBeCloseTo(plain.wastedMs, 6);
          expect(group.wasted.tokens).toBe(plain.wastedTokens);
          expect(group.lostRuns.tokens).toBe(plain.lostTokens);
          expect(Object.fromEntries(group.runnables.map(({ name, count }) => [name, count]))).toEqual(
            Object.fromEntries(plain.runnables),
          );
          const share = naive.failedRuns === 0 ? 0 : plain.failedRuns / naive.failedRuns;
          expect(group.shareOfFailedRuns).toBe(share);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("gives the same from events written down as JSON, titles apart", () => {
    fc.assert(
      fc.property(fc.array(agent, { maxLength: 15 }), (runs) => {
        const live = analyze(eventsOfRuns(runs));
        const written = analyze(JSON.parse(JSON.stringify(eventsOfRuns(runs))));
        const untitled = ({ groups, ...rest }: ErrorAnalysisReport) => ({
          ...rest,
          groups: groups.map(({ title, ...group }) => group),
        });
        expect(untitled(written)).toEqual(untitled(live));
        for (const { title, code } of written.groups) expect(title).toBe(code);
      }),
      { numRuns: 100 },
    );
  });

  it("gives the same counts from the recorded runs of a Flock", () => {
    fc.assert(
      fc.property(fc.array(agent, { maxLength: 15 }), (described) => {
        // A record knows the last kind of failure of a call, so all attempts of one call fail alike here.
        const runs = described.map((run) => ({ ...run, calls: run.calls!.map(alike) }));
        const events = eventsOfRuns(runs);
        const recorder = new RunRecorder();
        for (const event of events) recorder.notify(event);
        const analysis = new ErrorAnalysis();
        analysis.addRuns(recorder.runs());
        const live = analyze(events);
        const recorded = analysis.snapshot();
        const counts = ({ groups, ...rest }: ErrorAnalysisReport) => ({
          ...rest,
          groups: groups
            .map(({ trend, ratePerMinute, firstSeen, lastSeen, wasted, healed, samples, advice, ...group }) => ({
              ...{ ...group, healedCalls: healed.calls, wastedTokens: wasted.tokens },
              // Records do not know how long healing took, which sentences tell.
              advice: advice.map(({ action, counts }) => ({ action, counts })),
            }))
            .sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
        });
        expect(counts(recorded)).toEqual(counts(live));
      }),
      { numRuns: 100 },
    );
  });
});

function alike(call: DescribedCall): DescribedCall {
  const last = call.failedAttempts?.at(-1);
  if (last === undefined) return call;
  return { ...call, failedAttempts: call.failedAttempts!.map(({ ms }) => ({ error: last.error, ms })) };
}

describe("ErrorAnalysis in a Flock, whose models are tried again by themselves", () => {
  it("knows how often that healed, live and from the history", async () => {
    const runtime = createTestRuntime();
    const analysis = new ErrorAnalysis();
    await using flock = new Flock({ runtime, providers: [analysis] });
    let asked = 0;
    const flaky = () => {
      asked++;
      return asked % 4 === 0
        ? { error: Object.assign(new Error(`reset after ${asked} ms`), { code: "ECONNRESET" }) }
        : { json: { line: "…" } };
    };
    const model = scriptedModel([flaky], { runtime, repeat: true });
    const writer = new DeclarativeAgent({ name: "writer", model, input: "topic: str", output: "line: str" });
    for (let count = 0; count < 60; count++) {
      const running = flock.run(writer, { topic: `topic ${count}` });
      await runtime.clock.advance(60_000);
      await running;
    }
    const recorded = new ErrorAnalysis();
    recorded.addRuns(flock.history!.runs());
    for (const report of [analysis.snapshot(), recorded.snapshot()]) {
      expect(report).toMatchObject({ runs: 60, failedRuns: 0 });
      expect(report.groups).toHaveLength(1);
      const [group] = report.groups;
      expect(group).toMatchObject({
        models: [{ name: "scripted/scripted" }],
        survivedRuns: group!.runs,
        failedRuns: 0,
      });
      expect(group!.recoveries).toEqual([{ strategy: "retry", tried: group!.calls, healed: group!.calls, share: 1 }]);
      expect(group!.calls).toBeGreaterThan(10);
      expect(group!.advice[0]?.sentence).toMatch(/^retry heals 100 % of these/);
    }
    expect(analysis.snapshot().groups[0]!.healed.meanMs).toBeGreaterThan(0);
    expect(recorded.snapshot().groups[0]!.healed.meanMs).toBeUndefined();
  });
});

describe("ErrorAnalysis", () => {
  const down = error(0);
  const failing: DescribedCall = {
    name: "search",
    kind: "tool",
    ms: 40,
    outcome: "error",
    code: "tool_failed",
    error: down,
  };

  it("is empty before anything happened, and never NaN", () => {
    const report = new ErrorAnalysis().snapshot();
    expect(report).toEqual({
      ...{
        from: 0,
        to: 0,
        runs: 0,
        failedRuns: 0,
        failures: 0,
        groups: [],
        other: { count: 0 },
        falseAlarmRate: 0.0001,
      },
    });
    expect(JSON.stringify(new ErrorAnalysis())).toBe(JSON.stringify(report));
  });

  it("refuses wrong options when it is made", () => {
    expect(() => new ErrorAnalysis({ maxGroups: 0 })).toThrow("maxGroups");
    expect(() => new ErrorAnalysis({ windowMs: -1 })).toThrow("windowMs");
    expect(() => new ErrorAnalysis({ maxGroup: 1 } as never)).toThrow('did you mean "maxGroups"');
  });

  it("says where, when and how often, what it cost, and shows samples", () => {
    const runs = Array.from({ length: 30 }, (): DescribedCall => {
      return {
        ...{ name: "flow", kind: "pattern", outcome: "error", code: "tool_failed", error: down },
        calls: [
          {
            ...{ name: "helper", kind: "agent", outcome: "error", code: "tool_failed", error: down },
            calls: [{ name: "gpt", ms: 60, tokens: 40, costMicroUsd: 9 }, failing],
          },
        ],
      };
    });
    const [group, ...more] = analyze(eventsOfRuns(runs, 60_000)).groups;
    expect(more).toEqual([]);
    expect(group).toMatchObject({
      ...{ code: "tool_failed", title: "the red server is down since * s", count: 30, calls: 30, runs: 30 },
      ...{
        firstSeen: startOfTime + 100,
        lastSeen: startOfTime + 29 * 60_000 + 100,
        failedRuns: 30,
        shareOfFailedRuns: 1,
      },
      ...{ runnables: [{ name: "search", count: 30 }], agents: [{ name: "helper", count: 30 }], models: [] },
      ...{ tools: [{ name: "search", count: 30 }], paths: [{ name: "run/flow/helper/search", count: 30 }] },
      ...{
        wasted: { ms: 1_200, tokens: 0, costMicroUsd: 0 },
        lostRuns: { ms: 3_000, tokens: 1_200, costMicroUsd: 270 },
      },
      ...{ retries: 0, recoveries: [], healed: { calls: 0, meanMs: undefined }, likelyCause: undefined, advice: [] },
      trend: { direction: "steady", recent: { count: 15, minutes: 15 }, previous: { count: 15, minutes: 15 } },
    });
    expect(group!.ratePerMinute).toBeCloseTo(1, 9);
    expect(group!.samples.map(({ runId }) => runId)).toEqual(["r25", "r26", "r27", "r28", "r29"]);
    expect(group!.samples[0]!.path).toBe("run/flow#0/helper#0/search#1");
  });

  it("says how long it takes to heal, and by what, when a recovery tells", () => {
    const analysis = new ErrorAnalysis();
    for (let index = 0; index < 20; index++) {
      const attempts = [{ error: down, ms: 30 }];
      const run: DescribedCall = { name: "gpt", ms: 130, failedAttempts: attempts, attempts: 1 };
      const events = eventsOf(run, { runId: `r${index}`, time: startOfTime + index * 1_000 });
      const at = events.findIndex(({ type }) => type === "attempt-end");
      const { v, runId, path, time } = events[at]!;
      const told = { strategy: "fallback", code: "tool_failed", healed: index > 0 };
      events.splice(at + 1, 0, { v, runId, path, time, type: "recovery-applied", ...told });
      for (const event of events) analysis.notify(event);
    }
    const [group] = analysis.snapshot().groups;
    expect(group).toMatchObject({
      recoveries: [{ strategy: "fallback", tried: 20, healed: 19, share: 0.95 }],
      ...{ healed: { calls: 20, meanMs: 100 }, retries: 0, survivedRuns: 20, failedRuns: 0 },
    });
    expect(group!.advice).toEqual([
      {
        action: "keep-recovering",
        sentence: "fallback heals 95 % of these (19 of 20), 100 ms after the first failure on average: keep it",
        counts: { tried: 20, healed: 19 },
      },
    ]);
  });

  it("counts a strategy once for each call, for the failure it answered", () => {
    const [red, blue] = [error(0), error(2)];
    const attempts = [red, blue, blue].map((one) => ({ error: one, ms: 10 }));
    const events = eventsOf({ name: "gpt", ms: 60, failedAttempts: attempts }, { runId: "r" });
    const analysis = new ErrorAnalysis();
    let answered = 0;
    for (const event of events) {
      const { runId, path, time } = event;
      const tell = (strategy: string, healed: boolean): void =>
        analysis.notify({ v: 1, runId, path, time, type: "recovery-applied", strategy, code: "tool_failed", healed });
      if (event.type === "call-end") tell("fallback", true);
      analysis.notify(event);
      if (event.type === "attempt-end" && answered++ > 0) tell("retry", false);
    }
    const byTitle = Object.fromEntries(analysis.snapshot().groups.map(({ title, recoveries }) => [title, recoveries]));
    const never = { strategy: "retry", tried: 1, healed: 0, share: 0 };
    expect(byTitle["the red server is down since * s"]).toEqual([never]);
    expect(byTitle["the blue server is down since * s"]).toEqual([
      never,
      { strategy: "fallback", tried: 1, healed: 1, share: 1 },
    ]);
  });

  it("advises to stop retries that never heal", () => {
    const attempts = Array.from({ length: 3 }, () => ({ error: down, ms: 10 }));
    const run: DescribedCall = {
      name: "gpt",
      ms: 300,
      failedAttempts: attempts,
      outcome: "error",
      code: "tool_failed",
    };
    const [group] = analyze(eventsOfRuns(Array.from({ length: 40 }, () => run))).groups;
    expect(group).toMatchObject({ count: 120, calls: 40, retries: 80, wasted: { ms: 1_200 } });
    expect(group!.advice).toEqual([
      {
        action: "stop-retrying",
        sentence: "retry never healed these in 40 tries: stop it for tool_failed and save the time it takes",
        counts: { tried: 40, healed: 0, retries: 80 },
      },
    ]);
  });

  it("counts a recovery of a call that is no longer open for a failure of that code in its run", () => {
    const analysis = new ErrorAnalysis();
    const events = eventsOf({ name: "agent", calls: [failing] }, { runId: "r" });
    for (const event of events.slice(0, -1)) analysis.notify(event);
    const head = { v: 1, runId: "r", path: "run/other#0", time: startOfTime, type: "recovery-applied" } as const;
    analysis.notify({ ...head, strategy: "handler", code: "tool_failed", healed: true });
    analysis.notify({ ...head, strategy: "handler", code: "timeout", healed: true });
    analysis.notify({ ...head, runId: "nobody", strategy: "handler", code: "tool_failed", healed: true });
    expect(analysis.snapshot().groups[0]?.recoveries).toEqual([{ strategy: "handler", tried: 1, healed: 1, share: 1 }]);
  });

  it("counts a final error that sums up the attempts as the failure it sums up", () => {
    const attempts = [1, 1].map((kind) => ({ error: error(kind), ms: 5 }));
    const summed = new FlockError("tool_failed", "gave up on it entirely", { details: { tool: "search" } });
    const call: DescribedCall = {
      name: "gpt",
      ms: 20,
      outcome: "error",
      code: "tool_failed",
      error: summed,
      failedAttempts: attempts,
    };
    const run: DescribedCall = { name: "agent", outcome: "error", code: "tool_failed", error: summed, calls: [call] };
    const { groups } = analyze(eventsOfRuns([run]));
    expect(groups).toMatchObject([
      { title: "the green server is down since * s", count: 2, failedRuns: 1, retries: 1 },
    ]);
  });

  it("counts cancelled calls for nothing", () => {
    const call: DescribedCall = { name: "gpt", ms: 20, outcome: "cancelled", code: "cancelled", error: new Error("x") };
    expect(analyze(eventsOfRuns([{ ...call, name: "agent", calls: [call] }]))).toMatchObject({ runs: 1, failures: 0 });
  });

  it("ends a run whose beginning it did not see with the outermost call it saw", () => {
    const events = eventsOf(
      {
        name: "agent",
        outcome: "error",
        code: "tool_failed",
        error: down,
        calls: [{ name: "gpt", ms: 5, tokens: 8 }, failing],
      },
      { runId: "r" },
    );
    const report = analyze(events.filter(({ type }) => type !== "run-start" && type !== "run-end"));
    expect(report).toMatchObject({ runs: 1, failedRuns: 1, failures: 1 });
    expect(report.groups[0]).toMatchObject({ failedRuns: 1, lostRuns: { tokens: 8, ms: 45 } });
  });

  it("takes whatever comes for an event without throwing", () => {
    const analysis = new ErrorAnalysis();
    const whole = eventsOf(
      { name: "agent", outcome: "error", code: "x", error: down, calls: [failing] },
      { runId: "r" },
    );
    const values = fc.oneof(fc.constant(undefined), fc.constant(null), fc.double(), fc.string(), fc.object());
    fc.assert(
      fc.property(fc.constantFrom(...whole), fc.string(), values, (event, key, value) => {
        for (const name of [key, ...Object.keys(event)]) {
          if (name !== "type") analysis.notify({ ...event, [name]: value } as FlockEvent);
        }
        analysis.handle({ ...event, type: value } as never);
      }),
    );
    expect(() => analysis.snapshot()).not.toThrow();
  });

  it("passes over what belongs to no open run or call, and takes records without a failure by their code", () => {
    const analysis = new ErrorAnalysis();
    const events = eventsOf({ name: "agent", calls: [{ ...failing, ms: 5 }] }, { runId: "r" });
    for (const event of events.filter(({ type }) => type.endsWith("-end"))) analysis.notify(event);
    expect(analysis.snapshot()).toMatchObject({ runs: 0, failures: 0 });
    const [, , start, end] = JSON.parse(JSON.stringify(events));
    for (const event of [start, start, { ...end, failure: undefined, code: undefined }]) analysis.notify(event);
    const titled = { ...end, failure: { code: "x", fingerprint: "f", title: "the * broke" } };
    for (const event of [{ ...start, input: undefined }, titled]) analysis.notify(event);
    for (const event of [{ ...start, input: { hash: 5, size: "?" } }, titled]) analysis.notify(event);
    expect(analysis.snapshot().groups).toMatchObject([
      { fingerprint: "f", title: "the * broke", count: 2, inputs: { count: 1 } },
      { fingerprint: "unknown", code: "unknown", title: "unknown", count: 1 },
    ]);
    expect(analysis.broken).toBe(0);
  });

  it("keeps the title of a kind that was first read from JSON, once it is seen live", () => {
    const analysis = new ErrorAnalysis();
    const live = eventsOf(failing, { runId: "r" });
    for (const event of [...JSON.parse(JSON.stringify(live)), ...live]) analysis.notify(event);
    expect(analysis.snapshot().groups).toMatchObject([{ count: 2, title: "the red server is down since * s" }]);
  });

  it("lets go of the oldest run when too many are open, and of calls beyond a thousand in one", () => {
    const analysis = new ErrorAnalysis();
    const [start, call] = eventsOf({ name: "a", ms: 1 }, { runId: "r" });
    for (let index = 0; index < 5_000; index++) {
      for (const event of [start, call]) analysis.notify({ ...event!, runId: `open-${index}` } as FlockEvent);
    }
    for (let index = 0; index < 1_100; index++) {
      analysis.notify({ ...call!, runId: "open-4999", path: `run/a#${index + 1}` } as FlockEvent);
    }
    for (const event of eventsOf({ name: "a", ms: 1, outcome: "error", code: "x", error: down }, { runId: "open-0" })) {
      analysis.notify(event);
    }
    expect(analysis.snapshot()).toMatchObject({ runs: 1, failures: 1 });
  });

  it("forgets everything when asked", () => {
    const analysis = foldEvents(errorAnalysisFold(), eventsOfRuns([failing]));
    expect(analysis.snapshot().failures).toBe(1);
    analysis.clear();
    expect(analysis.snapshot()).toEqual(new ErrorAnalysis().snapshot());
  });

  it("loses no failure from the sum, whatever kinds come, and never misses more of one than it says", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 400 }), (kinds) => {
        const analysis = new ErrorAnalysis({ maxGroups: 8 });
        const truth = new Map<string, number>();
        for (const [index, kind] of kinds.entries()) {
          const skewed = Math.floor((kind * kind) / 30);
          const code = `code-${skewed}`;
          truth.set(code, (truth.get(code) ?? 0) + 1);
          const events = eventsOf(
            { name: "t", kind: "tool", ms: 1, outcome: "error", code },
            { runId: `r${index}`, time: index },
          );
          for (const event of events) analysis.notify(event);
        }
        const report = analysis.snapshot();
        expect(report.groups.length).toBeLessThanOrEqual(8);
        expect(report.groups.reduce((sum, { count }) => sum + count, report.other.count)).toBe(kinds.length);
        for (const { code, count, missedAtMost } of report.groups) {
          expect(count).toBeLessThanOrEqual(truth.get(code)!);
          expect(count + missedAtMost).toBeGreaterThanOrEqual(truth.get(code)!);
        }
        const kept = new Set(report.groups.map(({ code }) => code));
        for (const [code, count] of truth) if (count > kinds.length / 8) expect(kept).toContain(code);
      }),
    );
  });
});
