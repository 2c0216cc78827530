import { describe, expect, it } from "vitest";
import type { CacheSettings } from "../../../src/core/cache-settings.ts";
import type { Json } from "../../../src/core/json/json.ts";
import { Knobs } from "../../../src/core/knob.ts";
import { Flock } from "../../../src/flock.ts";
import { AgentIntrospection } from "../../../src/introspection/advise/agent-introspection.ts";
import { adapt } from "../../../src/introspection/advise/apply/adaptation.ts";
import { Trials } from "../../../src/introspection/advise/apply/trials.ts";
import type { Forecast, Suggestion } from "../../../src/introspection/advise/suggestion.ts";
import { RunRecorder } from "../../../src/introspection/record/run-recorder.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { runnable } from "../../core/make-environment.ts";
import { eventsOf, startOfTime } from "../run-events.ts";

/** An agent that asks two tools the same things again and again. */
function house(cache?: CacheSettings) {
  const runtime = createTestRuntime();
  const flock = new Flock({ runtime });
  const tools = ["slow", "quick"].map((name) =>
    runnable(
      name,
      async ({ q }: { q: number }, context) => {
        await context.runtime.sleep(name === "slow" ? 300 : 60);
        return { q };
      },
      { kind: "tool", identity: name, policy: { idempotent: true, ...(cache && { cache }) } },
    ),
  );
  let runs = 0;
  let questions = 4;
  const agent = runnable("agent", async ({ q }: { q: number; run: number }, context) => {
    for (const tool of tools) await context.call(tool, { q });
    return { q };
  });
  const run = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const running = flock.run(agent, { q: runs++ % questions, run: runs });
      await runtime.clock.advance(1_000);
      await running;
    }
  };
  const forget = (): void => {
    questions = 1e9;
  };
  return { flock, run, forget, introspection: new AgentIntrospection(agent, { flock }) };
}

describe("AgentIntrospection.adaptBehavior", () => {
  it("applies what is allowed, one at a time, the best first, and then finds nothing more", async () => {
    const { flock, run, introspection } = house();
    const adaptation = introspection.adaptBehavior({ allow: ["cache"], everyRuns: 20, watchRuns: 20 });
    await run(20);
    expect(adaptation.records).toMatchObject([{ id: "cache:slow", status: "watching" }]);
    await run(20);
    expect(adaptation.records).toMatchObject([{ id: "cache:slow", status: "kept" }]);
    await run(60);
    expect(adaptation.records).toMatchObject([
      { id: "cache:slow", status: "kept" },
      { id: "cache:quick", status: "kept" },
    ]);
    expect([flock.knobs.read("cache:slow"), flock.knobs.read("cache:quick")]).not.toContain(false);
    await run(60);
    expect(adaptation.records).toHaveLength(2);
    adaptation.stop();
  });

  it("touches nothing that is not allowed, and nothing after it was stopped", async () => {
    const { flock, run, introspection } = house();
    const mask = flock.events.mask;
    const adaptation = introspection.adaptBehavior({ allow: ["timeout", "retry"], everyRuns: 10 });
    await run(30);
    expect([adaptation.records, flock.knobs.read("cache:slow")]).toEqual([[], false]);
    adaptation.stop();
    {
      using stopped = introspection.adaptBehavior({ allow: ["cache"], everyRuns: 10 });
      expect(stopped.records).toEqual([]);
    }
    await run(30);
    expect([introspection.audit, flock.events.mask]).toEqual([[], mask]);
  });

  it("says once what it would do in a dry run, and changes nothing", async () => {
    const { flock, run, introspection } = house();
    introspection.adaptBehavior({ allow: ["cache"], everyRuns: 20, dryRun: true });
    await run(100);
    expect(introspection.audit.slice(0, 2)).toMatchObject([
      { id: "cache:slow", status: "proposed" },
      { id: "cache:quick", status: "proposed" },
    ]);
    expect(introspection.audit).toHaveLength(2);
    expect([flock.knobs.read("cache:slow"), flock.knobs.read("cache:quick")]).toEqual([false, false]);
  });

  it("does not try again what it had to take back", async () => {
    const { flock, run, forget, introspection } = house();
    introspection.adaptBehavior({ allow: ["cache"], everyRuns: 20, watchRuns: 20 });
    await run(20);
    forget();
    await run(20);
    expect(introspection.audit).toMatchObject([{ id: "cache:slow", status: "rolled-back" }]);
    await run(80);
    expect(introspection.audit.filter(({ id }) => id === "cache:slow")).toHaveLength(1);
    expect(flock.knobs.read("cache:slow")).toBe(false);
  });

  it("leaves to a person what is of high risk, such as how old an answer may be", async () => {
    const { flock, run, introspection } = house({ ttlMs: 2_000 });
    introspection.adaptBehavior({ allow: ["cache"], everyRuns: 20 });
    await run(120);
    const suggestions = introspection.suggestImprovements();
    expect(suggestions).toContainEqual(expect.objectContaining({ id: "cache-ttl:slow", risk: "high" }));
    expect(introspection.audit).toEqual([]);
    introspection.apply("cache-ttl:slow", { watchRuns: 40 });
    expect(flock.knobs.read("cache:slow")).toEqual({ maxEntries: 1_000, ttlMs: 60_000, strategy: "lru" });
    await run(40);
    expect(introspection.audit).toMatchObject([{ id: "cache-ttl:slow", status: "kept" }]);
  });

  it("applies what is of low risk though something better is of high risk and of the same setting", async () => {
    const runtime = createTestRuntime();
    const flock = new Flock({ runtime });
    const cache = { ttlMs: 5_000, maxEntries: 2 };
    const ask = async ({ q }: { q: string }): Promise<{ q: string }> => {
      await runtime.sleep(300);
      return { q };
    };
    const tool = runnable("tool", ask, { kind: "tool", identity: "tool", policy: { idempotent: true, cache } });
    const agent = runnable("agent", async ({ q }: { q: string; run: number }, context) => context.call(tool, { q }));
    const introspection = new AgentIntrospection(agent, { flock });
    const adaptation = introspection.adaptBehavior({ allow: ["cache"], everyRuns: 120, watchRuns: 120 });
    // Two questions that come again too late for the time they are kept, then four that come again too late for the room.
    for (let run = 0; run < 120; run++) {
      const isLate = run % 24 < 16;
      const running = flock.run(agent, { q: isLate ? `late ${run % 2}` : `many ${run % 4}`, run });
      if (run === 119) {
        const ids = introspection.suggestImprovements().map(({ id }) => id);
        expect(ids).toContain("cache-ttl:tool");
        expect(ids).not.toContain("cache-size:tool");
      }
      await runtime.clock.advance(isLate ? 3_000 : 1_000);
      await running;
    }
    expect(adaptation.records).toMatchObject([{ id: "cache-size:tool", status: "watching" }]);
  });

  it("refuses what it cannot do", () => {
    const { introspection } = house();
    const bad: unknown[] = [
      undefined,
      {},
      { allow: [] },
      { allow: ["cahce"] },
      { allow: "cache" },
      { allow: ["cache"], maxCostUsd: -1 },
      { allow: ["cache"], maxCostUsd: Number.NaN },
      { allow: ["cache"], everyRuns: 0 },
      { allow: ["cache"], watchRuns: 1.5 },
      { allow: ["cache"], dryRun: 1 },
      { allow: ["cache"], alow: 1 },
    ];
    for (const options of bad) {
      expect(() => introspection.adaptBehavior(options as never)).toThrow(
        expect.objectContaining({ code: "option_invalid" }),
      );
    }
    const bare = new AgentIntrospection({ name: "a" }, { flock: { history: undefined } });
    expect(() => bare.adaptBehavior({ allow: ["cache"] })).toThrow("one that records runs, tells events and has knobs");
  });
});

describe("what a change costs", () => {
  /** An environment with one knob, and runs that cost what they are told to. */
  function priced(costs: readonly number[]) {
    const history = new RunRecorder();
    const knobs = new Knobs();
    let value: Json = 1;
    knobs.register({
      id: "retry:m",
      read: () => value,
      check: () => undefined,
      change: (next) => {
        value = next;
        return () => {
          value = 1;
        };
      },
    });
    let runs = 0;
    const run = (cost: number): void => {
      const described = { name: "a", calls: [{ name: "m", ms: 10, tokens: 4, costMicroUsd: cost }] };
      for (const event of eventsOf(described, { runId: `r${runs}`, time: startOfTime + runs++ * 1_000 }))
        history.notify(event);
    };
    for (const cost of costs) run(cost);
    return { run, knobs, introspection: new AgentIntrospection({ name: "a" }, { flock: { history, knobs } }) };
  }
  const ofCost = (after: number): Forecast => {
    return {
      metric: "costMicroUsd",
      unit: "micro-dollars",
      runs: 200,
      before: 100,
      after,
      low: after - 5,
      high: after + 5,
    };
  };
  const suggestion = (forecasts: readonly Forecast[]): Suggestion => {
    const action = { knob: "retry:m", value: 3 };
    return { id: "retry:m", sentence: "", evidence: {}, predicted: undefined, risk: "low", forecasts, action };
  };

  it("takes a change back as soon as it is sure that runs cost more", () => {
    const { run, knobs, introspection } = priced(Array.from({ length: 40 }, (_, index) => 90 + (index % 20)));
    introspection.apply(suggestion([]));
    expect(knobs.read("retry:m")).toBe(3);
    for (let count = 0; count < 30; count++) run(150 + (count % 20));
    expect(introspection.audit).toMatchObject([
      { status: "rolled-back", report: expect.stringContaining("rolled back: runs cost more.") },
    ]);
    expect(knobs.read("retry:m")).toBe(1);
  });

  it("allows what was said, and takes back what brought less than half of what was promised", () => {
    const { run, introspection } = priced(Array.from({ length: 40 }, (_, index) => 90 + (index % 20)));
    introspection.apply(suggestion([ofCost(40)]), { watchRuns: 30 });
    for (let count = 0; count < 30; count++) run(80 + (count % 20));
    const words = "rolled back: it brought less than half of what was promised.";
    expect(introspection.audit).toMatchObject([{ status: "rolled-back", report: expect.stringContaining(words) }]);
  });

  it("leaves alone what calls more often at a cost that nobody knows, unless any cost will do", () => {
    const more = { ...suggestion([]), predicted: { metric: "successRate", change: 0.1, low: 0, high: 0.2, unit: "" } };
    const hedge = { ...suggestion([]), action: { knob: "hedge:m", value: 100 } };
    const fewer = { ...suggestion([]), predicted: { ...more.predicted, metric: "avgExecutionTimeMs" } };
    const tried = ([more, hedge, fewer] as const).map((one) =>
      [0, 1_000, Number.POSITIVE_INFINITY].map((maxCostUsd) => {
        const { knobs } = priced([]);
        knobs.register({ id: "hedge:m", read: () => null, check: () => undefined, change: () => () => {} });
        const history = new RunRecorder();
        const trials = new Trials("a", () => ({ history, knobs }), []);
        const source = {
          advise: () => [one],
          startOf: (given: Suggestion, watchRuns: number) => ({ suggestion: given, watchRuns, episodes: [] }),
        };
        adapt(trials, source, { allow: ["retry", "hedge"], maxCostUsd, everyRuns: 1, dryRun: true });
        for (const event of eventsOf({ name: "a", ms: 5 }, { runId: "x", time: startOfTime })) history.notify(event);
        trials.catchUp();
        return trials.records.length;
      }),
    );
    expect(tried).toEqual([
      [0, 0, 1],
      [0, 0, 1],
      [1, 1, 1],
    ]);
  });

  it.each([
    [0, 100, true],
    [0, 101, false],
    [0.5, 600, true],
    [0.5, 601, false],
  ])(
    "bounds by maxCostUsd %d what 1,000 runs may cost more: from 100 to %d micro-dollars a run",
    (maxCostUsd, after, applied) => {
      const { knobs, introspection } = priced(Array.from({ length: 20 }, () => 100));
      const history = new RunRecorder();
      const trials = new Trials("a", () => ({ history, knobs }), []);
      const source = {
        advise: () => [suggestion([ofCost(after)])],
        startOf: (one: Suggestion, watchRuns: number) => ({ suggestion: one, watchRuns, episodes: [] }),
      };
      adapt(trials, source, { allow: ["retry"], maxCostUsd, everyRuns: 1 });
      for (const event of eventsOf({ name: "a", ms: 5 }, { runId: "x", time: startOfTime })) history.notify(event);
      trials.catchUp();
      expect(trials.isWatching).toBe(applied);
      introspection[Symbol.dispose]();
    },
  );
});
