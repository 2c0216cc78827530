import { beforeAll, describe, expect, it } from "vitest";
import { executeRun } from "../../../src/core/door/run.ts";
import { FlockError } from "../../../src/core/errors/errors.ts";
import type { FlockEvent } from "../../../src/core/events/event.ts";
import { eventTypes, maskOf } from "../../../src/core/events/event.ts";
import type { ExecutionContext } from "../../../src/core/runnable.ts";
import { ErrorAnalysis } from "../../../src/introspection/errors/error-analysis.ts";
import type { ErrorAnalysisReport, ErrorGroup } from "../../../src/introspection/errors/error-report.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { makeEnvironment, runnable, tryAgain } from "../../core/make-environment.ts";
import { type DescribedCall, eventsOf, startOfTime } from "../run-events.ts";
import { randomOf } from "./seeded-random.ts";

const runCount = 10_000;
const everyMs = 1_080;
const minute = 60_000;

interface Simulated {
  readonly report: ErrorAnalysisReport;
  readonly again: ErrorAnalysisReport;
}

/** Three hours of runs through the real door, a second apart and side by side, with causes that are known. */
async function simulate(): Promise<Simulated> {
  const random = randomOf(7);
  const analysis = new ErrorAnalysis();
  const events: FlockEvent[] = [];
  const recovery = tryAgain(3, 400, ({ kind }) => kind === "model");
  const environment = makeEnvironment([recovery], createTestRuntime());
  environment.events.add({ name: "analysis", mask: maskOf(analysis.types), notify: (event) => analysis.notify(event) });
  environment.events.add({ name: "kept", mask: maskOf(eventTypes), notify: (event) => events.push(event) });
  environment.seen.push = () => 0;
  const { runtime } = environment;
  const startedAt = runtime.now();
  const fail = (tool: string, words: string): never => {
    throw new FlockError("tool_failed", `tool "${tool}" failed: ${words} in ${Math.floor(random() * 1e6)} ms`, {
      details: { tool },
    });
  };

  let crowd = 0;
  const translate = runnable(
    "translate",
    async (_: object, context: ExecutionContext) => {
      crowd++;
      try {
        if (crowd > 10 && random() < 0.6) fail("translate", "too many requests at once");
        await context.runtime.sleep(200 + random() * 400);
        if (random() < 0.02) fail("translate", "the stream broke for no reason at all");
        return {};
      } finally {
        crowd--;
      }
    },
    { kind: "model" },
  );
  const parse = runnable(
    "parse",
    async ({ text }: { text: string }) => (text.length > 40_000 ? fail("parse", "document is too large to parse") : {}),
    { kind: "tool" },
  );
  const database = runnable(
    "database",
    async () => {
      const at = runtime.now() - startedAt;
      if (at >= 60 * minute && at < 75 * minute) fail("database", "connection refused by the primary");
      if (random() < (at > 150 * minute ? 0.2 : 0.01)) fail("database", "lock was not granted soon enough");
      return {};
    },
    { kind: "tool" },
  );
  const models = ["careful", "hasty"].map((name) =>
    runnable(name, async () => ({ grade: name === "hasty" && random() < 0.3 ? "?" : "A" }), { kind: "model" }),
  );
  const judge = runnable("judge", async (_: object, context: ExecutionContext) => {
    const { grade } = await context.call(models[random() < 0.5 ? 0 : 1]!, {});
    if (grade === "?")
      throw new FlockError("output_invalid", "the grade is no letter", { details: { pointer: "/grade", issues: [] } });
    return {};
  });
  const texts = ["short ".repeat(20), "middle ".repeat(2_000), "long ".repeat(9_000)];
  const worker = runnable("worker", async (_: object, context: ExecutionContext) => {
    const size = random();
    await context.call(parse, { text: texts[size < 0.6 ? 0 : size < 0.9 ? 1 : 2]! });
    await context.call(translate, {});
    await context.call(database, {}).catch((error: unknown) => {
      if (random() < 0.5) throw error;
    });
    return context.call(judge, {});
  });
  const running: Promise<unknown>[] = [];
  for (let index = 0; index < runCount; index++) {
    // Now and then many come at once.
    const many = index % 100 < 30;
    running.push(executeRun(worker, { index }, { flock: environment }).catch(() => undefined));
    if (!many || index % 30 === 29) await runtime.clock.advance(many ? everyMs * 30 : everyMs);
  }
  await runtime.clock.advance(minute);
  await Promise.all(running);
  const recorded = new ErrorAnalysis();
  for (const event of events) recorded.notify(event);
  return { report: analysis.snapshot(), again: recorded.snapshot() };
}

describe("an analysis of 10,000 simulated runs", () => {
  let simulated: Simulated;
  const group = (words: string): ErrorGroup => {
    const found = simulated.report.groups.find(({ title }) => title.includes(words));
    expect(found, words).toBeDefined();
    return found!;
  };
  beforeAll(async () => {
    simulated = await simulate();
  }, 120_000);

  it("is the same live and over the events that were kept", () => {
    expect(simulated.again).toEqual(simulated.report);
    expect(simulated.report).toMatchObject({ runs: runCount, other: { count: 0 } });
    expect(simulated.report.groups).toHaveLength(6);
  });

  it("finds the size from which inputs fail, and that nothing else matters", () => {
    const { likelyCause, advice } = group("document is too large");
    expect(likelyCause).toMatchObject({
      runnable: "parse",
      factor: "input-size",
      others: { failed: 0 },
      relativeRisk: undefined,
    });
    expect(likelyCause!.exposed.failed).toBe(likelyCause!.exposed.calls);
    expect(likelyCause!.from).toBeGreaterThan(14_000);
    expect(likelyCause!.from).toBeLessThanOrEqual(45_000);
    expect(advice[0]).toMatchObject({ action: "shrink-input", counts: { failedWithout: 0 } });
    expect(advice[0]!.sentence).toMatch(/^it fails with inputs of \d+ characters or more; split or shorten them: /);
  });

  it("finds the concurrency from which calls fail, and that retrying heals them", () => {
    const { likelyCause, advice, recoveries, healed, retries, count } = group("too many requests at once");
    expect(likelyCause).toMatchObject({ runnable: "translate", factor: "concurrency", others: { failed: 0 } });
    // A call may begin beside a few others and be tried again beside many.
    expect(likelyCause!.from).toBeGreaterThanOrEqual(6);
    expect(likelyCause!.from).toBeLessThanOrEqual(12);
    expect(recoveries[0]!.strategy).toBe("retry");
    expect(healed.calls).toBeGreaterThan(100);
    expect(healed.meanMs).toBeGreaterThan(400);
    expect(retries).toBeLessThanOrEqual(count);
    expect(advice[0]).toMatchObject({ action: "limit-concurrency" });
  });

  it("finds the outage, and when it was", () => {
    const { likelyCause, firstSeen, lastSeen, advice } = group("connection refused");
    expect(likelyCause).toMatchObject({ runnable: "database", factor: "time", others: { failed: 0 } });
    expect(likelyCause!.from).toBeLessThanOrEqual(firstSeen);
    expect(likelyCause!.to).toBeGreaterThan(lastSeen);
    expect(likelyCause!.to! - likelyCause!.from!).toBeLessThanOrEqual(25 * minute);
    expect(advice[0]!.action).toBe("wait-out");
    expect(advice[0]!.sentence).toContain("is over");
  });

  it("finds the model whose answers are bad", () => {
    const { likelyCause, advice } = group("the grade is no letter");
    expect(likelyCause).toMatchObject({ runnable: "judge", factor: "model", value: "hasty", others: { failed: 0 } });
    expect(likelyCause!.exposed.failed / likelyCause!.exposed.calls).toBeCloseTo(0.3, 1);
    expect(advice[0]!.action).toBe("change-model");
  });

  it("sees what rises, since when, and that most runs live with it", () => {
    const { trend, ratePerMinute, failedRuns, survivedRuns, runs } = group("lock was not granted");
    expect(trend.direction).toBe("rising");
    expect(trend.recent.count).toBeGreaterThan(trend.previous.count * 4);
    expect(trend.p).toBeLessThan(1e-6);
    expect(ratePerMinute).toBeGreaterThan(1);
    expect(failedRuns + survivedRuns).toBeLessThanOrEqual(runs);
    expect(failedRuns / runs).toBeGreaterThan(0.4);
  });

  it("gives no cause for what has none, and knows how often retrying healed it", () => {
    const { likelyCause, trend, recoveries, advice, count, calls } = group("the stream broke");
    expect(likelyCause).toBeUndefined();
    expect(trend.direction).toBe("steady");
    expect(count / runCount).toBeCloseTo(0.02, 2);
    expect(count).toBeGreaterThanOrEqual(calls);
    const [retry] = recoveries;
    expect(retry!.tried).toBe(calls);
    expect(retry!.share).toBeGreaterThan(0.9);
    expect(advice).toMatchObject([{ action: "keep-recovering" }]);
  });
});

/** Runs whose failures have nothing to do with anything. */
function noise(seed: number, runs: number): readonly FlockEvent[] {
  const random = randomOf(seed);
  const errors = ["red", "green", "blue"].map((words) => new Error(`the ${words} thing broke`));
  const events: FlockEvent[] = [];
  for (let index = 0; index < runs; index++) {
    const calls = ["one", "two"].slice(0, 1 + Math.floor(random() * 2)).map((name): DescribedCall => {
      const roll = random();
      const error = roll < 0.2 ? errors[0] : roll < 0.3 ? errors[1] : roll < 0.33 ? errors[2] : undefined;
      const input = { text: "x".repeat(Math.floor(2 ** (random() * 12))) };
      const call: DescribedCall = {
        name: random() < 0.5 ? name : "tool",
        kind: "tool",
        ms: 20 + random() * 900,
        input,
      };
      return error === undefined ? call : { ...call, outcome: "error", code: "unknown", error };
    });
    const model: DescribedCall = { name: random() < 0.5 ? "small" : "large", ms: 10 };
    const bad = random() < 0.1 ? ({ outcome: "error", code: "unknown", error: new Error("no use") } as const) : {};
    const run: DescribedCall = { name: "agent", kind: "agent", calls: [model, ...calls], ...bad };
    events.push(...eventsOf(run, { runId: `r${index}`, time: startOfTime + index * 4_000 + random() * 3_000 }));
  }
  return events.sort((a, b) => a.time - b.time);
}

describe("an analysis of pure noise", () => {
  it("names no cause in 200 seeds, and calls at most 3 in 100 rates anything but steady", () => {
    const causes: unknown[] = [];
    let groups = 0;
    let unsteady = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const analysis = new ErrorAnalysis();
      for (const event of noise(seed, 600)) analysis.notify(event);
      for (const { likelyCause, trend, title } of analysis.snapshot().groups) {
        groups++;
        if (likelyCause !== undefined) causes.push({ seed, title, likelyCause });
        if (trend.direction !== "steady") unsteady++;
      }
    }
    expect(groups).toBe(800);
    expect(causes).toEqual([]);
    expect(unsteady / groups).toBeLessThan(0.03);
  }, 120_000);
});
