import { describe, expect, it } from "vitest";
import type { FlockEvent } from "../../src/core/event.ts";
import { executeRun, streamRun } from "../../src/core/run.ts";
import type { Shape } from "../../src/core/runnable.ts";
import { makeEnvironment, runnable } from "./make-environment.ts";

const topic: Shape = { fields: [{ name: "topic", optional: false }], bareField: "topic", toJsonSchema: () => ({}) };
const pair: Shape = {
  fields: [
    { name: "a", optional: false },
    { name: "b", optional: true },
  ],
  toJsonSchema: () => ({}),
};
const writing = runnable("writing", async (_: object, context) => {
  for (const value of [{ text: "a" }, { text: "ab" }]) {
    context.delta({ kind: "partial", value });
    await context.runtime.sleep(10);
  }
  return { text: "abc" };
});

describe("a stream", () => {
  it("gives every event in order, deltas too, and then the result", async () => {
    const flock = makeEnvironment();
    const stream = streamRun(writing, {}, { flock });
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of stream) types.push(event.type);
    })();
    await flock.runtime.clock.advance(50);
    await reading;
    expect(await stream.result).toEqual({ text: "abc" });
    expect(types).toEqual([
      "run-start",
      "call-start",
      "attempt-start",
      "delta",
      "delta",
      "attempt-end",
      "output",
      "call-end",
      "run-end",
    ]);
  });

  it("gives partial answers of the outermost call, the last one whole", async () => {
    const flock = makeEnvironment();
    const stream = streamRun(writing, {}, { flock });
    const partials: unknown[] = [];
    const reading = (async () => {
      for await (const partial of stream.partials) partials.push(partial);
    })();
    await flock.runtime.clock.advance(50);
    await reading;
    expect(partials).toEqual([{ text: "a" }, { text: "ab" }, { text: "abc" }]);
  });

  it("keeps a bounded number of unread events and counts the dropped ones", async () => {
    const flock = makeEnvironment();
    const flood = runnable("flood", async (_: object, context) => {
      for (let i = 0; i < 25_000; i++) context.emit("tick", i);
      return {};
    });
    const stream = streamRun(flood, {}, { flock });
    await stream.result;
    let read = 0;
    for await (const _ of stream) read += 1;
    expect(read).toBeLessThanOrEqual(10_000);
    expect(read + stream.dropped).toBe(25_000 + 7);
  });

  it("never leaves an unhandled rejection, and can be cancelled", async () => {
    const flock = makeEnvironment();
    const never = runnable("never", () => new Promise<object>(() => {}));
    const stream = streamRun(never, {}, { flock });
    stream.cancel();
    await flock.runtime.clock.settle();
    await expect(stream.result).rejects.toThrow("the stream was cancelled");
    const wrong = streamRun(never, {}, { flock, odd: 1 } as never);
    await flock.runtime.clock.settle();
    await expect(wrong.result).rejects.toThrow('has no option "odd"');
    for await (const _ of wrong) throw new Error("nothing happened, so nothing is told");
  });

  it("lets nobody listen to deltas unless asked", async () => {
    const flock = makeEnvironment();
    const asks = runnable("asks", async (_: object, context) => ({ wanted: context.wants("delta") }));
    const events: FlockEvent[] = [];
    flock.seen.length = 0;
    const quiet = makeEnvironment();
    const dispatcherOnly = { ...quiet, events: new (Object.getPrototypeOf(quiet.events).constructor)() };
    const onEvent = (event: FlockEvent) => void events.push(event);
    expect(await executeRun(asks, {}, { flock: dispatcherOnly, onEvent })).toEqual({ wanted: false });
    expect(await executeRun(asks, {}, { flock: dispatcherOnly, onEvent, events: ["delta"] })).toEqual({ wanted: true });
    expect(await streamRun(asks, {}, { flock: dispatcherOnly }).result).toEqual({ wanted: true });
  });
});

describe("starting a run", () => {
  const echo = (input: Shape | undefined) =>
    runnable("echo", async (given: object) => given, input === undefined ? {} : { input });

  it("puts a bare value under the one plain field", async () => {
    const flock = makeEnvironment();
    expect(await executeRun(echo(topic), "bees", { flock })).toEqual({ topic: "bees" });
    expect(await executeRun(echo(topic), ["a"], { flock })).toEqual({ topic: ["a"] });
    expect(await executeRun(echo(topic), { topic: "bees" }, { flock })).toEqual({ topic: "bees" });
    expect(await executeRun(echo(undefined), 7, { flock })).toBe(7);
  });

  it("refuses a bare value where there is no one field for it, naming the fields", async () => {
    const flock = makeEnvironment();
    await expect(executeRun(echo(pair), "bees", { flock })).rejects.toThrow("takes an object with the fields a, b");
    await expect(executeRun(echo(pair), null, { flock })).rejects.toMatchObject({ code: "input_invalid" });
  });

  it("refuses wrong options with the nearest known one", async () => {
    const flock = makeEnvironment();
    const wrong: [object, string][] = [
      [{ timeotMs: 5 }, 'did you mean "timeoutMs"?'],
      [{ timeoutMs: -1 }, '"timeoutMs" must be a number above 0'],
      [{ signal: {} }, '"signal" must be an AbortSignal'],
      [{ events: ["call-started"] }, '"events" must be a list of'],
      [{ flock: {} }, '"flock" must be a Flock'],
      [{ onEvent: "no" }, '"onEvent" must be a function'],
      [{ metadata: [] }, '"metadata" must be an object'],
      [{ tenant: " " }, '"tenant" must be a non-empty string'],
    ];
    for (const [options, message] of wrong) {
      await expect(executeRun(echo(topic), "x", { flock, ...options } as never)).rejects.toThrow(message);
    }
    await expect(executeRun(echo(topic), "x", 5 as never)).rejects.toThrow('"options" must be an object');
  });
});
