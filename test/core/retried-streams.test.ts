import { describe, expect, it } from "vitest";
import { streamRun } from "../../src/core/door/run.ts";
import type { DeltaEvent, FlockEvent } from "../../src/core/events/event.ts";
import type { WrapperLayer } from "../../src/core/layer.ts";
import type { ExecutionContext } from "../../src/core/runnable.ts";
import { makeEnvironment, runnable, tryAgain } from "./make-environment.ts";

type Delta = DeltaEvent["delta"];

const partial = (text: string): Delta => ({ kind: "partial", value: { text } });

const twice: WrapperLayer = {
  form: "wrapper",
  name: "twice",
  appliesTo: (one) => one.name === "inner",
  wrap: (call, next) => next(call).catch(() => next(call)),
};

const retry = tryAgain(3, 10, (one) => one.name === "inner");

/** Streams and fails until its last attempt. */
function failing(failures: number, streams = true) {
  let attempts = 0;
  return runnable("inner", async (_: object, context: ExecutionContext) => {
    attempts += 1;
    if (streams || attempts > failures) context.delta(partial(`try ${attempts}`));
    if (attempts <= failures) throw new Error("broke");
    return { text: `try ${attempts}` };
  });
}

/** Hears its inner call and passes on what it hears. */
function hearing(inner: ReturnType<typeof failing>, heard: Delta[]) {
  return runnable("outer", async (_: object, context: ExecutionContext) => {
    context.hearDeltas((delta) => {
      heard.push(delta.kind === "partial" ? { kind: "partial", value: delta.value } : delta);
      context.delta(delta);
    });
    return context.call(inner, {});
  });
}

function told(events: readonly FlockEvent[]): string[] {
  return events.flatMap((event) => (event.type === "delta" ? [`${event.path} ${event.delta.kind}`] : []));
}

describe("a call that is tried again", () => {
  for (const [how, layer] of [
    ["by a wrapper's second next", twice],
    ["by recovery", retry],
  ] as const) {
    it(`${how} lets its caller hear a reset before the pieces of the further attempt`, async () => {
      const flock = makeEnvironment([layer]);
      const heard: Delta[] = [];
      const stream = streamRun(hearing(failing(1), heard), {}, { flock });
      await flock.runtime.clock.advance(50);
      expect(await stream.result).toEqual({ text: "try 2" });
      expect(heard).toEqual([partial("try 1"), { kind: "reset" }, partial("try 2")]);
      expect(told(flock.seen)).toEqual([
        "run/outer#0/inner#0 partial",
        "run/outer#0 partial",
        "run/outer#0/inner#0 reset",
        "run/outer#0 reset",
        "run/outer#0/inner#0@2 partial",
        "run/outer#0 partial",
      ]);
    });
  }

  it("lets its caller hear one reset an attempt that streamed, and none for one that did not", async () => {
    const flock = makeEnvironment([retry]);
    const heard: Delta[] = [];
    const twoFailures = streamRun(hearing(failing(2), heard), {}, { flock });
    await flock.runtime.clock.advance(50);
    await twoFailures.result;
    expect(heard.map(({ kind }) => kind)).toEqual(["partial", "reset", "partial", "reset", "partial"]);
    heard.length = 0;
    const silent = streamRun(hearing(failing(2, false), heard), {}, { flock });
    await flock.runtime.clock.advance(50);
    await silent.result;
    expect(heard.map(({ kind }) => kind)).toEqual(["partial"]);
  });

  it("lets partial answers of the outermost call begin anew, the stale one dropped", async () => {
    const flock = makeEnvironment([
      { ...retry, slotFor: () => retry.slotFor(failing(0) as never, undefined as never) },
    ]);
    let attempts = 0;
    const outermost = runnable("outermost", async (_: object, context: ExecutionContext) => {
      attempts += 1;
      if (attempts === 1) {
        context.delta(partial("stale"));
        throw new Error("broke");
      }
      await context.runtime.sleep(100);
      context.delta(partial("fresh"));
      await context.runtime.sleep(100);
      return { text: "fresh and whole" };
    });
    const stream = streamRun(outermost, {}, { flock });
    await flock.runtime.clock.advance(50);
    const partials: unknown[] = [];
    const reading = (async () => {
      for await (const value of stream.partials) partials.push(value);
    })();
    await flock.runtime.clock.advance(500);
    await reading;
    expect(partials).toEqual([{ text: "fresh" }, { text: "fresh and whole" }]);
  });
});

describe("deltas in forks", () => {
  it("are heard by the fork that listens, else by the context it was forked from", async () => {
    const flock = makeEnvironment();
    const heard: string[] = [];
    const inner = runnable("inner", async (name: { name: string }, context: ExecutionContext) => {
      context.delta({ kind: "text", text: name.name });
      return {};
    });
    const outer = runnable("outer", async (_: object, context: ExecutionContext) => {
      const stop = context.hearDeltas((delta) => heard.push(`outer ${"text" in delta ? delta.text : ""}`));
      const listening = context.fork({ index: 0 });
      const silent = context.fork({ index: 1 });
      listening.hearDeltas((delta) => heard.push(`fork ${"text" in delta ? delta.text : ""}`));
      await listening.call(inner, { name: "a" });
      await silent.call(inner, { name: "b" });
      context.hearDeltas((delta) => heard.push(`second ${"text" in delta ? delta.text : ""}`));
      stop();
      await context.call(inner, { name: "c" });
      return {};
    });
    await streamRun(outer, {}, { flock }).result;
    expect(heard).toEqual(["fork a", "outer b", "second c"]);
  });
});

describe("the times of a stream", () => {
  const ends = (events: readonly FlockEvent[]) => events.flatMap((event) => (event.type === "call-end" ? [event] : []));

  it("stand in the end of a model's call: the first piece, gaps between pieces, how many", async () => {
    const flock = makeEnvironment();
    const model = runnable(
      "inner",
      async (_: object, context: ExecutionContext) => {
        for (const [wait, kind] of [
          [100, "reasoning"],
          [10, "text"],
          [50, "text"],
        ] as const) {
          await context.runtime.sleep(wait);
          context.delta({ kind, text: "piece" });
        }
        return {};
      },
      { kind: "model" },
    );
    const stream = streamRun(model, {}, { flock });
    await flock.runtime.clock.advance(500);
    await stream.result;
    const [end] = ends(flock.seen);
    expect(end?.stream).toEqual({ firstTokenMs: 100, meanGapMs: 30, longestGapMs: 50, pieces: 3 });
    expect(JSON.parse(JSON.stringify(end))).toMatchObject({ stream: { firstTokenMs: 100 } });
  });

  it("are of the last attempt alone, from its own start, and of failed answers too", async () => {
    const flock = makeEnvironment([retry]);
    let attempts = 0;
    const model = runnable(
      "inner",
      async (_: object, context: ExecutionContext) => {
        attempts += 1;
        await context.runtime.sleep(attempts * 20);
        context.delta({ kind: "text", text: "a" });
        if (attempts < 3) context.delta({ kind: "text", text: "b" });
        throw new Error("broke");
      },
      { kind: "model" },
    );
    const stream = streamRun(model, {}, { flock });
    await flock.runtime.clock.advance(500);
    await expect(stream.result).rejects.toThrow("broke");
    expect(ends(flock.seen)[0]?.stream).toEqual({ firstTokenMs: 60, meanGapMs: 0, longestGapMs: 0, pieces: 1 });
  });

  it("are absent where nothing was streamed, and in calls that are no model's", async () => {
    const flock = makeEnvironment();
    const silent = runnable("silent", async () => ({}), { kind: "model" });
    const agent = runnable("agent", async (_: object, context: ExecutionContext) => {
      context.delta({ kind: "text", text: "a" });
      return context.call(silent, {});
    });
    await streamRun(agent, {}, { flock }).result;
    expect(ends(flock.seen).map((end) => end.stream)).toEqual([undefined, undefined]);
  });
});
