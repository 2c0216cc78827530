import { describe, expect, it } from "vitest";
import { executeRun } from "../../../src/core/door/run.ts";
import { FlockError } from "../../../src/core/errors/errors.ts";
import type { ExecutionContext } from "../../../src/core/runnable.ts";
import { AgentIntrospection } from "../../../src/introspection/advise/agent-introspection.ts";
import { failureGroups } from "../../../src/introspection/advise/what-if/failure-groups.ts";
import { RunRecorder } from "../../../src/introspection/record/run-recorder.ts";
import { makeEnvironment, runnable, tryAgain } from "../../core/make-environment.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

const tooLong = (): FlockError => new FlockError("tool_failed", "the text is too long", { details: { tool: "parse" } });

function advise(runs: readonly DescribedCall[]) {
  return failureGroups({ name: "a", episodes: episodesFrom(runs), knobs: undefined }).map(
    ({ suggestion }) => suggestion,
  );
}

/** Every fifth run has a long text, and fails. */
const longFail = repeat(100, (index): DescribedCall => {
  const isLong = index % 5 === 0;
  const failed = isLong ? ({ outcome: "error", code: "tool_failed", error: tooLong() } as const) : {};
  const input = { text: "x".repeat(isLong ? 50_000 : 900) };
  return { name: "a", ...failed, calls: [{ name: "parse", kind: "tool", ms: 5, input, ...failed }] };
});

describe("failureGroups", () => {
  it("says what ends the runs, what they have in common, and what mending it would bring", () => {
    const [suggestion, ...more] = advise(longFail);
    expect(more).toEqual([]);
    expect(suggestion).toMatchObject({
      id: expect.stringMatching(/^errors:[\w-]{16}$/),
      evidence: { runs: 100, failures: 20, code: "tool_failed", title: "the text is too long", advice: "shrink-input" },
      predicted: { metric: "successRate", change: 0.2 },
      risk: "low",
    });
    expect(suggestion!.evidence).toMatchObject({ failedWith: 20, callsWith: 20, failedWithout: 0, callsWithout: 80 });
    expect(suggestion!.evidence.samples).toContainEqual({ runId: "r95", path: "run/a#0/parse#0" });
    expect(suggestion!.sentence).toBe(
      '20 % of the runs of a end with tool_failed, "the text is too long" (20 of 100, steady): it fails with inputs of ' +
        "46341 characters or more; split or shorten them: 20 of 20 calls of parse failed so, 0 of 80 others.",
    );
    expect(suggestion!.predicted!.low).toBeLessThan(0.2);
    expect(suggestion!.predicted!.high).toBeGreaterThan(0.2);
  });

  it("tells nobody to stop what surely heals enough for another try", () => {
    const overloaded = (): FlockError => new FlockError("tool_failed", "busy", { details: { tool: "parse" } });
    const healing = (healed: number) =>
      repeat(400, (index): DescribedCall => {
        if (index % 2 === 0) return { name: "a", calls: [{ name: "parse", kind: "tool", ms: 5 }] };
        const error = overloaded();
        const failed = index >= 2 * healed ? ({ outcome: "error", code: "tool_failed", error } as const) : {};
        const failedAttempts = repeat("outcome" in failed ? 2 : 1, () => ({ error, ms: 5 }));
        return { name: "a", ...failed, calls: [{ name: "parse", kind: "tool", ms: 9, failedAttempts, ...failed }] };
      });
    expect(advise(healing(4))[0]?.sentence).toContain("heals only 2 % of these (4 of 200): stop it");
    expect(advise(healing(26)).map(({ sentence }) => sentence)).toEqual([]);
  });

  it("is silent where nothing stands out, where little fails, and where calls are no longer kept", () => {
    const by = (every: number) =>
      repeat(100, (index): DescribedCall => {
        const failed =
          index % every === 0 ? ({ outcome: "error", code: "tool_failed", error: tooLong() } as const) : {};
        return { name: "a", ...failed, calls: [{ name: "parse", kind: "tool", ms: 5, ...failed }] };
      });
    expect(advise(by(1))).toEqual([]);
    expect(advise(by(50))).toEqual([]);
    expect(advise(repeat(50, () => ({ name: "a", calls: [{ name: "parse", kind: "tool", ms: 5 }] })))).toEqual([]);
    const gone = episodesFrom(longFail).map((episode) => ({ ...episode, root: undefined }));
    expect(failureGroups({ name: "a", episodes: gone, knobs: undefined })).toEqual([]);
  });

  it("says that retrying heals nothing, without a promise that it cannot make", () => {
    const attempts = repeat(3, () => ({ error: tooLong(), ms: 10 }));
    const runs = repeat(60, (index): DescribedCall => {
      const failed = { outcome: "error", code: "tool_failed", error: tooLong() } as const;
      if (index % 3 > 0) return { name: "a", calls: [{ name: "m", ms: 5 }] };
      return { name: "a", ...failed, calls: [{ name: "m", ms: 30, failedAttempts: attempts, ...failed }] };
    });
    const [suggestion] = advise(runs);
    expect(suggestion!.sentence).toContain("retry never healed these in 20 tries: stop it for tool_failed");
    expect(suggestion!.evidence).toMatchObject({ retries: 40, attempts: 60, tried: 20, healed: 0 });
    expect(suggestion!.predicted).toBeUndefined();
  });

  it("is among the suggestions for a runnable, from what its environment recorded by itself", async () => {
    const environment = makeEnvironment([tryAgain(2, 10, ({ kind }) => kind === "model")]);
    const recorder = new RunRecorder();
    environment.events.add(recorder);
    const models = ["good", "bad"].map((name) =>
      runnable(name, async () => (name === "bad" ? Promise.reject(tooLong()) : {}), { kind: "model" }),
    );
    const agent = runnable("writer", async ({ index }: { index: number }, context: ExecutionContext) =>
      context.call(models[index % 3 === 0 ? 1 : 0]!, {}),
    );
    for (let index = 0; index < 60; index++) {
      const running = executeRun(agent, { index }, { flock: environment }).catch(() => undefined);
      await environment.runtime.clock.advance(1_000);
      await running;
    }
    const introspection = new AgentIntrospection(agent, { flock: { history: recorder } });
    const suggestion = introspection.suggestImprovements().find(({ id }) => id.startsWith("errors:"));
    expect(suggestion?.evidence).toMatchObject({ failures: 20, runs: 60, retries: 20, attempts: 40 });
    expect(suggestion?.sentence).toContain("retry never healed these in 20 tries");
    expect(introspection.suggestImprovements().map(({ id }) => id)).toContain("failures:tool_failed");
  });
});
