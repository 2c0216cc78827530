/** Users who call a model whose server fails as it is told, on a test clock: every request and every end is written down. */

// At hand, so that the moved clock never runs ahead of a file.
import "../../../src/layers/recovery/loop/recover.ts";
import { executeRun } from "../../../src/core/door/run.ts";
import { codeOf, FlockError } from "../../../src/core/errors/errors.ts";
import type { RecoveryChoice } from "../../../src/core/recovery-settings.ts";
import { defaultStack } from "../../../src/layers/default-stack.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { makeEnvironment, runnable } from "../../core/make-environment.ts";

/** What a server does with a request. */
export interface Reply {
  readonly afterMs: number;
  /** Undefined for an answer; a status; no status for a connection that broke; "hang" for silence. */
  readonly fault?: number | "reset" | "hang";
  readonly retryAfterMs?: number;
}

export interface Traffic {
  readonly seed: number;
  readonly users: number;
  /** When users stop to begin calls. */
  readonly untilMs: number;
  /** Each user waits from 0 to twice as long between calls; first of all too, unless `burst`. */
  readonly pauseMs: number;
  readonly burst?: boolean;
  readonly recovery?: RecoveryChoice;
  readonly attemptTimeoutMs?: number;
  server(now: number, random: () => number): Reply;
}

export interface CallRecord {
  readonly at: number;
  readonly tookMs: number;
  readonly code: string | undefined;
}

export interface Outcome {
  readonly calls: readonly CallRecord[];
  readonly requests: readonly number[];
  readonly changes: readonly { readonly at: number; readonly to: string }[];
  readonly trace: string;
  readonly pendingTimers: number;
}

/** Runs the traffic to its end. */
export async function simulate(traffic: Traffic): Promise<Outcome> {
  const runtime = createTestRuntime({ seed: traffic.seed });
  const flock = makeEnvironment(defaultStack(), runtime);
  const calls: CallRecord[] = [];
  const requests: number[] = [];
  const model = runnable(
    "m",
    async (_: object, context) => {
      requests.push(runtime.monotonic());
      const reply = traffic.server(runtime.monotonic(), runtime.random);
      await runtime.sleep(reply.fault === "hang" ? 1e9 : reply.afterMs, context.signal);
      if (reply.fault === undefined) return { text: "yes" };
      throw failure(reply);
    },
    {
      kind: "model",
      policy: traffic.attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs: traffic.attemptTimeoutMs },
    },
  );
  const agent = runnable("agent", (input: object, context) => context.call(model, input), {
    policy: traffic.recovery === undefined ? {} : { recovery: traffic.recovery },
  });
  const user = async (): Promise<void> => {
    if (traffic.burst !== true) await runtime.sleep(runtime.random() * 2 * traffic.pauseMs);
    while (runtime.monotonic() < traffic.untilMs) {
      const at = runtime.monotonic();
      const code = await executeRun(agent, {}, { flock }).then(() => undefined, codeOf);
      calls.push({ at, tookMs: runtime.monotonic() - at, code });
      await runtime.sleep(runtime.random() * 2 * traffic.pauseMs);
    }
  };
  const all = Promise.all(Array.from({ length: traffic.users }, user));
  await runtime.clock.advance(traffic.untilMs + 200_000);
  await all;
  const changes = flock.seen.flatMap((event) =>
    event.type === "breaker-changed" ? [{ at: event.time - runtime.now() + runtime.monotonic(), to: event.to }] : [],
  );
  const trace = flock.seen
    .map((event) => `${event.type} ${event.path} ${event.time} ${"code" in event ? event.code : ""}`)
    .join("\n");
  return { calls, requests, changes, trace, pendingTimers: runtime.clock.pendingTimers };
}

function failure({ fault, retryAfterMs }: Reply): FlockError {
  const status = typeof fault === "number" ? { status: fault } : {};
  const details = { model: "m", retryable: true, ...status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return new FlockError("model_failed", `the server failed: ${fault}`, { details });
}

/** The share of calls that came through. */
export function successRate(calls: readonly CallRecord[]): number {
  return calls.filter(({ code }) => code === undefined).length / calls.length;
}
