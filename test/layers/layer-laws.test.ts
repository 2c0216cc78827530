/** The laws every layer keeps, held against each built-in one, and against a wrapper as users write it. */

import { describe, expect, it } from "vitest";
import "../../src/layers/resources/resource-desk.ts";
import { executeRun } from "../../src/core/door/run.ts";
import type { Layer } from "../../src/core/layer.ts";
import { defaultStack } from "../../src/layers/default-stack.ts";
import { makeEnvironment, runnable } from "../core/make-environment.ts";

const passing: Layer = { form: "wrapper", name: "passing wrapper", wrap: (call, next) => next(call) };
/** Limits far away switch every limit on without ever reaching it; the cache knows what decides the answer. */
const policy = { timeoutMs: 60_000, attemptTimeoutMs: 60_000, cache: true, resources: { concurrency: 1_000 } };

describe.each([...defaultStack(), passing])("the layer $name", (layer) => {
  it("is transparent when it has nothing to do: same value, same error, same events", async () => {
    const own = new Error("mine");
    const kinds = ["agent", "model", "tool", "pattern"] as const;
    for (const kind of kinds) {
      const stories = [];
      for (const layers of [[], [layer]]) {
        const flock = makeEnvironment(layers);
        const value = await executeRun(
          runnable("leaf", async () => ({ n: 1 }), { kind, policy, identity: "good" }),
          {},
          { flock },
        );
        const error = await executeRun(
          runnable("leaf", async () => Promise.reject(own), { kind, policy, identity: "bad" }),
          {},
          { flock },
        ).catch((caught) => caught);
        expect(value).toEqual({ n: 1 });
        expect(error).toBe(own);
        stories.push(flock.seen.map((event) => `${event.type} ${event.path}`));
      }
      expect(stories[1]).toEqual(stories[0]);
    }
  });

  it("passes the signal on, lets go of everything on abort, and tells one call-end", async () => {
    const flock = makeEnvironment([layer]);
    const signals: AbortSignal[] = [];
    const hanging = runnable(
      "hanging",
      (_: object, context) => {
        signals.push(context.signal);
        return new Promise<object>(() => {});
      },
      { policy, identity: "hanging" },
    );
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = executeRun(hanging, {}, { flock, signal: controller.signal });
    await flock.runtime.clock.settle();
    controller.abort(reason);
    await expect(run).rejects.toBe(reason);
    expect(signals[0]?.reason).toBe(reason);
    expect(flock.runtime.clock.pendingTimers).toBe(0);
    expect(flock.seen.filter((event) => event.type === "call-end")).toHaveLength(1);
  });

  it("leaves nothing behind after 200 runs of every ending at once", async () => {
    const flock = makeEnvironment([layer]);
    const mixed = runnable(
      "mixed",
      async (input: { i: number }, context) => {
        await context.runtime.sleep(input.i % 7, context.signal);
        if (input.i % 3 === 0) throw new Error("no");
        return { i: input.i };
      },
      { policy, identity: "mixed" },
    );
    const controllers = Array.from({ length: 200 }, () => new AbortController());
    const runs = controllers.map((controller, i) => executeRun(mixed, { i }, { flock, signal: controller.signal }));
    const settled = Promise.allSettled(runs);
    await flock.runtime.clock.advance(3);
    for (const [i, controller] of controllers.entries()) if (i % 5 === 0) controller.abort(new Error("stop"));
    await flock.runtime.clock.advance(10);
    await settled;
    expect(flock.runtime.clock.pendingTimers).toBe(0);
    for (const type of ["call-start", "call-end", "run-start", "run-end"]) {
      expect(flock.seen.filter((event) => event.type === type)).toHaveLength(200);
    }
  });
});
