/** Things that fail as they are told, in a house with a clock that moves when told. */

import {
  type AnyRunnable,
  type ExecutionContext,
  Flock,
  FlockError,
  type FlockEvent,
  type FlockOptions,
  type Policy,
  type RunOptions,
} from "../../../src/entries/index.ts";
import { createTestRuntime, type TestRuntime } from "../../../src/entries/testing.ts";

/** What one attempt does: gives a value, throws an error, or what a function of its input does. */
export type Doing = unknown;

export interface Scripted extends AnyRunnable {
  /** Milliseconds at which each attempt began. */
  readonly begun: number[];
  readonly inputs: unknown[];
}

/** An error of a model that passes by itself, or not. */
export function modelError(
  code: "rate_limited" | "overloaded" | "model_failed" | "context_too_long" | "model_unauthorized" = "overloaded",
  details: { readonly retryable?: boolean; readonly retryAfterMs?: number } = {},
): FlockError {
  const retryable = code !== "context_too_long" && code !== "model_unauthorized";
  return new FlockError(code, `it is ${code}`, { details: { model: "m", retryable, ...details } });
}

/** Makes something that does these things in turn, the last one for ever. */
export function scripted(
  kind: AnyRunnable["kind"],
  name: string,
  doings: readonly Doing[],
  policy: Policy = {},
): Scripted {
  const begun: number[] = [];
  const inputs: unknown[] = [];
  return {
    ...{ kind, name, policy, begun, inputs },
    async perform(input: unknown, context: ExecutionContext) {
      const doing = doings[Math.min(begun.length, doings.length - 1)];
      begun.push(context.runtime.monotonic());
      inputs.push(input);
      const given =
        typeof doing === "function" ? await (doing as (...given: unknown[]) => unknown)(input, context) : doing;
      if (given instanceof Error) throw given;
      return given;
    },
  };
}

/** An answer as models give it. */
export function answer(text: string) {
  return {
    content: [{ type: "text", text }],
    finishReason: { unified: "stop", raw: "stop" },
    warnings: [],
    usage: { inputTokens: { total: 1 }, outputTokens: { total: 1 } },
  };
}

/** A pattern that calls one thing and gives what it gives. */
export function around(inner: AnyRunnable, policy: Policy = {}, name = "outer"): AnyRunnable {
  return { kind: "pattern", name, policy, perform: (input: unknown, context) => context.call(inner, input as never) };
}

export interface House {
  readonly flock: Flock;
  readonly runtime: TestRuntime;
  readonly events: FlockEvent[];
  /** Runs to the end, moving the clock a second at a time; gives the value or the error. */
  run(runnable: AnyRunnable, options?: RunOptions): Promise<unknown>;
}

export function house(options: FlockOptions = {}, runtime = createTestRuntime()): House {
  const flock = new Flock({ ...options, runtime });
  const events: FlockEvent[] = [];
  return {
    ...{ flock, runtime, events },
    async run(runnable, runOptions) {
      let ended = false;
      const outcome = flock
        .run(runnable, {} as never, { onEvent: (event) => void events.push(event), ...runOptions })
        .catch((error: unknown) => error)
        .finally(() => {
          ended = true;
        });
      for (let step = 0; !ended && step < 4_000; step++) await runtime.clock.advance(1_000);
      if (!ended) throw new Error("the run never ends");
      return outcome;
    },
  };
}

/** The recoveries an event stream tells of, each as `strategy code healed`. */
export function recoveries(events: readonly FlockEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === "recovery-applied" ? [`${event.strategy} ${event.code} ${event.healed}`] : [],
  );
}
