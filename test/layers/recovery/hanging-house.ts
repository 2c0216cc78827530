/** A house whose model answers after some time or not at all, on a clock that moves when told. */

import { executeRun } from "../../../src/core/door/run.ts";
import type { Layer } from "../../../src/core/layer.ts";
import type { HedgeStep, RecoveryChoice, TimeoutStep } from "../../../src/core/recovery-settings.ts";
import { type Deadline, deadlineQueue } from "../../../src/core/runtime/deadline-queue.ts";
import { defaultStack } from "../../../src/layers/default-stack.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { makeEnvironment, runnable, type TestEnvironment } from "../../core/make-environment.ts";

/**
 * What the model does about its request number `index`: milliseconds until it answers, or nothing, or an error, which comes
 * after its `afterMs`, else after 1 ms.
 */
export type Behaviour = (index: number, random: () => number) => number | "hang" | Error;

export interface HangingHouse extends TestEnvironment {
  /** Requests so far: what ended each, once something did. */
  readonly requests: { readonly path: string; readonly startedAt: number; signal: AbortSignal; endedAt?: number }[];
  /** Runs the agent once; tells when it ended and what came. */
  run(agent?: string, options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<Ending>;
  /** Teaches the model's pace with so many answers that take this long. */
  teach(count: number, ms: number): Promise<void>;
  behave(behaviour: Behaviour): void;
}

export interface Ending {
  readonly ms: number;
  readonly value?: unknown;
  readonly error?: unknown;
}

export interface HouseOptions {
  readonly seed?: number;
  readonly recovery?: RecoveryChoice;
  /** Of the agent. */
  readonly agentRecovery?: RecoveryChoice;
  readonly modelRecovery?: RecoveryChoice;
  readonly layers?: readonly Layer[];
}

export function hangingHouse(behaviour: Behaviour, options: HouseOptions = {}): HangingHouse {
  const runtime = createTestRuntime({ seed: options.seed ?? 1 });
  const flock = makeEnvironment(options.layers ?? defaultStack(), runtime, options.recovery);
  const requests: HangingHouse["requests"] = [];
  let behaves = behaviour;
  const model = runnable(
    "model",
    (_: object, context) => {
      const request: HangingHouse["requests"][number] = {
        path: context.path,
        startedAt: runtime.clock.elapsedMs,
        signal: context.signal,
      };
      const what = behaves(requests.push(request) - 1, runtime.random);
      return new Promise<object>((resolve, reject) => {
        let answer: Deadline | undefined;
        const end = (): void => {
          request.endedAt = runtime.clock.elapsedMs;
          answer?.cancel();
        };
        context.signal.addEventListener("abort", end, { once: true });
        if (what === "hang") return;
        const failsAfterMs = (what as { afterMs?: number }).afterMs ?? 1;
        const afterMs = what instanceof Error ? failsAfterMs : what;
        answer = deadlineQueue(runtime, afterMs).start(runtime.monotonic(), undefined, () => {
          end();
          if (what instanceof Error) reject(what);
          else resolve({ from: context.path });
        });
      });
    },
    { kind: "model", policy: { recovery: options.modelRecovery } },
  );
  const agents = new Map<string, ReturnType<typeof runnable<object, unknown>>>();
  const agentOf = (name: string) => {
    let agent = agents.get(name);
    if (agent === undefined) {
      const policy = { recovery: options.agentRecovery };
      agent = runnable(name, (_: object, context) => context.call(model, {}), { policy });
      agents.set(name, agent);
    }
    return agent;
  };
  async function run(name = "agent", runOptions: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<Ending> {
    const began = runtime.clock.elapsedMs;
    return executeRun(agentOf(name), {}, { flock, ...runOptions }).then(
      (value) => ({ ms: runtime.clock.elapsedMs - began, value }),
      (error: unknown) => ({ ms: runtime.clock.elapsedMs - began, error }),
    );
  }
  return {
    ...flock,
    requests,
    run,
    async teach(count, ms) {
      const before = behaves;
      behaves = () => ms;
      const runs = Array.from({ length: count }, () => run());
      await runtime.clock.advance(ms);
      await Promise.all(runs);
      await runtime.clock.settle();
      behaves = before;
    },
    behave(next) {
      behaves = next;
    },
  };
}

export const hedge = (changes: Partial<HedgeStep> = {}): HedgeStep => ({
  step: "hedge",
  afterMs: undefined,
  percentile: 95,
  maxExtra: 1,
  ...changes,
});

export const timeout = (changes: Partial<TimeoutStep>): TimeoutStep => ({
  step: "timeout",
  attemptMs: undefined,
  firstTokenMs: undefined,
  betweenTokensMs: undefined,
  ...changes,
});
