import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { stateKey } from "../../src/core/runnable.ts";
import { ParallelPattern } from "../../src/patterns/parallel-pattern.ts";
import { SequentialPattern } from "../../src/patterns/sequential-pattern.ts";
import { makeEnvironment, story } from "../core/make-environment.ts";
import { caught } from "./caught.ts";
import { makeStep, makeUntyped } from "./make-step.ts";

const pros = makeStep("optimist", "topic: str", "points: list[str]", ({ topic }) => ({ points: [`${topic} is good`] }));
const cons = makeStep("pessimist", "topic: str, depth?: int", "points: list[str]", ({ topic, depth }) => ({
  points: [`${topic} is bad ${depth ?? 1}`],
}));
const title = makeStep("title", "topic: str", "title: str", ({ topic }) => ({ title: topic.toUpperCase() }));

describe("a parallel pattern at work", () => {
  it("gives each named agent's value under its name", async () => {
    const pattern = new ParallelPattern({ agents: { pros, cons } });
    expect(await pattern.execute({ topic: "tea", depth: 2 }, { flock: makeEnvironment() })).toEqual({
      pros: { points: ["tea is good"] },
      cons: { points: ["tea is bad 2"] },
    });
  });

  it("merges the fields of a list", async () => {
    const pattern = new ParallelPattern({ agents: [pros, title] });
    expect(await pattern.execute({ topic: "tea" }, { flock: makeEnvironment() })).toEqual({
      points: ["tea is good"],
      title: "TEA",
    });
  });

  it("starts all agents before any has ended", async () => {
    const log: string[] = [];
    const slow = (name: string) =>
      makeStep(name, "topic: str", "x: str", async ({ topic }, context) => {
        log.push(`start ${name}`);
        await context.runtime.sleep(10, context.signal);
        log.push(`end ${name}`);
        return { x: topic };
      });
    const flock = makeEnvironment();
    const run = new ParallelPattern({ agents: { a: slow("a"), b: slow("b") } }).execute({ topic: "t" }, { flock });
    await flock.runtime.clock.advance(10);
    await run;
    expect(log).toEqual(["start a", "start b", "end a", "end b"]);
  });

  it("gives each agent exactly its declared fields, and its own copy of the run's state", async () => {
    const key = stateKey<string>("note");
    const seen: unknown[] = [];
    const look = (name: string) =>
      makeStep(name, "topic: str", "x: int", async (input, context) => {
        seen.push(input, context.state.get(key));
        context.state.set(key, name);
        return { x: 1 };
      });
    const pattern = new ParallelPattern({ agents: { a: look("a"), b: look("b"), cons } });
    await pattern.execute({ topic: "t", depth: 3 }, { flock: makeEnvironment() });
    expect(seen).toEqual([{ topic: "t" }, undefined, { topic: "t" }, undefined]);
  });

  it("marks each agent's path with its place", async () => {
    const flock = makeEnvironment();
    await new ParallelPattern({ agents: [pros, title] }).execute({ topic: "t" }, { flock });
    expect(story(flock.seen).filter((line) => line.startsWith("call-start"))).toEqual([
      "call-start run/parallel#0",
      "call-start run/parallel#0/optimist[0]#0",
      "call-start run/parallel#0/title[1]#0",
    ]);
  });

  it("streams, and takes a bare value where all its agents take the same one plain field", async () => {
    const flock = makeEnvironment();
    const pattern = new ParallelPattern({ agents: { pros, title } });
    expect(await pattern.stream({ topic: "t" }, { flock }).result).toEqual(
      await pattern.execute("t" as never, { flock }),
    );
    const error = await caught(new ParallelPattern({ agents: { pros, cons } }).execute("t" as never, { flock }));
    expect(isFlockError(error, "input_invalid")).toBe(true);
  });
});

describe("a parallel pattern and failures", () => {
  it("fails with the first error, with its path, once the others were cancelled and have ended", async () => {
    const log: string[] = [];
    const failing = makeStep("failing", "topic: str", "x: int", async (_, context) => {
      await context.runtime.sleep(5, context.signal);
      throw new RangeError("first");
    });
    const waiting = makeStep("waiting", "topic: str", "x: int", async (_, context) => {
      try {
        await context.runtime.sleep(1_000, context.signal);
      } catch (error) {
        log.push(isFlockError(error, "cancelled") ? error.details.reason : "other");
        throw new RangeError("second");
      }
      return { x: 1 };
    });
    const flock = makeEnvironment();
    const run = caught(
      new ParallelPattern({ agents: { a: waiting, b: failing, c: waiting } }).execute({ topic: "t" }, { flock }),
    );
    await flock.runtime.clock.advance(5);
    expect(await run).toMatchObject({ message: "first" });
    await flock.runtime.clock.settle();
    expect(log).toEqual(['"failing", which ran beside it, failed', '"failing", which ran beside it, failed']);
    expect(story(flock.seen).filter((line) => line.startsWith("call-end"))).toEqual([
      "call-end run/parallel#0/failing[1]#0 error",
      "call-end run/parallel#0/waiting[0]#0 cancelled",
      "call-end run/parallel#0/waiting[2]#0 cancelled",
      "call-end run/parallel#0 error",
    ]);
    expect(flock.runtime.clock.pendingTimers).toBe(0);
  });

  it("ends every agent when the run is aborted", async () => {
    const controller = new AbortController();
    let ended = 0;
    const waiting = makeStep("waiting", "topic: str", "x: int", async (_, context) => {
      try {
        await context.runtime.sleep(1_000, context.signal);
      } finally {
        ended++;
      }
      return { x: 1 };
    });
    const flock = makeEnvironment();
    const run = caught(
      new ParallelPattern({ agents: { a: waiting, b: waiting } }).execute(
        { topic: "t" },
        { flock, signal: controller.signal },
      ),
    );
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await run).toBe(reason);
    await flock.runtime.clock.settle();
    expect(ended).toBe(2);
  });

  it("leaves the rest of the run alive: a sequence can go on beside a branch that failed and was answered", async () => {
    const failing = makeStep("failing", "topic: str", "x: int", () => {
      throw new Error("no");
    });
    const together = new ParallelPattern({ agents: { failing, pros } });
    const careful = makeStep("careful", "topic: str", "ok: bool", async (input, context) => {
      const error = await caught(context.call(together, input));
      return { ok: error instanceof Error };
    });
    const pattern = new SequentialPattern({ agents: [careful, pros] });
    expect(await pattern.execute({ topic: "t" }, { flock: makeEnvironment() })).toEqual({
      ok: true,
      points: ["t is good"],
    });
  });

  it("names the agent that gave no object", async () => {
    const liar = makeUntyped("liar", "topic: str", "x: int", () => "text");
    for (const agents of [{ a: liar }, [liar]]) {
      const error = await caught(
        new ParallelPattern({ agents: agents as never }).execute({ topic: "t" } as never, { flock: makeEnvironment() }),
      );
      expect(isFlockError(error, "output_invalid") && error.message).toContain('"liar" promised an object');
    }
  });
});

describe("building a parallel pattern", () => {
  const build = (agents: unknown, more: object = {}): unknown =>
    caught(() => new ParallelPattern({ agents: agents as never, ...more }));

  it("refuses two writers of one field in a list, and takes them by name", () => {
    const error = build([pros, cons]);
    expect(isFlockError(error, "pattern_invalid") && [error.message, error.details]).toEqual([
      'pattern "parallel": both "optimist" and "pessimist" write the field "points"; rename one, or give the agents names, as in { first: …, second: … }',
      { pattern: "parallel", agent: "pessimist", field: "points" },
    ]);
    expect(build({ pros, cons })).toBeUndefined();
  });

  it("refuses a field taken as types that never meet", () => {
    const number = makeUntyped("number", "topic: int", "y: int");
    for (const agents of [[pros, number], { pros, number }]) {
      const error = build(agents);
      expect(isFlockError(error, "pattern_invalid") && [error.message, error.details.field]).toEqual([
        'pattern "parallel": "number" takes the field "topic" as number, but it is string for "optimist"',
        "topic",
      ]);
    }
  });

  it("refuses none, what is no runnable, and names that are no fields", () => {
    for (const none of [[], {}]) expect(isFlockError(build(none), "pattern_invalid")).toBe(true);
    for (const wrong of [3, "agents", null]) expect(isFlockError(build(wrong), "option_invalid")).toBe(true);
    expect(
      isFlockError(
        caught(() => new ParallelPattern({} as never)),
        "pattern_invalid",
      ),
    ).toBe(true);
    const error = build({ pros, cons: undefined });
    expect(isFlockError(error, "option_invalid") && error.details.option).toBe("agents.cons");
    for (const name of ["two words", "1st", "", "__proto__", "constructor"]) {
      const named = build(Object.fromEntries([[name, pros]]));
      expect(isFlockError(named, "pattern_invalid") && named.details.field, name).toBe(name);
    }
  });

  it("refuses unknown and wrong options", () => {
    for (const wrong of [{ agent: {} }, { name: "" }, { timeoutMs: -1 }]) {
      expect(isFlockError(build({ pros }, wrong), "option_invalid")).toBe(true);
    }
  });

  it("says what decides its answer only when every agent does, names included", () => {
    const known = makeStep("known", "topic: str", "x: int", undefined, { identity: { model: "m" } });
    expect(new ParallelPattern({ agents: { known } }).identity).toEqual({
      pattern: "parallel",
      agents: [{ model: "m" }],
      names: ["known"],
    });
    expect(new ParallelPattern({ agents: { known, pros } }).identity).toBeUndefined();
    expect(new ParallelPattern({ agents: [known], timeoutMs: 9 }).policy).toEqual({ timeoutMs: 9 });
  });
});
