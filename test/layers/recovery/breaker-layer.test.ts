import { beforeEach, describe, expect, it } from "vitest";
// At hand, so that the moved clock never runs ahead of a file.
import "../../../src/layers/recovery/loop/recover.ts";
import { executeRun } from "../../../src/core/door/run.ts";
import { FlockError, type FlockErrorDetails } from "../../../src/core/errors/errors.ts";
import { defaultBreaker, defaultRetry } from "../../../src/core/recovery-defaults.ts";
import type { BreakerStep, RecoveryChoice, RetryStep } from "../../../src/core/recovery-settings.ts";
import type { AnyRunnable, ExecutionContext } from "../../../src/core/runnable.ts";
import { defaultStack } from "../../../src/layers/default-stack.ts";
import { healthVerdict } from "../../../src/layers/recovery/breaker/health-verdict.ts";
import { makeEnvironment, runnable, type TestEnvironment } from "../../core/make-environment.ts";

const once: RetryStep = { ...defaultRetry, maxAttempts: 1 };
const three: BreakerStep = { ...defaultBreaker, consecutiveFailures: 3, openMs: 1000 };

function serverError(status: number, more: Partial<FlockErrorDetails["model_failed"]> = {}): FlockError {
  return new FlockError("model_failed", `status ${status}`, {
    details: { model: "m", status, retryable: status >= 500, ...more },
  });
}

let flock: TestEnvironment;
let requests = 0;
let reply: (context: ExecutionContext) => Promise<object>;

beforeEach(() => {
  flock = makeEnvironment(defaultStack());
  requests = 0;
  reply = () => Promise.reject(serverError(500));
});

function model(recovery: RecoveryChoice = [once, three], name = "m"): AnyRunnable {
  return runnable(
    name,
    (_: object, context) => {
      requests += 1;
      return reply(context);
    },
    { kind: "model", policy: { recovery, attemptTimeoutMs: 5000 } },
  );
}

function run(target: AnyRunnable, signal?: AbortSignal): Promise<unknown> {
  return executeRun(target, {}, { flock, ...(signal === undefined ? {} : { signal }) });
}

async function failTimes(target: AnyRunnable, times: number, code = "model_failed"): Promise<void> {
  for (let i = 0; i < times; i++) await expect(run(target)).rejects.toMatchObject({ code });
}

const changes = () =>
  flock.seen.flatMap((event) =>
    event.type === "breaker-changed" ? [`${event.key}: ${event.from} > ${event.to}`] : [],
  );

describe("the breaker of a model", () => {
  it("opens, refuses without a request, tries once, closes, and tells each change once", async () => {
    const target = model();
    await failTimes(target, 3);
    expect(changes()).toEqual(["m: closed > open"]);
    const refused = await run(target).catch((error) => error);
    expect(refused).toMatchObject({
      code: "circuit_open",
      details: { key: "m", retryInMs: 1000, failures: 3 },
      path: "run/m#0",
    });
    expect(requests).toBe(3);
    await flock.runtime.clock.advance(1000);
    reply = async () => ({ text: "yes" });
    expect(await run(target)).toEqual({ text: "yes" });
    expect(changes()).toEqual(["m: closed > open", "m: open > half-open", "m: half-open > closed"]);
    const told = flock.seen.find((event) => event.type === "breaker-changed");
    expect(told).toMatchObject({ v: 1, path: "run/m#0" });
  });

  it("is one for all of its name, and another for another name", async () => {
    await failTimes(model(), 3);
    await failTimes(model(), 1, "circuit_open");
    await failTimes(model([once, three], "other"), 1);
  });

  it("opens with no more than what is declared around it", async () => {
    const inner = model(once);
    const agent = runnable("agent", (input: object, context) => context.call(inner, input), {
      policy: { recovery: three },
    });
    await failTimes(agent, 3);
    await failTimes(agent, 1, "circuit_open");
  });

  it("says so once, and keeps its own, when what is declared cannot be", async () => {
    const wrong = { step: "breaker", consecutiveFailures: -1 } as unknown as BreakerStep;
    await failTimes(model([once, wrong]), 4);
    const warned = flock.seen.filter((event) => event.type === "warning");
    expect(warned).toMatchObject([{ code: "option_invalid" }]);
  });

  it("counts no refusals, no limits of our own, no mistakes and no aborts", async () => {
    const target = model([once, { ...three, consecutiveFailures: 1 }]);
    const errors = [
      serverError(400),
      serverError(429, { retryable: true }),
      new FlockError("queue_full", "full", {
        details: { manager: "m", limit: 1, queued: 1, owner: "o", shed: false },
      }),
      new TypeError("mistake"),
      new DOMException("stop", "AbortError"),
    ];
    for (const error of errors) {
      reply = () => Promise.reject(error);
      await expect(run(target)).rejects.toBe(error);
    }
    const controller = new AbortController();
    reply = (context) => context.runtime.sleep(1e6, context.signal).then(() => ({}));
    const cancelled = run(target, controller.signal);
    await flock.runtime.clock.settle();
    controller.abort(new Error("enough"));
    await expect(cancelled).rejects.toThrow("enough");
    expect(changes()).toEqual([]);
  });

  it("counts attempts that hang, and never the caller's own deadline", async () => {
    const target = model([once, { ...three, consecutiveFailures: 1 }]);
    reply = (context) => context.runtime.sleep(1e6, context.signal).then(() => ({}));
    const agent = runnable("agent", (input: object, context) => context.call(target, input));
    const late = executeRun(agent, {}, { flock, timeoutMs: 100 });
    const told = expect(late).rejects.toMatchObject({ code: "timeout", details: { limit: "deadline" } });
    await flock.runtime.clock.advance(200);
    await told;
    expect(changes()).toEqual([]);
    const hanging = expect(run(target)).rejects.toMatchObject({ code: "timeout", details: { limit: "attempt" } });
    await flock.runtime.clock.advance(5000);
    await hanging;
    expect(changes()).toEqual(["m: closed > open"]);
  });

  it("gives the place of a probe that was cancelled to the next call", async () => {
    const target = model();
    await failTimes(target, 3);
    await flock.runtime.clock.advance(1000);
    reply = (context) => context.runtime.sleep(1e6, context.signal).then(() => ({}));
    const controller = new AbortController();
    const probe = run(target, controller.signal);
    await flock.runtime.clock.settle();
    await failTimes(target, 1, "circuit_open");
    expect(requests).toBe(4);
    controller.abort(new Error("enough"));
    await expect(probe).rejects.toThrow("enough");
    reply = async () => ({});
    await run(target);
    expect(changes().at(-1)).toBe("m: half-open > closed");
  });

  it("sends those who wait between attempts on at once when it opens, with the error they had", async () => {
    const slow: RecoveryChoice = [{ ...defaultRetry, baseMs: 60_000, maxDelayMs: 60_000 }, three];
    const waiting = [run(model(slow)), run(model(slow))].map((one) => one.catch((error) => error));
    await flock.runtime.clock.advance(10);
    const began = flock.runtime.monotonic();
    await failTimes(model(slow), 1);
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: "model_failed" });
    expect(flock.runtime.monotonic() - began).toBe(0);
    expect(flock.runtime.clock.pendingTimers).toBe(0);
    expect(requests).toBe(3);
  });

  it("is never asked again by a retry, and lets a fallback answer", async () => {
    const other = runnable("spare", async () => ({ text: "spare" }), { kind: "model" });
    await failTimes(model(), 3);
    const answer = {
      step: "answer",
      name: "fallback",
      at: "models",
      answer: (failure: { callInstead(target: AnyRunnable): unknown }) => failure.callInstead(other),
    };
    const target = model([defaultRetry, answer as never]);
    expect(await run(target)).toEqual({ text: "spare" });
    expect(requests).toBe(3);
    await failTimes(model([defaultRetry]), 1, "circuit_open");
    expect(flock.runtime.clock.elapsedMs).toBe(0);
  });

  it("waits neither for a cooldown nor for a permit while it is open", async () => {
    const target = model();
    reply = () => Promise.reject(serverError(503, { retryAfterMs: 10_000 }));
    const all = [run(target), run(target), run(target)].map((one) => one.catch((error) => error));
    await Promise.all(all);
    await failTimes(target, 1, "circuit_open");
    expect(flock.runtime.monotonic()).toBe(0);
  });

  it("refuses whoever comes out of a cooldown while it is open", async () => {
    const target = model([once, { ...three, openMs: 60_000 }]);
    reply = async (context) => {
      await context.runtime.sleep(100);
      throw serverError(500);
    };
    const three500s = [run(target), run(target), run(target)].map((one) => one.catch((error) => error));
    reply = () => Promise.reject(serverError(429, { retryable: true, retryAfterMs: 1000 }));
    await run(target).catch(() => {});
    const resting = run(target).catch((error) => error);
    await flock.runtime.clock.advance(1000);
    await Promise.all(three500s);
    expect(await resting).toMatchObject({ code: "circuit_open" });
    expect(requests).toBe(4);
  });

  it("of a tool is that of the tool itself, whatever its name", async () => {
    const tool = () =>
      runnable("tool", () => reply({} as ExecutionContext), {
        kind: "tool",
        policy: { idempotent: true, recovery: [once, three] },
      });
    const first = tool();
    await failTimes(first, 3);
    await failTimes(first, 1, "circuit_open");
    await failTimes(tool(), 1);
  });

  it("is a knob from the first failure on: read, changed, undone, and closed by a person", async () => {
    const target = model();
    reply = async () => ({});
    await run(target);
    expect(flock.knobs.ids).not.toContain("breaker:m");
    reply = () => Promise.reject(serverError(500));
    await failTimes(target, 1);
    const { step: _, ...settings } = three;
    expect(flock.knobs.read("breaker:m")).toEqual({ state: "closed", ...settings });
    const undo = flock.knobs.change("breaker:m", { consecutiveFailures: 2, openMs: 7000 });
    await failTimes(target, 1);
    expect(flock.knobs.read("breaker:m")).toMatchObject({ state: "open", consecutiveFailures: 2, openMs: 7000 });
    flock.knobs.change("breaker:m", { state: "closed" });
    expect(flock.knobs.read("breaker:m")).toMatchObject({ state: "closed" });
    undo();
    expect(flock.knobs.read("breaker:m")).toEqual({ state: "closed", ...settings });
    flock.knobs.change("breaker:m", flock.knobs.read("breaker:m"));
    for (const wrong of [3, null, [], { state: "open" }, { openMs: -1 }, { openMillis: 3 }]) {
      expect(() => flock.knobs.change("breaker:m", wrong as never)).toThrow(/refuses/);
    }
  });
});

describe("healthVerdict", () => {
  it("tells failures of health from answers and from what says nothing", () => {
    const reset = Object.assign(new Error("reset"), { code: "ECONNRESET" });
    const tool = (cause: unknown) => new FlockError("tool_failed", "no", { details: { tool: "t" }, cause });
    const timeout = (limit: "attempt" | "deadline") =>
      new FlockError("timeout", "late", { details: { limit, timeoutMs: 1, name: "m" } });
    const open = new FlockError("circuit_open", "open", { details: { key: "m", retryInMs: 1, failures: 1 } });
    const foreign = (status: number) => Object.assign(new Error("http"), { status });
    const overloaded = new FlockError("overloaded", "busy", { details: { model: "m", retryable: true } });
    const cases: [unknown, string][] = [
      [serverError(500), "failed"],
      [serverError(501, { retryable: false }), "failed"],
      [serverError(408), "failed"],
      [serverError(404), "answered"],
      [overloaded, "failed"],
      [reset, "failed"],
      [timeout("attempt"), "failed"],
      [timeout("deadline"), "unknown"],
      [foreign(500), "failed"],
      [foreign(501), "failed"],
      [foreign(429), "answered"],
      [tool(reset), "failed"],
      [tool(foreign(429)), "answered"],
      [tool(new TypeError("x")), "unknown"],
      [tool(undefined), "unknown"],
      [open, "unknown"],
      [tool(open), "unknown"],
      ["thrown text", "unknown"],
    ];
    expect(cases.map(([error]) => healthVerdict(error))).toEqual(cases.map(([, verdict]) => verdict));
  });
});
