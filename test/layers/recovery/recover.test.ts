/** The one retry loop, through the front doors: what is asked in which order, and what ends it. */

import { beforeEach, describe, expect, it } from "vitest";
import {
  breaker,
  type Failure,
  fallback,
  fallbackValue,
  handler,
  type RecoveryChoice,
  retry,
} from "../../../src/entries/errors.ts";
import { FlockError } from "../../../src/entries/index.ts";
import { answer, around, house, modelError, recoveries, scripted } from "./failing.ts";

/** How long retries wait for news of others once all that came is failures. */
const newsMs = 500;
let failed = modelError();
beforeEach(() => {
  failed = modelError();
});

describe("a model without any declaration", () => {
  it("is tried six times in all, each wait below its bound, and then rejects with the last error and its story", async () => {
    const { run, events } = house();
    const errors = Array.from({ length: 6 }, () => modelError());
    const model = scripted("model", "m", errors);
    const error = (await run(model)) as FlockError;
    expect(error).toBe(errors[5]);
    expect(model.begun).toHaveLength(6);
    const waits = model.begun.slice(1).map((at, index) => at - model.begun[index]!);
    for (const [index, waited] of waits.entries()) expect(waited).toBeLessThanOrEqual(100 * 2 ** index + newsMs);
    expect(error.attempts.map(({ attempt, path, code }) => `${attempt} ${path} ${code}`)).toEqual([
      "1 run/m#0 overloaded",
      ...[2, 3, 4, 5, 6].map((n) => `${n} run/m#0@${n} overloaded`),
    ]);
    expect(recoveries(events)).toEqual(Array(5).fill("retry overloaded false"));
  });

  it("heals when a later attempt answers, and says so once", async () => {
    const { run, events } = house();
    const model = scripted("model", "m", [failed, failed, answer("ok")]);
    expect(await run(model)).toEqual(answer("ok"));
    expect(recoveries(events)).toEqual(["retry overloaded false", "retry overloaded true"]);
  });

  it("is not tried again when the failure does not pass by itself", async () => {
    const { run } = house();
    const model = scripted("model", "m", [modelError("model_unauthorized"), answer("ok")]);
    expect(await run(model)).toMatchObject({ code: "model_unauthorized", attempts: [] });
    expect(model.begun).toHaveLength(1);
  });

  it("is not tried again where somebody around it says that nothing is to be done", async () => {
    const model = scripted("model", "m", [failed]);
    for (const runnable of [
      around(model, { recovery: false }),
      around(around(model, {}, "inner"), { recovery: false }),
    ]) {
      const before = model.begun.length;
      await house().run(runnable);
      expect(model.begun.length - before).toBe(1);
    }
    await house({ recovery: false }).run(model);
    expect(model.begun).toHaveLength(3);
  });

  it("keeps what is declared nearer than the one that says so, without the default", async () => {
    const backup = scripted("model", "backup", [answer("backup")]);
    const model = scripted("model", "m", [failed], { recovery: fallback(backup) });
    expect(await house().run(around(model, { recovery: false }))).toEqual(answer("backup"));
    expect(model.begun).toHaveLength(1);
  });
});

describe("what is tried again", () => {
  const kinds = [
    ["an idempotent tool", "tool", { idempotent: true }, 6],
    ["a tool", "tool", {}, 1],
    ["a pattern", "pattern", {}, 1],
    ["an agent", "agent", {}, 1],
  ] as const;
  for (const [what, kind, policy, attempts] of kinds) {
    it(`is ${what} ${attempts} ${attempts === 1 ? "time" : "times"} by default`, async () => {
      const tried = scripted(kind, "it", [failed], policy);
      expect(await house().run(tried)).toBe(failed);
      expect(tried.begun).toHaveLength(attempts);
    });
  }

  it("is anything that declares a retry, and the nearest declaration holds alone", async () => {
    const model = scripted("model", "m", [failed]);
    const inner = around(model, { recovery: retry({ maxAttempts: 3 }) }, "inner");
    const outer = around(inner, { recovery: retry({ maxAttempts: 5 }) });
    await house({ recovery: retry({ maxAttempts: 4 }) }).run(outer);
    expect(model.begun).toHaveLength(3);
  });

  it("is a failure that `on` names, whether or not it passes by itself", async () => {
    const model = scripted("model", "m", [modelError("model_unauthorized"), answer("ok")]);
    expect(await house().run(around(model, { recovery: retry({ on: ["model_unauthorized"] }) }))).toEqual(answer("ok"));
  });

  it("never multiplies: what a loop inside gave up on is not begun with again", async () => {
    const model = scripted("model", "m", [failed], { recovery: retry({ maxAttempts: 2 }) });
    const outer = around(model, { recovery: retry({ maxAttempts: 5, on: () => true }) });
    const error = (await house({ recovery: retry({ maxAttempts: 3 }) }).run(outer)) as FlockError;
    expect(model.begun).toHaveLength(2);
    expect(error.attempts).toHaveLength(2);
  });

  it("is a failure that nobody inside meant to retry, though the Flock's steps were asked about it", async () => {
    const wrong = new FlockError("output_invalid", "wrong", { details: { pointer: "", issues: [] } });
    const agent = scripted("agent", "inner", [wrong, wrong, { ok: true }]);
    const { run } = house({ recovery: retry({ on: ["output_invalid"], maxAttempts: 3 }) });
    expect(await run(around(agent))).toEqual({ ok: true });
  });

  it("is one and the same error object again in another call and another run", async () => {
    const tool = scripted("tool", "t", [failed], { idempotent: true, recovery: retry({ maxAttempts: 2 }) });
    const { run } = house();
    await run(tool);
    await run(tool);
    expect(tool.begun).toHaveLength(4);
    const error = (await run(tool)) as FlockError;
    expect(error.attempts).toHaveLength(2);
  });
});

describe("a retry", () => {
  it("is not begun when the deadline would pass first", async () => {
    const { run, runtime } = house();
    const model = scripted("model", "m", [modelError("rate_limited", { retryAfterMs: 5_000 }), answer("ok")]);
    expect(await run(model, { timeoutMs: 4_000 })).toMatchObject({ code: "rate_limited" });
    expect(model.begun).toEqual([0]);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("tries an idempotent tool twice more when nobody knows what its failure means, and never after a mistake in code", async () => {
    const words = new Error("the moon was full");
    const thrown = (cause: Error) => new FlockError("tool_failed", "it threw", { details: { tool: "t" }, cause });
    const cases = [
      [words, { idempotent: true }, 3],
      [thrown(words), { idempotent: true }, 3],
      [thrown(new TypeError("x is undefined")), { idempotent: true }, 1],
      [thrown(words), {}, 1],
    ] as const;
    for (const [error, policy, attempts] of cases) {
      const tool = scripted("tool", "t", [error], policy);
      await house().run(tool);
      expect(tool.begun).toHaveLength(attempts);
    }
  });

  it("waits as long as a server asked, also for a tool", async () => {
    const slow = new FlockError("tool_failed", "busy", {
      details: { tool: "t" },
      cause: Object.assign(new Error("busy"), { status: 503, headers: { "retry-after": "7" } }),
    });
    const tool = scripted("tool", "t", [slow, { ok: true }], { idempotent: true });
    expect(await house().run(tool)).toEqual({ ok: true });
    expect(tool.begun[1]).toBeGreaterThanOrEqual(7_000);
  });

  it("lets others answer first when a server asks for a longer wait than its own longest", async () => {
    const busy = modelError("rate_limited", { retryAfterMs: 60_000 });
    const backup = scripted("model", "backup", [answer("backup")]);
    const model = scripted("model", "m", [busy, answer("ok")]);
    expect(await house().run(around(model, { recovery: fallback(backup) }))).toEqual(answer("backup"));
    const broken = scripted("model", "broken", [modelError("model_unauthorized")]);
    const again = scripted("model", "again", [busy, answer("ok")]);
    expect(await house().run(around(again, { recovery: fallback(broken) }))).toEqual(answer("ok"));
    expect(again.begun[1]! - 60_000).toBeGreaterThanOrEqual(0);
    expect(again.begun[1]! - 60_000).toBeLessThan(10);
  });

  it("is cancelled with its run while it waits, at once and with the signal's own reason", async () => {
    const { flock, runtime } = house();
    const model = scripted("model", "m", [modelError("rate_limited", { retryAfterMs: 8_000 })]);
    const controller = new AbortController();
    const outcome = flock.run(model, {} as never, { signal: controller.signal }).catch((error: unknown) => error);
    await runtime.clock.advance(100);
    const reason = new Error("enough");
    controller.abort(reason);
    await runtime.clock.settle();
    expect(await outcome).toBe(reason);
    expect(runtime.clock.pendingTimers).toBe(0);
    await runtime.clock.advance(20_000);
    expect(model.begun).toHaveLength(1);
  });

  it("spends of a budget that all callers of a model share, and gives up when no success comes in time", async () => {
    const { run, runtime } = house();
    const never = breaker({ consecutiveFailures: 1_000, failureRate: 1, minimumCalls: 10_000 });
    const recovery = [retry({ maxAttempts: 200, baseMs: 0, budgetReserve: 60, budgetPerSuccess: 0 }), never];
    const model = scripted("model", "m", [failed], { recovery });
    expect(await run(model)).toBe(failed);
    expect(model.begun).toHaveLength(61);
    await run(model);
    expect(model.begun).toHaveLength(62);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("is refused after a tool acted that may not be called twice", async () => {
    const mail = scripted("tool", "mail", [{ sent: true }]);
    const agent = scripted(
      "agent",
      "a",
      [
        async (_: unknown, context: never) => {
          await (context as { call(one: unknown, input: unknown): Promise<unknown> }).call(mail, {});
          return failed;
        },
      ],
      {
        recovery: [retry(), fallback(scripted("agent", "b", [{ ok: 1 }])), handler("overloaded", (_, f) => f.retry())],
      },
    );
    const error = (await house().run(agent)) as FlockError;
    expect(error).toBe(failed);
    expect(mail.begun).toHaveLength(1);
    expect(error.attempts.at(-1)).toMatchObject({ code: "option_invalid", name: "handler for overloaded" });
  });
});

describe("steps", () => {
  it("are asked in the order written, and again about each new failure, each but once", async () => {
    const asked: string[] = [];
    const ask = (name: string) =>
      fallbackValue(({ error }: Failure) => {
        asked.push(`${name} ${(error as FlockError).code}`);
        return undefined;
      });
    const tried = scripted(
      "agent",
      "a",
      [modelError("overloaded"), modelError("rate_limited"), modelError("model_failed")],
      {
        recovery: [ask("first"), retry({ maxAttempts: 3 }), ask("second")],
      },
    );
    expect(await house().run(tried)).toMatchObject({ code: "model_failed" });
    expect(asked).toEqual(["first overloaded", "second model_failed"]);
  });

  it("for models stand in for models below whatever declares them; others for what declares them", async () => {
    const backup = scripted("model", "backup", [answer("backup")]);
    const model = scripted("model", "m", [modelError("model_unauthorized")]);
    const inner = around(model, {}, "inner");
    expect(await house().run(around(inner, { recovery: fallback(backup) }))).toEqual(answer("backup"));
    const other = scripted("agent", "other", [{ other: true }]);
    expect(await house().run(around(inner, { recovery: fallback(other) }))).toEqual({ other: true });
  });

  it("of a Flock that are not for models answer for the outermost call alone", async () => {
    const model = scripted("model", "m", [modelError("model_unauthorized")]);
    const seen: string[] = [];
    const recovery = fallbackValue((failure: Failure) => {
      seen.push(failure.path);
      return { ok: true };
    });
    expect(await house({ recovery }).run(around(around(model, {}, "inner")))).toEqual({ ok: true });
    expect(seen).toEqual(["run/outer#0"]);
  });

  it("that fail hide nothing: the first error goes on, theirs is told beside it", async () => {
    const { run, events } = house();
    const recovery = [
      handler("overloaded", () => {
        throw new TypeError("handler broke");
      }),
      fallbackValue({ ok: true }),
    ];
    expect(await run(scripted("agent", "a", [failed], { recovery }))).toEqual({ ok: true });
    expect(recoveries(events)).toEqual(["handler for overloaded overloaded false", "fallback-value overloaded true"]);
    expect(events.find(({ type }) => type === "warning")).toMatchObject({
      code: "recovery_failed",
      message: expect.stringContaining("handler broke"),
    });
    const alone = scripted("agent", "a", [modelError()], { recovery: recovery[0]! });
    expect(
      ((await house().run(alone)) as FlockError).attempts.map(({ name, message }) => `${name}: ${message}`),
    ).toEqual(["a: it is overloaded", "handler for overloaded: handler broke"]);
  });

  it("may put an error of their own around the failure", async () => {
    const recovery = handler("overloaded", (error) => {
      throw new Error("sorry, try tomorrow", { cause: error });
    });
    expect(await house().run(scripted("agent", "a", [failed], { recovery }))).toMatchObject({
      message: "sorry, try tomorrow",
      cause: failed,
    });
  });

  it("end with the run though they never answer", async () => {
    const { run, runtime } = house();
    const recovery: RecoveryChoice = {
      step: "answer",
      name: "silent",
      at: "here",
      answer: () => new Promise(() => {}),
    };
    expect(await run(scripted("agent", "a", [failed], { recovery }), { timeoutMs: 5_000 })).toMatchObject({
      code: "timeout",
    });
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("get nothing more once they answered", async () => {
    let kept: Failure | undefined;
    const recovery = fallbackValue((failure: Failure) => {
      kept = failure;
      return { ok: true };
    });
    await house().run(scripted("agent", "a", [failed], { recovery }));
    await expect(kept!.retry()).rejects.toMatchObject({
      code: "option_invalid",
      message: expect.stringContaining("late"),
    });
    await expect(kept!.callInstead("x")).rejects.toMatchObject({ code: "option_invalid" });
    kept!.note("late", failed);
    expect(kept!.attempts).toHaveLength(1);
  });
});

describe("a failure", () => {
  it("is tried again with another input, and told as it goes", async () => {
    const seen: unknown[] = [];
    const recovery = fallbackValue(async (failure: Failure) => {
      seen.push(failure.attempt, failure.attempts.length, failure.input, failure.runnable.name);
      await failure.retry({ topic: "b" }).catch(() => {});
      seen.push(failure.attempt, failure.attempts.length);
      return failure.retry();
    });
    const agent = scripted("agent", "a", [failed, modelError(), { ok: true }], { recovery });
    expect(await house().run(agent)).toEqual({ ok: true });
    expect(agent.inputs).toEqual([{}, { topic: "b" }, {}]);
    expect(seen).toEqual([1, 1, {}, "a", 2, 2]);
  });

  it("is answered by something else with another input", async () => {
    const other = scripted("agent", "b", [(input: unknown) => ({ got: input })]);
    const recovery = fallbackValue((failure: Failure) => failure.callInstead(other, { topic: "b" }));
    expect(await house().run(scripted("agent", "a", [failed], { recovery }))).toEqual({ got: { topic: "b" } });
  });
});

describe("substitutes", () => {
  it("never go in a circle, whatever declares them", async () => {
    const a = scripted("agent", "a", [failed], { recovery: undefined });
    const b = scripted("agent", "b", [modelError()], {
      recovery: { step: "answer", name: "back", at: "here", answer: (f: Failure) => f.callInstead(a) },
    });
    (a as { policy: object }).policy = {
      recovery: { step: "answer", name: "on", at: "here", answer: (f: Failure) => f.callInstead(b) },
    };
    expect(await house().run(a)).toBe(failed);
    expect([a.begun.length, b.begun.length]).toEqual([1, 1]);
  });

  it("are called once for a call, though what they stand in for declares them twice over", async () => {
    const b = scripted("model", "b", [modelError("model_unauthorized")]);
    const c = scripted("model", "c", [modelError("model_unauthorized")]);
    const model = scripted("model", "m", [modelError("model_unauthorized")]);
    const error = (await house().run(around(model, { recovery: [fallback(b), fallback(c)] }))) as FlockError;
    expect([b.begun.length, c.begun.length]).toEqual([1, 1]);
    expect(error.attempts.map(({ name }) => name)).toEqual(["m", "b", "c"]);
  });

  it("have a recovery of their own, and the whole of it is in the story", async () => {
    const b = scripted("model", "b", [failed], { recovery: retry({ maxAttempts: 2 }) });
    const model = scripted("model", "m", [modelError("model_unauthorized")]);
    const error = (await house().run(around(model, { recovery: fallback(b) }))) as FlockError;
    expect(error.code).toBe("model_unauthorized");
    expect(error.attempts.map(({ name, path }) => `${name} ${path}`)).toEqual([
      "m run/outer#0/m#0",
      "b run/outer#0/m#0@2",
      "b run/outer#0/m#0@3",
    ]);
  });

  it("are in no cache, neither as the answer of what failed nor of what was made of it", async () => {
    const { run } = house();
    const identity = { id: 1 };
    const backup = scripted("agent", "b", [{ from: "b" }]);
    const inner = { ...scripted("agent", "a", [failed], { recovery: fallback(backup), cache: true }), identity };
    const outer = { ...around(inner, { cache: true }), identity };
    await run(outer);
    await run(outer);
    expect([inner.begun.length, backup.begun.length]).toEqual([2, 2]);
  });
});
