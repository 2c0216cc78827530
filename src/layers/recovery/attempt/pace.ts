/** Knows how fast one model answers one agent, and the limits that follow; light until enough answers came. */

import type { LayerCall } from "../../../core/layer.ts";
import { DeadlineQueue } from "../../../core/runtime/deadline-queue.ts";
import type { Runtime } from "../../../core/runtime/runtime.ts";
import type { AnswerTimes } from "./answer-times.ts";
import type { LearntLimit } from "./learnt-limit.ts";

/** What one attempt of a model may take when nothing else is said or known, in milliseconds. */
export const defaultAttemptTimeoutMs = 120_000;
/** Below so many answers nothing is concluded from them. */
const enoughAnswers = 50;
/** Agents of a model, and models, that are remembered; then the oldest is forgotten. */
const keptPaces = 64;

/** The pace of one model for one agent. */
export class Pace {
  readonly #first: number[] = [];
  /** The limit of attempts, and whatever else was asked for. */
  readonly limits: LearntLimit[];
  /** Undefined below 50 answers. */
  times: AnswerTimes | undefined = undefined;

  constructor(runtime: Runtime) {
    const queue = new DeadlineQueue(runtime, defaultAttemptTimeoutMs);
    this.limits = [{ percentile: 99, factor: 5, leastMs: 5_000, queue }];
  }

  get attempts(): DeadlineQueue {
    return this.limits[0]!.queue;
  }

  /** Learns how long an answer took. */
  note(ms: number): void {
    if (this.times !== undefined) this.times.note(ms);
    else if (this.#first.push(ms) === enoughAnswers) void this.#learn();
  }

  async #learn(): Promise<void> {
    try {
      const code = await import("./answer-times.ts");
      this.times = new code.AnswerTimes(this.limits, this.#first.splice(0));
    } catch {
      this.#first.length = 0;
    }
  }
}

/** The paces of one model by the name of the agent that calls it. */
export type Paces = Map<string, Pace>;

/** Gives the paces of a model; all of its name on a runtime share them. */
export function pacesOf(model: string, runtime: Runtime): Paces {
  return kept(
    runtime.shared("flock.paces", () => new Map<string, Paces>()),
    model,
    () => new Map(),
  );
}

/** Gives the pace of the model for the agent that made this call. */
export function paceOf(paces: Paces, call: LayerCall): Pace {
  const agent = call.caller?.runnable.name ?? "";
  return paces.get(agent) ?? kept(paces, agent, () => new Pace(call.runtime));
}

function kept<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    if (map.size >= keptPaces) map.delete(map.keys().next().value!);
    value = create();
    map.set(key, value);
  }
  return value;
}
