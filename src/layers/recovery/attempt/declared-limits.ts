/** Finds the time limits that are declared for an attempt, and keeps those of its stream; imported when one is declared. */

import { timeoutError } from "../../../core/errors/timeout-error.ts";
import type { LayerCall, LayerHost } from "../../../core/layer.ts";
import type { TimeoutStep } from "../../../core/recovery-settings.ts";
import { type Deadline, deadlineQueue } from "../../../core/runtime/deadline-queue.ts";
import type { Timer } from "../../../core/runtime/runtime.ts";
import { nearestOf } from "../declared-steps.ts";

type Limits = Pick<TimeoutStep, "attemptMs" | "firstTokenMs" | "betweenTokensMs">;

/** Gives each limit as the nearest step says that has one. */
export function declaredLimits(call: LayerCall, host: LayerHost): Limits {
  const nearest = (limit: keyof Limits) =>
    nearestOf(call, host, (step) => (step.step === "timeout" ? step[limit] : undefined));
  return {
    attemptMs: nearest("attemptMs"),
    firstTokenMs: nearest("firstTokenMs"),
    betweenTokensMs: nearest("betweenTokensMs"),
  };
}

/** Starts the limits of a model's stream beside that of its attempt, which is all there is without any. */
export function startStreamLimits(call: LayerCall, limits: Limits, attempt: Deadline): Deadline {
  const { firstTokenMs, betweenTokensMs } = limits;
  if (call.runnable.kind !== "model" || (firstTokenMs ?? betweenTokensMs) === undefined) return attempt;
  return new StreamLimits(call, limits, attempt);
}

/** The limits of one streamed attempt. The model is made to stream by it. */
class StreamLimits implements Deadline {
  readonly startedAt: number;
  readonly #call: LayerCall;
  readonly #attempt: Deadline;
  readonly #betweenMs: number | undefined;
  readonly #first: Deadline | undefined;
  readonly #stop: () => void;
  #lastAt = 0;
  #timer: Timer | undefined = undefined;

  constructor(call: LayerCall, { firstTokenMs, betweenTokensMs }: Limits, attempt: Deadline) {
    this.#call = call;
    this.#attempt = attempt;
    this.#betweenMs = betweenTokensMs;
    this.startedAt = attempt.startedAt;
    this.#stop = call.hearPieces((speaker, now) => speaker === call && this.#heard(now), true);
    if (firstTokenMs !== undefined) {
      this.#first = deadlineQueue(call.runtime, firstTokenMs).start(this.startedAt, call, endUnspoken);
    }
  }

  cancel(): void {
    this.#attempt.cancel();
    this.#first?.cancel();
    this.#timer?.cancel();
    this.#stop();
  }

  #heard(now: number): void {
    this.#first?.cancel();
    this.#lastAt = now;
    if (this.#betweenMs !== undefined) this.#timer ??= this.#wait(this.#betweenMs);
  }

  /** One timer for all pieces: it looks back when it rings, so that a piece costs only the note of its time. */
  #wait(ms: number): Timer {
    return this.#call.runtime.setTimer(() => {
      const betweenMs = this.#betweenMs!;
      const left = this.#lastAt + betweenMs - this.#call.runtime.monotonic();
      if (left > 0) this.#timer = this.#wait(left);
      else fail(this.#call, "between-tokens", betweenMs);
    }, ms);
  }
}

function endUnspoken(call: LayerCall, timeoutMs: number): void {
  fail(call, "first-token", timeoutMs);
}

function fail(call: LayerCall, limit: "first-token" | "between-tokens", timeoutMs: number): void {
  const { name } = call.runnable;
  const what = `an attempt of ${name} said nothing${limit === "first-token" ? "" : " more"}`;
  call.failAttempt(timeoutError({ limit, timeoutMs, name }, call.path, what));
}
