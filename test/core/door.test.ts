import { describe, expect, it } from "vitest";
import { executeRun } from "../../src/core/door/run.ts";
import { FlockError, isFlockError } from "../../src/core/errors/errors.ts";
import type { CacheLayer, GuardLayer, RecoveryLayer, WrapperLayer } from "../../src/core/layer.ts";
import { stateKey } from "../../src/core/runnable.ts";
import { makeEnvironment, runnable, story, tryAgain } from "./make-environment.ts";

const leaf = runnable("leaf", async (input: { n: number }) => ({ n: input.n + 1 }));
const never = runnable("never", () => new Promise<object>(() => {}));

function guardLayer(form: "call-guard" | "attempt-guard", name: string, log: string[], wait = false): GuardLayer {
  return {
    form,
    name,
    reason: "test",
    guardFor: () => ({
      enter(call) {
        log.push(`+${name} ${call.path}`);
        return wait ? Promise.resolve() : undefined;
      },
      leave(call, _slot, error) {
        log.push(`-${name} ${call.path}${error === undefined ? "" : " failed"}`);
      },
    }),
  };
}

describe("the door", () => {
  it("gives the value of perform and tells each start and end once, innermost end first", async () => {
    const flock = makeEnvironment();
    const outer = runnable("outer", async (input: { n: number }, context) => context.call(leaf, input));
    expect(await executeRun(outer, { n: 1 }, { flock })).toEqual({ n: 2 });
    expect(story(flock.seen)).toEqual([
      "run-start run",
      "call-start run/outer#0",
      "attempt-start run/outer#0",
      "call-start run/outer#0/leaf#0",
      "attempt-start run/outer#0/leaf#0",
      "attempt-end run/outer#0/leaf#0 ok",
      "output run/outer#0/leaf#0",
      "call-end run/outer#0/leaf#0 ok",
      "attempt-end run/outer#0 ok",
      "output run/outer#0",
      "call-end run/outer#0 ok",
      "run-end run ok",
    ]);
  });

  it("numbers the calls of one parent and marks those of a fork with its index", async () => {
    const flock = makeEnvironment();
    const outer = runnable("outer", async (_: object, context) => {
      await context.call(leaf, { n: 0 });
      await context.call(leaf, { n: 0 });
      const forks = [context.fork({ index: 0 }), context.fork({ index: 1 })];
      await Promise.all(forks.map((fork) => fork.call(leaf, { n: 0 })));
      return {};
    });
    await executeRun(outer, {}, { flock });
    const starts = flock.seen.filter((event) => event.type === "call-start").map((event) => event.path);
    expect(starts).toEqual([
      "run/outer#0",
      "run/outer#0/leaf#0",
      "run/outer#0/leaf#1",
      "run/outer#0/leaf[0]#0",
      "run/outer#0/leaf[1]#0",
    ]);
  });

  it("rejects with the very error that was thrown, and a FlockError learns its path", async () => {
    const flock = makeEnvironment();
    const own = new TypeError("mine");
    const failing = runnable("failing", async () => Promise.reject(own));
    await expect(executeRun(failing, {}, { flock })).rejects.toBe(own);
    const typed = runnable("typed", async () => {
      throw new FlockError("internal", "broken", { details: { reason: "test" } });
    });
    const outer = runnable("outer", (_: object, context) => context.call(typed, {} as never));
    const error = await executeRun(outer, {}, { flock }).catch((caught: unknown) => caught);
    expect(isFlockError(error, "internal") && error.path).toBe("run/outer#0/typed#0");
  });

  it("rejects with what the runnable makes of the error, at once or later, before recovery is asked", async () => {
    const told = new Error("told");
    for (const explain of [() => told, async () => told, () => Promise.reject(told)]) {
      const asked: unknown[] = [];
      const recovery: RecoveryLayer = {
        form: "recovery",
        name: "recovery",
        reason: "test",
        slotFor: () => ({
          recover(_call, error) {
            asked.push(error);
            return undefined;
          },
        }),
      };
      const flock = makeEnvironment([recovery]);
      const failing = runnable("failing", () => Promise.reject(new Error("raw")), { explain });
      await expect(executeRun(failing, {}, { flock })).rejects.toBe(told);
      expect(asked).toEqual([told]);
    }
  });

  it("does not wait for an explanation once the call is cancelled, and tells its end once", async () => {
    const flock = makeEnvironment();
    const controller = new AbortController();
    const explaining = Promise.withResolvers<unknown>();
    const explain = () => explaining.promise;
    const failing = runnable("failing", () => Promise.reject(new Error("raw")), { explain });
    const run = executeRun(failing, {}, { flock, signal: controller.signal });
    await flock.runtime.clock.settle();
    controller.abort(new Error("enough"));
    await expect(run).rejects.toThrow("enough");
    explaining.resolve(new Error("too late"));
    await flock.runtime.clock.settle();
    expect(story(flock.seen).filter((line) => line.startsWith("call-end"))).toEqual([
      "call-end run/failing#0 cancelled",
    ]);
  });

  it("treats a perform that throws at once, or gives no promise, like any other", async () => {
    const flock = makeEnvironment();
    const throws = runnable("throws", () => {
      throw new Error("at once");
    });
    await expect(executeRun(throws, {}, { flock })).rejects.toThrow("at once");
    const plain = runnable("plain", (() => 7) as unknown as () => Promise<number>);
    expect(await executeRun(plain, {}, { flock })).toBe(7);
  });

  it("enters guards outermost first and leaves them backwards, also those that wait", async () => {
    const log: string[] = [];
    const flock = makeEnvironment([
      guardLayer("call-guard", "a", log),
      guardLayer("call-guard", "b", log, true),
      guardLayer("attempt-guard", "c", log),
      guardLayer("attempt-guard", "d", log, true),
    ]);
    await executeRun(leaf, { n: 1 }, { flock });
    const path = "run/leaf#0";
    expect(log).toEqual([
      `+a ${path}`,
      `+b ${path}`,
      `+c ${path}`,
      `+d ${path}`,
      `-d ${path}`,
      `-c ${path}`,
      `-b ${path}`,
      `-a ${path}`,
    ]);
  });

  it("leaves exactly the guards it entered when a later one refuses, at once or after waiting", async () => {
    for (const refuse of [
      () => Promise.reject(new Error("full")),
      () => {
        throw new Error("full");
      },
    ]) {
      for (const form of ["call-guard", "attempt-guard"] as const) {
        const log: string[] = [];
        const refusing: GuardLayer = {
          form,
          name: "refusing",
          reason: "test",
          guardFor: () => ({ enter: refuse, leave: () => log.push("wrong") }),
        };
        const flock = makeEnvironment([guardLayer("call-guard", "a", log), refusing]);
        await expect(executeRun(leaf, { n: 1 }, { flock })).rejects.toThrow("full");
        expect(log).toEqual(["+a run/leaf#0", "-a run/leaf#0 failed"]);
      }
    }
  });

  it("takes a guard out again that got in after its call was cancelled", async () => {
    const log: string[] = [];
    let letIn = (): void => {};
    const slow: GuardLayer = {
      form: "attempt-guard",
      name: "slow",
      reason: "test",
      guardFor: () => ({
        enter: () =>
          new Promise<void>((resolve) => {
            letIn = resolve;
          }),
        leave: () => log.push("left"),
      }),
    };
    const flock = makeEnvironment([slow]);
    const controller = new AbortController();
    const run = executeRun(leaf, { n: 1 }, { flock, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(run).rejects.toThrow("enough");
    expect(log).toEqual([]);
    letIn();
    await flock.runtime.clock.settle();
    expect(log).toEqual(["left"]);
  });

  it("tries again through the attempt's guards alone, each further attempt at its own path", async () => {
    const log: string[] = [];
    const flock = makeEnvironment([
      guardLayer("call-guard", "call", log),
      tryAgain(3, 100),
      guardLayer("attempt-guard", "try", log),
    ]);
    let calls = 0;
    const flaky = runnable("flaky", async () => {
      calls += 1;
      if (calls < 3) throw new Error(`no ${calls}`);
      return { calls };
    });
    const run = executeRun(flaky, {}, { flock });
    await flock.runtime.clock.advance(199);
    expect(calls).toBe(2);
    await flock.runtime.clock.advance(1);
    expect(await run).toEqual({ calls: 3 });
    const path = "run/flaky#0";
    expect(log).toEqual([
      `+call ${path}`,
      `+try ${path}`,
      `-try ${path} failed`,
      `+try ${path}@2`,
      `-try ${path}@2 failed`,
      `+try ${path}@3`,
      `-try ${path}@3`,
      `-call ${path}`,
    ]);
    const end = flock.seen.find((event) => event.type === "call-end");
    expect(end).toMatchObject({ path, outcome: "ok", attempts: 3 });
    expect(flock.seen.filter((event) => event.type === "call-end")).toHaveLength(1);
    expect(flock.runtime.clock.pendingTimers).toBe(0);
  });

  it("gives up with the last error, and a cancel ends the wait before a retry", async () => {
    const flock = makeEnvironment([tryAgain(3, 100)]);
    let calls = 0;
    const broken = runnable("broken", async () => Promise.reject(new Error(`no ${++calls}`)));
    const lost = executeRun(broken, {}, { flock });
    lost.catch(() => {});
    await flock.runtime.clock.advance(1_000);
    await expect(lost).rejects.toThrow("no 3");

    const controller = new AbortController();
    const waiting = executeRun(broken, {}, { flock, signal: controller.signal });
    await flock.runtime.clock.settle();
    controller.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    expect(flock.runtime.clock.pendingTimers).toBe(0);
  });

  it("shows an attempt's guards what it gave and cost as they leave, and counts what they waited", async () => {
    const seen: unknown[] = [];
    const guard: GuardLayer = {
      form: "attempt-guard",
      name: "meter",
      reason: "test",
      guardFor: () => ({
        enter: (call) => {
          seen.push([call.run.priority, call.run.cacheMode, call.run.budgetUsd, call.output]);
          call.waitStart("permits");
          call.waitEnd("permits", 7);
        },
        leave: (call) => void seen.push([call.output, call.cost?.costMicroUsd]),
      }),
    };
    const flock = makeEnvironment([guard]);
    const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
    const paid = runnable("paid", async () => ({ n: 1 }), { costOf: () => ({ usage, costMicroUsd: 5 }) });
    await executeRun(paid, {}, { flock, priority: 3, cache: "bypass", budgetUsd: 1 });
    expect(seen).toEqual([
      [3, "bypass", 1, undefined],
      [{ n: 1 }, 5],
    ]);
    expect(flock.seen).toContainEqual(expect.objectContaining({ type: "wait-start", resource: "permits" }));
    expect(flock.seen).toContainEqual(expect.objectContaining({ type: "wait-end", waitedMs: 7 }));
    expect(flock.seen).toContainEqual(
      expect.objectContaining({ type: "call-end", queueMs: 7, costMicroUsd: 5, usage }),
    );
  });

  it("ends a call whatever breaks on its way out, and warns", async () => {
    const log: string[] = [];
    const breaking: GuardLayer = {
      form: "call-guard",
      name: "breaking",
      reason: "test",
      guardFor: () => ({
        enter: () => {},
        leave: () => {
          throw new Error("leave broke");
        },
      }),
    };
    const cache: CacheLayer = {
      form: "cache",
      name: "cache",
      reason: "test",
      slotFor: () => ({
        lookup: () => undefined,
        store: () => {
          throw new Error("store broke");
        },
        abandon: () => {
          throw new Error("abandon broke");
        },
      }),
    };
    const flock = makeEnvironment([guardLayer("call-guard", "a", log), breaking, cache]);
    const costly = runnable("costly", async () => ({ n: 1 }), {
      costOf: () => {
        throw new Error("cost broke");
      },
    });
    expect(await executeRun(costly, {}, { flock })).toEqual({ n: 1 });
    const unreadable = runnable("unreadable", async () => ({
      get n(): number {
        throw new Error("getter broke");
      },
    }));
    await executeRun(unreadable, {}, { flock: makeEnvironment() });
    const failing = runnable("failing", async () => Promise.reject(new Error("mine")));
    await expect(executeRun(failing, {}, { flock })).rejects.toThrow("mine");
    expect(log).toEqual(["+a run/costly#0", "-a run/costly#0", "+a run/failing#0", "-a run/failing#0 failed"]);
    expect(flock.seen.filter((event) => event.type === "run-end" || event.type === "call-end")).toHaveLength(4);
    const warnings = flock.seen.flatMap((event) =>
      event.type === "warning" ? [event.message.replace(/^.*broke: /, "")] : [],
    );
    expect(warnings).toEqual(["cost broke", "store broke", "leave broke", "abandon broke", "leave broke"]);
  });

  it("tells the end of a call that failed with a trap for whoever reads it", async () => {
    const trap = new Proxy(new Error("trap"), {
      get() {
        throw new Error("read");
      },
      has() {
        throw new Error("looked at");
      },
    });
    const flock = makeEnvironment();
    const trapped = runnable("trapped", () => Promise.reject(trap));
    const ended = await executeRun(trapped, {}, { flock }).then(
      () => false,
      (error: unknown) => error === trap,
    );
    expect(ended).toBe(true);
    const ends = flock.seen.filter((event) => event.type === "call-end" || event.type === "run-end");
    expect(ends).toMatchObject([{ code: "unknown" }, { code: "unknown" }]);
  });

  it("lets recovery answer with a value or another error, and keeps the first error when it declines or breaks", async () => {
    const broken = runnable("broken", async () => Promise.reject(new Error("first")));
    const recoveries = [
      () => Promise.resolve({ healed: true }),
      () => {
        throw new Error("recovery broke");
      },
      () => undefined,
      () => Promise.reject(new Error("last")),
    ];
    const ends: unknown[] = [];
    for (const recover of recoveries) {
      const layer: RecoveryLayer = {
        form: "recovery",
        name: "recovery",
        reason: "test",
        slotFor: () => ({ recover }),
      };
      ends.push(
        await executeRun(broken, {}, { flock: makeEnvironment([layer]) }).catch((error: Error) => error.message),
      );
    }
    expect(ends).toEqual([{ healed: true }, "first", "first", "last"]);
  });

  it("answers from the cache without calling, stores what it made, and abandons what failed", async () => {
    const log: string[] = [];
    const values = new Map<string, unknown>();
    const cache: CacheLayer = {
      form: "cache",
      name: "cache",
      reason: "test",
      slotFor: () => ({
        lookup: (call) => {
          const key = JSON.stringify(call.input);
          return values.has(key) ? { value: values.get(key), state: "hit" } : Promise.resolve(undefined);
        },
        store: (call, value) => void values.set(JSON.stringify(call.input), value),
        abandon: () => log.push("abandoned"),
      }),
    };
    const flock = makeEnvironment([cache]);
    let calls = 0;
    const counting = runnable("counting", async (input: { n: number }) => {
      calls += 1;
      if (input.n < 0) throw new Error("negative");
      return { n: input.n };
    });
    await executeRun(counting, { n: 1 }, { flock });
    await executeRun(counting, { n: 1 }, { flock });
    await expect(executeRun(counting, { n: -1 }, { flock })).rejects.toThrow("negative");
    expect(calls).toBe(2);
    expect(log).toEqual(["abandoned"]);
    const states = flock.seen.filter((event) => event.type === "call-end").map((event) => event.cacheState);
    expect(states).toEqual(["miss", "hit", "miss"]);
  });

  it("abandons a lookup whose answer comes after the call was cancelled", async () => {
    const log: string[] = [];
    let answer = (_: undefined): void => {};
    const cache: CacheLayer = {
      form: "cache",
      name: "cache",
      reason: "test",
      slotFor: () => ({
        lookup: () =>
          new Promise<undefined>((resolve) => {
            answer = resolve;
          }),
        store: () => log.push("stored"),
        abandon: () => log.push("abandoned"),
      }),
    };
    const flock = makeEnvironment([cache]);
    const controller = new AbortController();
    const run = executeRun(leaf, { n: 1 }, { flock, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(run).rejects.toThrow("enough");
    answer(undefined);
    await flock.runtime.clock.settle();
    expect(log).toEqual(["abandoned"]);
  });

  it("rejects when the cache itself fails, at once or later", async () => {
    for (const lookup of [
      () => {
        throw new Error("cache broke");
      },
      () => Promise.reject(new Error("cache broke")),
    ]) {
      const cache: CacheLayer = {
        form: "cache",
        name: "cache",
        reason: "test",
        slotFor: () => ({ lookup, store: () => {}, abandon: () => {} }),
      };
      await expect(executeRun(leaf, { n: 1 }, { flock: makeEnvironment([cache]) })).rejects.toThrow("cache broke");
    }
  });

  it("runs a user's layer around the call, which may pass, replace, repeat or answer itself", async () => {
    const double: WrapperLayer = {
      form: "wrapper",
      name: "double",
      appliesTo: (target) => target.name === "leaf",
      wrap: async (call, next) => {
        await next(call);
        return next(call.with({ input: { n: 10 } }));
      },
    };
    const flock = makeEnvironment([double]);
    const outer = runnable("outer", (input: { n: number }, context) => context.call(leaf, input));
    expect(await executeRun(outer, { n: 1 }, { flock })).toEqual({ n: 11 });
    const attempts = flock.seen.filter((event) => event.type === "attempt-start").map((event) => event.path);
    expect(attempts).toEqual(["run/outer#0", "run/outer#0/leaf#0", "run/outer#0/leaf#0@2"]);
    const ends = flock.seen
      .filter((event) => event.type === "call-end")
      .map((event) => `${event.path} ${event.attempts}`);
    expect(ends).toEqual(["run/outer#0/leaf#0 2", "run/outer#0 1"]);

    const other = runnable("other", async () => ({ n: 99 }));
    const replace: WrapperLayer = {
      form: "wrapper",
      name: "replace",
      wrap: (call, next) => next(call.with({ runnable: other })),
    };
    expect(await executeRun(leaf, { n: 1 }, { flock: makeEnvironment([replace]) })).toEqual({ n: 99 });
    const answer: WrapperLayer = { form: "wrapper", name: "answer", wrap: async () => ({ n: 0 }) };
    expect(await executeRun(leaf, { n: 1 }, { flock: makeEnvironment([answer]) })).toEqual({ n: 0 });
    const wrong: WrapperLayer = { form: "wrapper", name: "wrong", wrap: (_, next) => next({} as never) };
    await expect(executeRun(leaf, { n: 1 }, { flock: makeEnvironment([wrong]) })).rejects.toThrow('layer "wrong"');
  });

  it("refuses a list of layers whose order would change their meaning", () => {
    const log: string[] = [];
    const wrapper: WrapperLayer = { form: "wrapper", name: "mine", wrap: (call, next) => next(call) };
    const guard = guardLayer("call-guard", "a", log);
    expect(() => makeEnvironment([guard, wrapper])).toThrow('layer "mine" cannot stand there');
    expect(() => makeEnvironment([guard, guard])).toThrow("another layer has this name");
    expect(() => makeEnvironment([tryAgain(3, 100), { ...tryAgain(3, 100), name: "second" }])).toThrow("second");
    expect(() => makeEnvironment([{ name: "odd" } as never])).toThrow("its form must be one of");
    expect(() =>
      makeEnvironment([wrapper, guard, tryAgain(3, 100), guardLayer("attempt-guard", "b", log)]),
    ).not.toThrow();
  });
});

describe("cancelling", () => {
  it("rejects with the signal's own reason, ends everything below, and lets go of the signal", async () => {
    const flock = makeEnvironment();
    const signals: AbortSignal[] = [];
    const watching = runnable("watching", (_: object, context) => {
      signals.push(context.signal);
      return context.call(never, {} as never);
    });
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = executeRun(watching, {}, { flock, signal: controller.signal });
    await flock.runtime.clock.settle();
    controller.abort(reason);
    await expect(run).rejects.toBe(reason);
    expect(signals[0]?.reason).toBe(reason);
    const ends = story(flock.seen).filter((line) => line.startsWith("call-end") || line.startsWith("run-end"));
    expect(ends).toEqual([
      "call-end run/watching#0/never#0 cancelled",
      "call-end run/watching#0 cancelled",
      "run-end run cancelled",
    ]);
  });

  it("does not start a run whose signal is already aborted", async () => {
    const flock = makeEnvironment();
    const reason = new Error("before");
    await expect(executeRun(leaf, { n: 1 }, { flock, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(flock.seen).toEqual([]);
  });

  it("cancels a fork without touching its siblings or its parent", async () => {
    const flock = makeEnvironment();
    const outer = runnable("outer", async (_: object, context) => {
      const lost = context.fork({ index: 0 });
      const kept = context.fork({ index: 1 });
      const results = [lost.call(never, {} as never), kept.call(leaf, { n: 1 })];
      lost.cancel(new Error("not needed"));
      const settled = await Promise.allSettled(results);
      const late = await lost.call(leaf, { n: 1 }).catch((error: Error) => error.message);
      return {
        states: settled.map((one) => one.status),
        late,
        aborted: lost.signal.aborted,
        kept: kept.signal.aborted,
      };
    });
    expect(await executeRun(outer, {}, { flock })).toEqual({
      states: ["rejected", "fulfilled"],
      late: "not needed",
      aborted: true,
      kept: false,
    });
  });

  it("ends calls that nobody awaited when their caller ends, without an unhandled rejection", async () => {
    const flock = makeEnvironment();
    let kept: Parameters<typeof outer.perform>[1] | undefined;
    const outer = runnable("outer", async (_: object, context) => {
      kept = context;
      void context.call(never, {} as never);
      context.fork();
      return {};
    });
    await executeRun(outer, {}, { flock });
    await flock.runtime.clock.settle();
    expect(story(flock.seen)).toContain("call-end run/outer#0/never#0 cancelled");
    await expect(kept?.call(leaf, { n: 1 })).rejects.toThrow("has ended");
    await expect(kept?.fork().call(leaf, { n: 1 })).rejects.toThrow("has ended");
    kept?.delta({ kind: "text", text: "late" });
    expect(flock.seen.filter((event) => event.type === "delta")).toEqual([]);
  });

  it("disposes a fork at the end of its block", async () => {
    const flock = makeEnvironment();
    const outer = runnable("outer", async (_: object, context) => {
      let inside: AbortSignal;
      {
        using fork = context.fork();
        inside = fork.signal;
      }
      return { aborted: inside.aborted };
    });
    expect(await executeRun(outer, {}, { flock })).toEqual({ aborted: true });
  });
});

describe("a context", () => {
  it("shares state and metadata in the run, and a fork has its own copy", async () => {
    const flock = makeEnvironment();
    const seenKey = stateKey<string[]>("seen");
    const flag = stateKey<boolean>("flag");
    const child = runnable("child", async (_: object, context) => {
      context.state.set(flag, true);
      return { metadata: context.metadata, tenant: context.tenant };
    });
    const outer = runnable("outer", async (_: object, context) => {
      context.state.set(seenKey, ["a"]);
      const fork = context.fork({ index: 0, metadata: { branch: "left" } });
      const below = await fork.call(child, {});
      const outside = context.state.has(flag);
      const inFork = fork.state.get(flag);
      const copied = fork.state.get(seenKey);
      const deleted = fork.state.delete(seenKey);
      return { below, outside, inFork, copied, deleted, still: context.state.get(seenKey) };
    });
    expect(await executeRun(outer, {}, { flock, metadata: { who: "me" }, tenant: "t1" })).toEqual({
      below: { metadata: { who: "me", branch: "left" }, tenant: "t1" },
      outside: false,
      inFork: true,
      copied: ["a"],
      deleted: true,
      still: ["a"],
    });
  });

  it("keeps the last 100 remarks of the run, with path and time", async () => {
    const flock = makeEnvironment();
    const outer = runnable("outer", async (_: object, context) => {
      for (let i = 0; i < 150; i++) context.addBreadcrumb(`step ${i}`, i % 2 === 0 ? { i } : undefined);
      return { count: context.breadcrumbs.length, first: context.breadcrumbs[0] };
    });
    expect(await executeRun(outer, {}, { flock })).toEqual({
      count: 100,
      first: { path: "run/outer#0", message: "step 50", data: { i: 50 }, time: flock.runtime.now() },
    });
  });

  it("gives every typed error of the run the remarks left before it", async () => {
    const flock = makeEnvironment();
    const failing = runnable("failing", async (_: object, context) => {
      context.addBreadcrumb("opened the file", { name: "a.txt" });
      throw new FlockError("internal", "broken", { details: { reason: "test" } });
    });
    const error = await executeRun(failing, {}, { flock }).catch((caught: FlockError) => caught);
    expect((error as FlockError).breadcrumbs).toMatchObject([
      { path: "run/failing#0", message: "opened the file", data: { name: "a.txt" } },
    ]);
  });

  it("sends events of the user's own and warnings, and asks for approval with a no by default", async () => {
    const flock = makeEnvironment();
    const outer = runnable("outer", async (_: object, context) => {
      context.emit("found", { count: 2 });
      context.warn("odd", "something odd");
      const request = { tool: "wipe", input: {}, runId: context.runId, path: context.path };
      return { custom: context.wants("custom"), approved: await context.approve(request), attempt: context.attempt };
    });
    expect(await executeRun(outer, {}, { flock })).toEqual({ custom: true, approved: false, attempt: 1 });
    expect(flock.seen).toContainEqual(expect.objectContaining({ type: "custom", name: "found", data: { count: 2 } }));
    expect(flock.seen).toContainEqual(expect.objectContaining({ type: "warning", code: "odd" }));
  });

  it("names the way out when it is given where run options belong", async () => {
    const flock = makeEnvironment();
    const outer = runnable("outer", (_: object, context) => executeRun(leaf, { n: 1 }, context as never));
    await expect(executeRun(outer, {}, { flock })).rejects.toThrow(
      "inside another runnable use context.call(leaf, input)",
    );
  });
});
