import { describe, expect, it } from "vitest";
import { executeRun, streamRun } from "../../src/core/door/run.ts";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { EventDispatcher } from "../../src/core/events/event-dispatcher.ts";
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

describe("a stream that is read slowly or not to its end", () => {
  const counting = (count: number, text = "x") =>
    runnable("counting", async (_: object, context) => {
      for (let i = 1; i <= count; i++) {
        context.delta({ kind: "text", text });
        context.delta({ kind: "partial", value: { count: i } });
        await context.runtime.sleep(1);
      }
      return { count };
    });

  it("goes on when a loop is left, and lets another loop read on where it stopped", async () => {
    const flock = makeEnvironment();
    const stream = streamRun(counting(3), {}, { flock });
    await flock.runtime.clock.advance(50);
    for await (const event of stream) if (event.type === "call-start") break;
    const rest: string[] = [];
    for await (const event of stream) rest.push(event.type);
    expect(rest[0]).toBe("attempt-start");
    expect(rest.at(-1)).toBe("run-end");
    for await (const _ of stream.partials) break;
    expect(await stream.result).toEqual({ count: 3 });
    expect(stream.dropped).toBe(0);
  });

  it("gives events and partial answers to readers that know nothing of one another", async () => {
    const flock = makeEnvironment();
    const stream = streamRun(counting(5), {}, { flock });
    const read = async (values: AsyncIterable<unknown>) => {
      const all: unknown[] = [];
      for await (const value of values) all.push(value);
      return all;
    };
    const reading = Promise.all([read(stream), read(stream.partials), read(stream.partials)]);
    await flock.runtime.clock.advance(50);
    const [events, first, second] = await reading;
    expect(events).toHaveLength(2 + 2 + 2 + 10 + 1);
    expect(first).toEqual(second);
    expect(first.at(-1)).toEqual({ count: 5 });
    expect(first.length).toBeGreaterThan(3);
  });

  it("ends a waiting reader when the reader is let go, without ending the run", async () => {
    const flock = makeEnvironment();
    const stream = streamRun(counting(1), {}, { flock });
    const iterator = stream.partials[Symbol.asyncIterator]();
    await flock.runtime.clock.settle();
    expect(await iterator.next()).toEqual({ done: false, value: { count: 1 } });
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await flock.runtime.clock.advance(5);
    expect(await stream.result).toEqual({ count: 1 });
  });

  it("makes no partial answer that nobody asks for, and one a question", async () => {
    const flock = makeEnvironment();
    let made = 0;
    const lazy = runnable("lazy", async (_: object, context) => {
      for (let i = 0; i < 100; i++) {
        context.delta({
          kind: "partial",
          get value() {
            made += 1;
            return { i };
          },
        });
      }
      await context.runtime.sleep(5);
      return { i: 100 };
    });
    const unread = streamRun(lazy, {}, { flock: { ...flock, events: new EventDispatcher() } });
    await flock.runtime.clock.advance(10);
    await unread.result;
    expect(made).toBe(0);
    const stream = streamRun(lazy, {}, { flock });
    const iterator = stream.partials[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: { i: 99 } });
    expect(made).toBe(1);
    await flock.runtime.clock.advance(10);
    expect(await iterator.next()).toEqual({ done: false, value: { i: 100 } });
  });

  it("keeps a bounded number of characters of unread pieces, the newest piece always", async () => {
    const flock = makeEnvironment();
    const mebi = 1024 * 1024;
    const stream = streamRun(counting(20, "x".repeat(mebi)), {}, { flock });
    await flock.runtime.clock.advance(50);
    await stream.result;
    let characters = 0;
    for await (const event of stream) {
      if (event.type === "delta" && event.delta.kind === "text") characters += event.delta.text.length;
    }
    expect(characters).toBeLessThanOrEqual(8 * mebi);
    expect(stream.dropped).toBeGreaterThanOrEqual(12);
    const huge = streamRun(counting(1, "x".repeat(9 * mebi)), {}, { flock });
    await flock.runtime.clock.settle();
    expect(huge.dropped).toBe(3 + 1);
    await flock.runtime.clock.advance(5);
    await huge.result;
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
