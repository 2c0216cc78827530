import { describe, expect, it } from "vitest";
import { executeRun } from "../../src/core/door/run.ts";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { EventDispatcher } from "../../src/core/events/event-dispatcher.ts";
import type { Provider } from "../../src/core/events/provider.ts";
import { disposeProviders, listenerOf } from "../../src/core/events/provider-listener.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { makeEnvironment, runnable, tryAgain } from "./make-environment.ts";

const leaf = runnable("leaf", async (input: { n: number }) => ({ list: [input.n] }));

function recording(name: string, extra: Partial<Provider> = {}): Provider & { events: never; seen: FlockEvent[] } {
  const seen: FlockEvent[] = [];
  return { name, seen, handle: (event: FlockEvent) => void seen.push(event), ...extra } as never;
}

describe("providers", () => {
  it("watch the runs of their runnable from start to end, in order of priority", async () => {
    const flock = makeEnvironment();
    const order: string[] = [];
    const make = (name: string, priority?: number): Provider => ({
      name,
      ...(priority === undefined ? {} : { priority }),
      events: ["run-end"],
      handle: () => void order.push(name),
    });
    const watched = runnable("watched", async () => ({}), {
      providers: [make("last"), make("first", 10), make("also last")],
    });
    await executeRun(watched, {}, { flock });
    expect(order).toEqual(["first", "last", "also last"]);
  });

  it("of a nested runnable see its calls and what is below, nothing else, and no event twice", async () => {
    const flock = makeEnvironment();
    const inner = recording("inner");
    const both = recording("both");
    const nested = runnable("nested", (input: { n: number }, context) => context.call(leaf, input), {
      providers: [inner, both],
    });
    const outer = runnable(
      "outer",
      async (input: { n: number }, context) => {
        await context.call(leaf, input);
        return context.call(nested, input);
      },
      { providers: [both] },
    );
    await executeRun(outer, { n: 1 }, { flock });
    expect(new Set(inner.seen.map((event) => event.path))).toEqual(
      new Set(["run/outer#0/nested#1", "run/outer#0/nested#1/leaf#0"]),
    );
    expect(both.seen.filter((event) => event.type === "call-end")).toHaveLength(4);
  });

  it("on several nested runnables at once are told each event once, however often those are called", async () => {
    const flock = makeEnvironment();
    const shared = recording("shared", { events: ["call-end"] as never });
    const inner = runnable("inner", async (input: { n: number }) => ({ list: [input.n] }), { providers: [shared] });
    const middle = runnable("middle", (input: { n: number }, context) => context.call(inner, input), {
      providers: [shared],
    });
    const outer = runnable("outer", async (_: object, context) => {
      for (let n = 0; n < 12; n++) await context.call(middle, { n });
      return context.call(leaf, { n: 0 });
    });
    await executeRun(outer, {}, { flock });
    expect(shared.seen).toHaveLength(24);
    expect(new Set(shared.seen.map((event) => event.path)).size).toBe(24);
  });

  it("see the further attempts of what they watch", async () => {
    const again = tryAgain(2, 0, (target) => target.name === "flaky");
    const flock = makeEnvironment([again]);
    const seen = recording("seen", { events: ["attempt-start"] as never });
    let tries = 0;
    const flaky = runnable(
      "flaky",
      async (_: object, context) => {
        await context.call(leaf, { n: 1 });
        if (++tries === 1) throw new Error("no");
        return {};
      },
      { providers: [seen] },
    );
    const outer = runnable("outer", (_: object, context) => context.call(flaky, {}));
    const run = executeRun(outer, {}, { flock });
    await flock.runtime.clock.advance(1);
    await run;
    expect(seen.seen.map((event) => event.path)).toEqual([
      "run/outer#0/flaky#0",
      "run/outer#0/flaky#0/leaf#0",
      "run/outer#0/flaky#0@2",
      "run/outer#0/flaky#0@2/leaf#0",
    ]);
  });

  it("may tell the house something, which never comes back to them, and nothing else", async () => {
    const flock = makeEnvironment();
    const heard: string[] = [];
    const speaker: Provider = {
      name: "speaker",
      start(host) {
        this.handle = (event) => {
          heard.push(event.type);
          if (event.type !== "run-end") return;
          const head = { v: 1, runId: event.runId, path: event.path, time: event.time } as const;
          host.emit({ ...head, type: "custom", name: "done", data: 1 });
          host.emit({ ...event, name: "faked" } as never);
          host.emit(undefined as never);
        };
      },
      handle: () => {},
    };
    await executeRun(
      runnable("watched", async () => ({}), { providers: [speaker] }),
      {},
      { flock },
    );
    expect(heard).not.toContain("custom");
    expect(flock.seen.filter((event) => event.type === "custom")).toMatchObject([{ name: "done", data: 1 }]);
    expect(flock.seen.filter((event) => event.type === "run-end")).toHaveLength(1);
    await disposeProviders([speaker]);
  });

  it("that hang keep the process alive until it waited a second for each of drain and dispose", async () => {
    const runtime = createTestRuntime();
    const never = () => new Promise<never>(() => {});
    const provider: Provider = { name: "hangs", handle() {}, drain: never, [Symbol.asyncDispose]: never };
    const listener = listenerOf(provider, runtime, new EventDispatcher());
    listener.notify({ v: 1, type: "custom", runId: "r", path: "p", time: 0 } as never);
    const disposed = disposeProviders([provider]);
    for (let second = 0; second < 2; second++) {
      expect(runtime.clock.pendingTimers).toBe(1);
      await runtime.clock.advance(1_000);
    }
    await disposed;
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("change no run when they throw, reject, hang, mutate or flood", async () => {
    const flock = makeEnvironment();
    const hostile: Provider[] = [
      {
        name: "throws",
        handle: () => {
          throw new Error("no");
        },
      },
      { name: "rejects", handle: () => Promise.reject(new Error("no")) },
      { name: "hangs", handle: () => new Promise(() => {}) },
      {
        name: "start throws",
        start: () => {
          throw new Error("no");
        },
        handle: () => {},
      },
      { name: "start rejects", start: () => Promise.reject(new Error("no")), handle: () => {} },
      { name: "drain hangs", drain: () => new Promise(() => {}) },
      {
        name: "middleware throws",
        middleware: [
          () => {
            throw new Error("no");
          },
        ],
        handle: () => {},
      },
      {
        name: "mutates",
        handle(event) {
          if (event.type === "output") (event.value as { list: number[] }).list.push(99);
          if (event.type === "call-start") (event.input.read() as { n: number }).n = 99;
          (event as { path: string }).path = "changed";
        },
      },
    ];
    const watched = runnable("watched", (input: { n: number }, context) => context.call(leaf, input), {
      providers: hostile,
    });
    for (let i = 0; i < 50; i++) expect(await executeRun(watched, { n: i }, { flock })).toEqual({ list: [i] });
    await flock.runtime.clock.advance(5_000);
    expect(
      flock.runtime.warnings.map((one) => one.message).filter((message) => message.includes("throws")),
    ).toHaveLength(3);
    expect(flock.seen.every((event) => event.path !== "changed")).toBe(true);
  });

  it("get later events after a slow one is done, in order, and lose what does not fit the queue", async () => {
    const runtime = createTestRuntime();
    const handled: number[] = [];
    const slow: Provider = {
      name: "slow",
      events: ["custom"],
      handle: async (event) => {
        await runtime.sleep(1);
        if (event.type === "custom") handled.push(event.data as number);
      },
    };
    const listener = listenerOf(slow, runtime, new EventDispatcher());
    for (let i = 0; i < 1_500; i++) {
      listener.notify({ v: 1, type: "custom", runId: "r", path: "run", time: 0, name: "tick", data: i });
    }
    await runtime.clock.advance(2_000);
    expect(handled).toEqual(Array.from({ length: 1_025 }, (_, index) => index));
    expect(listener.dropped).toBe(1_500 - 1_025);
  });

  it("see what their own middleware lets through, on frozen copies", async () => {
    const flock = makeEnvironment();
    const filtered = recording("filtered", {
      events: ["custom"] as never,
      middleware: [
        (event, next) => {
          if (event.type === "custom" && event.name === "keep") next(event);
        },
        (event, next) => {
          expect(() => {
            (event as { path: string }).path = "x";
          }).toThrow();
          next({ ...event, path: "seen" });
          next(event);
        },
      ],
    });
    const plain = recording("plain", { events: ["custom"] as never });
    const speaks = runnable(
      "speaks",
      async (_: object, context) => {
        context.emit("keep");
        context.emit("drop");
        return {};
      },
      { providers: [filtered, plain] },
    );
    await executeRun(speaks, {}, { flock });
    expect(filtered.seen.map((event) => event.path)).toEqual(["seen", "run/speaks#0"]);
    expect(plain.seen.map((event) => event.type === "custom" && event.name)).toEqual(["keep", "drop"]);
  });

  it("start once, drain when a run ends, and are disposed once, bounded in time", async () => {
    const flock = makeEnvironment();
    const log: string[] = [];
    const provider: Provider = {
      name: "whole",
      start: () => void log.push("start"),
      drain: async () => void log.push("drain"),
      [Symbol.asyncDispose]: async () => void log.push("dispose"),
    };
    const watched = runnable("watched", async () => ({}), { providers: [provider] });
    await executeRun(watched, {}, { flock });
    await flock.runtime.clock.settle();
    await executeRun(watched, {}, { flock });
    await flock.runtime.clock.settle();
    expect(log).toEqual(["start", "drain", "drain"]);
    await disposeProviders([provider]);
    expect(log.at(-1)).toBe("dispose");

    const stuck: Provider = {
      name: "stuck",
      handle: () => {},
      [Symbol.asyncDispose]: () => new Promise<void>(() => {}),
    };
    await executeRun(
      runnable("again", async () => ({}), { providers: [stuck] }),
      {},
      { flock },
    );
    let done = false;
    const disposing = disposeProviders([stuck]).then(() => {
      done = true;
    });
    await flock.runtime.clock.advance(999);
    expect(done).toBe(false);
    await flock.runtime.clock.advance(1);
    await disposing;

    let disposed = false;
    await disposeProviders([
      {
        name: "unused",
        [Symbol.asyncDispose]: async () => {
          disposed = true;
        },
      },
    ]);
    expect(disposed).toBe(true);
  });
});

describe("an event dispatcher", () => {
  const event = (data: number): FlockEvent => ({
    v: 1,
    type: "custom",
    runId: "r",
    path: "run",
    time: 0,
    name: "tick",
    data,
  });

  it("tells those who want a type, parents too, until they stop", () => {
    const parent = new EventDispatcher();
    const child = new EventDispatcher(parent);
    const told: string[] = [];
    parent.subscribe(() => told.push("parent"));
    const stop = child.subscribe(() => told.push("child"), { types: ["custom"], priority: 3 });
    child.subscribe(() => told.push("other"), { types: ["warning"] });
    child.emit(event(1));
    stop();
    child.emit(event(2));
    expect(told).toEqual(["parent", "child", "parent"]);
  });

  it("counts listeners that throw and warns the others once", () => {
    const dispatcher = new EventDispatcher();
    const warnings: string[] = [];
    dispatcher.subscribe(
      () => {
        throw new Error("no");
      },
      { name: "bad" },
    );
    dispatcher.subscribe((one) => one.type === "warning" && warnings.push(one.message));
    for (let i = 0; i < 3; i++) dispatcher.emit(event(i));
    expect(dispatcher.failures).toBe(3);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('listener "bad" threw on custom');
  });
});
