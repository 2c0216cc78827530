import { describe, expect, it } from "vitest";
import type { RecoveryStep } from "../../../src/core/recovery-settings.ts";
import { Flock } from "../../../src/flock.ts";
import {
  AgentIntrospection,
  type AgentIntrospectionOptions,
} from "../../../src/introspection/advise/agent-introspection.ts";
import type { AdviceState } from "../../../src/introspection/advise/apply/advice-record.ts";
import type { Suggestion } from "../../../src/introspection/advise/suggestion.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { runnable } from "../../core/make-environment.ts";

/** An agent that asks a tool one of five questions; how the tool does can be changed. */
class House {
  readonly runtime = createTestRuntime();
  readonly flock = new Flock({ runtime: this.runtime });
  searchMs = 200;
  ownMs = 50;
  failsEvery = Number.POSITIVE_INFINITY;
  questions = 5;
  runs = 0;
  readonly agent = runnable("agent", async ({ q }: { q: number; run: number }, context) => {
    await context.runtime.sleep(this.ownMs);
    if (this.runs % this.failsEvery === 0) throw new Error("broken");
    return context.call(this.#search, { q });
  });
  readonly #search = runnable(
    "search",
    async ({ q }: { q: number }, context) => {
      await context.runtime.sleep(this.searchMs);
      return { q };
    },
    { kind: "tool", identity: "search", policy: { idempotent: true, recovery: [] as RecoveryStep[] } },
  );

  introspect(options: Omit<AgentIntrospectionOptions, "flock"> = {}): AgentIntrospection {
    return new AgentIntrospection(this.agent, { flock: this.flock, ...options });
  }

  async run(count: number, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    for (let run = 0; run < count; run++) {
      this.runs++;
      const running = this.flock
        .run(this.agent, { q: this.runs % this.questions, run: this.runs }, options)
        .catch(() => undefined);
      await this.runtime.clock.advance(1_000);
      await running;
    }
  }
}

async function houseWithRuns(count = 60): Promise<House> {
  const house = new House();
  await house.run(count);
  return house;
}

const off = false;
const on = { maxEntries: 16, ttlMs: 3_600_000, strategy: "lru" };

describe("a change on trial", () => {
  it("stays when it brings what was promised, and says so", async () => {
    const house = await houseWithRuns();
    const applied = house.introspect().apply("cache:search", { watchRuns: 40 });
    expect(applied).toMatchObject({ knob: "cache:search", from: off, to: { maxEntries: 16 } });
    expect(applied.record).toMatchObject({ status: "watching", watchRuns: 40, baseline: { runs: 60, failed: 0 } });
    await house.run(39);
    expect(applied.record).toMatchObject({ status: "watching", watched: { runs: 39, cacheHits: 34 } });
    await house.run(1);
    const record = await applied.verdict;
    expect(record).toMatchObject({
      status: "kept",
      report: "predicted −70 % mean latency, measured −70 % over 40 runs: kept.",
    });
    expect(record.figures).toMatchObject([
      { metric: "avgExecutionTimeMs", before: 250, predicted: 75, measured: 75 },
      { metric: "cacheHitRate", before: 0, predicted: 0.875, measured: 0.875 },
    ]);
    expect(house.flock.knobs.read("cache:search")).toEqual(on);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });

  it("is taken back at the end when it brings nothing", async () => {
    const house = await houseWithRuns();
    const introspection = house.introspect();
    introspection.apply("cache:search", { watchRuns: 30 });
    house.questions = 1e9;
    await house.run(30);
    expect(introspection.audit).toMatchObject([{ status: "rolled-back", watched: { runs: 30, cacheHits: 0 } }]);
    expect(introspection.audit[0]!.report).toMatch(
      /^predicted −6\d % mean latency, measured .* over 30 runs: rolled back: it brought/,
    );
    expect(house.flock.knobs.read("cache:search")).toBe(off);
  });

  it("is taken back as soon as it is sure that runs take longer, long before the end", async () => {
    const house = await houseWithRuns();
    const applied = house.introspect().apply("cache:search");
    house.ownMs = 700;
    await house.run(20);
    expect(applied.record).toMatchObject({ status: "rolled-back", watched: { runs: 20 } });
    expect(applied.record.report).toContain("over 20 runs: rolled back: runs take longer.");
    expect(house.flock.knobs.read("cache:search")).toBe(off);
  });

  it("is taken back as soon as it is sure that more runs fail", async () => {
    const house = await houseWithRuns();
    const applied = house.introspect().apply("cache:search", { watchRuns: 60 });
    house.failsEvery = 2;
    await house.run(40);
    expect(applied.record.status).toBe("rolled-back");
    expect(applied.record.watched.runs).toBeLessThan(20);
    expect(applied.record.report).toMatch(/rolled back: \d of \d+ runs failed, 0 of 60 before\.$/);
  });

  it("counts neither cancelled runs nor such as began before", async () => {
    const house = await houseWithRuns();
    const early = house.flock.run(house.agent, { q: 1, run: 0 });
    await house.runtime.clock.advance(10);
    const applied = house.introspect().apply("cache:search");
    await house.runtime.clock.advance(1_000);
    await early;
    await house.run(3, { signal: AbortSignal.abort() });
    expect(applied.record.watched.runs).toBe(0);
    await house.run(1);
    expect(applied.record.watched.runs).toBe(1);
  });

  it("ends when it is undone, and when somebody else turns the setting", async () => {
    const house = await houseWithRuns();
    const introspection = house.introspect();
    const undone = introspection.apply("cache:search");
    undone.undo();
    undone.undo();
    expect(await undone.verdict).toMatchObject({ status: "undone" });
    expect(house.flock.knobs.read("cache:search")).toBe(off);
    const replaced = introspection.apply("cache:search");
    house.flock.knobs.change("cache:search", { maxEntries: 3 });
    expect(await replaced.verdict).toMatchObject({
      status: "replaced",
      report: "cache:search was changed by somebody else.",
    });
    replaced.undo();
    await house.run(5);
    expect(house.flock.knobs.read("cache:search")).toMatchObject({ maxEntries: 3 });
  });

  it("goes with what was turned on top of it, and is still seen to be replaced once it was kept", async () => {
    const house = await houseWithRuns();
    const introspection = house.introspect();
    const first = introspection.suggestImprovements().find(({ id }) => id === "cache:search")!;
    const larger = { ...first, id: "larger", action: { knob: "cache:search", value: { maxEntries: 99 } } };
    const below = introspection.apply(first, { watchRuns: 20 });
    await house.run(20);
    expect(below.record.status).toBe("kept");
    const above = introspection.apply(larger);
    expect(house.flock.knobs.read("cache:search")).toMatchObject({ maxEntries: 99 });
    below.undo();
    expect([below.record.status, above.record.status]).toEqual(["undone", "undone"]);
    expect(house.flock.knobs.read("cache:search")).toEqual(off);
    const again = introspection.apply(first, { watchRuns: 20 });
    await house.run(20);
    expect(again.record.status).toBe("kept");
    house.flock.knobs.change("cache:search", { maxEntries: 3 });
    expect(again.record.status).toBe("replaced");
    again.undo();
    expect(house.flock.knobs.read("cache:search")).toMatchObject({ maxEntries: 3 });
  });

  it("is alone on its setting, and leaves no listener behind", async () => {
    const house = await houseWithRuns();
    const introspection = house.introspect();
    const before = house.flock.events.mask;
    const [suggestion] = introspection.suggestImprovements();
    const applied = introspection.apply(suggestion!);
    expect(() => introspection.apply(suggestion!)).toThrow("one for a setting not on trial (cache:search is)");
    applied.undo();
    expect(house.flock.events.mask).toBe(before);
    expect(() => introspection.apply("cache:search", { watchRuns: 0 })).toThrow(
      expect.objectContaining({ code: "option_invalid" }),
    );
    expect(() => introspection.apply("cache:search", { wachRuns: 1 } as never)).toThrow('did you mean "watchRuns"?');
  });

  it("takes no advice from runs with other settings than those of now", async () => {
    const house = await houseWithRuns();
    const introspection = house.introspect();
    const applied = introspection.apply("cache:search", { watchRuns: 20 });
    await house.run(4);
    expect([introspection.dataNeeded, introspection.suggestImprovements()]).toEqual([6, []]);
    applied.undo();
    expect(introspection.suggestImprovements()[0]?.id).toBe("cache:search");
  });
});

describe("what was applied, after a restart", () => {
  async function restarted(runs: number): Promise<{ house: House; state: AdviceState }> {
    const house = await houseWithRuns();
    const introspection = house.introspect();
    introspection.apply("cache:search", { watchRuns: 40 });
    await house.run(runs);
    return { house: new House(), state: JSON.parse(JSON.stringify(introspection.state)) as AdviceState };
  }

  it("is put into effect once its setting is there, and watched to its verdict", async () => {
    const { house, state } = await restarted(15);
    const introspection = house.introspect({ state });
    expect(house.flock.knobs.has("cache:search")).toBe(false);
    await house.run(1);
    expect(house.flock.knobs.read("cache:search")).toEqual(on);
    await house.run(24);
    expect(introspection.audit).toMatchObject([{ status: "watching", watched: { runs: 39 } }]);
    await house.run(1);
    expect(introspection.audit).toMatchObject([{ status: "kept" }]);
    house.flock.knobs.change("cache:search", false);
  });

  it("stays as it was kept, and can still be taken back by hand", async () => {
    const { house, state } = await restarted(40);
    expect(state.records).toMatchObject([{ status: "kept" }]);
    await house.run(1);
    house.introspect({ state });
    expect(house.flock.knobs.read("cache:search")).toEqual(on);
    const before = house.flock.events.mask;
    await house.run(1);
    expect(house.flock.events.mask).toBe(before);
  });

  it("is given up where the setting no longer takes the value", async () => {
    const { house, state } = await restarted(5);
    await house.run(1);
    const bad = { v: 1, records: [{ ...state.records[0]!, to: { maxEntries: -1 } }] } as const;
    const introspection = house.introspect({ state: bad });
    expect(introspection.audit).toMatchObject([
      { status: "replaced", report: "cache:search no longer takes the value." },
    ]);
    expect(house.flock.knobs.read("cache:search")).toBe(off);
  });

  it("refuses what is no state", async () => {
    const { house, state } = await restarted(1);
    const record = state.records[0]!;
    const bad: unknown[] = [
      7,
      { v: 2 },
      { v: 1, records: 5 },
      { v: 1, more: 1 },
      { v: 1, records: [null] },
      { v: 1, records: [{ ...record, status: "good" }] },
      { v: 1, records: [{ ...record, watched: {} }] },
      { v: 1, records: [{ ...record, forecasts: [{ metric: "avgExecutionTimeMs" }] }] },
      { v: 1, records: [{ ...record, to: undefined }] },
    ];
    for (const one of bad) {
      expect(() => house.introspect({ state: one as never })).toThrow(
        expect.objectContaining({ code: "option_invalid" }),
      );
    }
    expect(house.introspect({ state: { v: 1 } as never }).audit).toEqual([]);
  });
});

describe("an environment that tells no events", () => {
  it("has its runs counted when the audit is read", async () => {
    const house = await houseWithRuns();
    const { history, knobs } = house.flock;
    const introspection = new AgentIntrospection(house.agent, { flock: { history, knobs } });
    introspection.apply("cache:search", { watchRuns: 20 });
    await house.run(21);
    expect(introspection.audit).toMatchObject([{ status: "kept" }]);
    introspection[Symbol.dispose]();
  });

  it("keeps what promised nothing unless it does harm", async () => {
    const house = await houseWithRuns();
    const introspection = house.introspect();
    const action = { knob: "cache:search", value: { maxEntries: 4 } };
    const suggestion: Suggestion = {
      id: "mine",
      sentence: "Try it.",
      evidence: {},
      predicted: undefined,
      risk: "low",
      action,
    };
    const applied = introspection.apply(suggestion, { watchRuns: 5 });
    await house.run(5);
    expect(applied.record).toMatchObject({ status: "kept", report: "watched over 5 runs: kept: it did no harm." });
  });
});
