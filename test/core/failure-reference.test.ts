import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { executeRun } from "../../src/core/door/run.ts";
import { FlockError } from "../../src/core/errors/errors.ts";
import type { EventOf } from "../../src/core/events/event.ts";
import { RunRecorder } from "../../src/introspection/record/run-recorder.ts";
import { makeEnvironment, runnable, type TestEnvironment, tryAgain } from "./make-environment.ts";

const failed = (message: string): FlockError =>
  new FlockError("tool_failed", message, { details: { tool: "search" }, cause: new Error("the user said: hunter2") });

const ends = (environment: TestEnvironment): EventOf<"call-end">[] =>
  environment.seen.filter((event) => event.type === "call-end");

describe("the failure of an event", () => {
  it("is the live error in process, and only code and fingerprint as JSON", async () => {
    const environment = makeEnvironment();
    const error = failed('tool "search" failed: user 7 is secret');
    const inner = runnable("search", async () => Promise.reject(error), { kind: "tool" });
    const outer = runnable("agent", async (input: object, context) => context.call(inner, input));
    await expect(executeRun(outer, {}, { flock: environment })).rejects.toBe(error);
    await import("../../src/core/events/describe-failure.ts");
    const [first, second] = ends(environment);
    expect(first?.failure?.read()).toBe(error);
    expect(second?.failure?.read()).toBe(error);
    const json = JSON.parse(JSON.stringify(first?.failure));
    expect(json).toEqual({ code: "tool_failed", fingerprint: expect.stringMatching(/^[\w-]{16}$/) });
    expect(JSON.parse(JSON.stringify(second?.failure))).toEqual(json);
    for (const event of environment.seen) expect(JSON.stringify(event)).not.toMatch(/secret|hunter2|failed:/);
    expect(inspect(first?.failure)).toBe("FailureReference { code: 'tool_failed' }");
    const attempts = environment.seen.filter((event) => event.type === "attempt-end");
    expect(attempts.map(({ failure }) => failure?.read())).toEqual([error, error]);
  });

  it("is absent when nothing failed", async () => {
    const environment = makeEnvironment();
    await executeRun(
      runnable("agent", async () => ({})),
      {},
      { flock: environment },
    );
    for (const event of environment.seen) if ("failure" in event) expect(event.failure).toBeUndefined();
  });

  it("is that of the last failed attempt when a call succeeded in the end", async () => {
    const environment = makeEnvironment([tryAgain(3, 0)]);
    let attempt = 0;
    const agent = runnable("agent", async () => {
      attempt++;
      if (attempt < 3) throw failed(`attempt ${attempt}`);
      return {};
    });
    const running = executeRun(agent, {}, { flock: environment });
    await environment.runtime.clock.advance(1);
    await running;
    const [end] = ends(environment);
    expect(end).toMatchObject({ outcome: "ok", attempts: 3, code: undefined });
    expect(end?.failure?.read()).toMatchObject({ message: "attempt 2" });
    const attempts = environment.seen.filter((event) => event.type === "attempt-end");
    expect(attempts.map(({ failure }) => failure?.code)).toEqual(["tool_failed", "tool_failed", undefined]);
  });

  it("is told even when what was thrown is nothing", async () => {
    const environment = makeEnvironment();
    const agent = runnable("agent", () => Promise.reject(undefined));
    await executeRun(agent, {}, { flock: environment }).catch(() => undefined);
    expect(ends(environment)[0]?.failure?.toJSON()).toMatchObject({ code: "unknown" });
  });

  it("is kept by the recorder as code, fingerprint and title, without the error", async () => {
    const environment = makeEnvironment();
    const recorder = new RunRecorder();
    environment.events.add(recorder);
    const agent = runnable("agent", () => Promise.reject(failed('tool "search" failed after 3 s')));
    await executeRun(agent, {}, { flock: environment }).catch(() => undefined);
    await vi.waitFor(() => expect(recorder.calls()[0]?.failure).toBeDefined());
    expect(recorder.calls()[0]?.failure).toEqual({
      code: "tool_failed",
      fingerprint: ends(environment)[0]?.failure?.toJSON().fingerprint,
      title: "tool * failed after * s",
    });
  });

  it("tells later what is asked before the code that describes it is there", async () => {
    vi.resetModules();
    const { FailureReference } = await import("../../src/core/events/failure-reference.ts");
    const first = new FailureReference(failed("a"), "tool_failed");
    expect(first.toJSON()).toEqual({ code: "tool_failed", fingerprint: null });
    const told: string[] = [];
    first.describe(({ title }) => told.push(title));
    expect(told).toEqual([]);
    await vi.waitFor(() => expect(told).toEqual(["a"]));
    first.describe(({ fingerprint }) => told.push(fingerprint));
    expect(told[1]).toBe(first.toJSON().fingerprint);
  });
});
