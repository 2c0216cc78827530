/** Lets attempts of one call race: further ones start while the first is silent, and whoever answers first ends the rest. */

import type { AttemptChanges, LayerCall, LayerHost } from "../../../core/layer.ts";
import { type Deadline, DeadlineQueue } from "../../../core/runtime/deadline-queue.ts";
import { type Pace, paceOf, pacesOf } from "../attempt/pace.ts";
import { recordOf } from "../health-record.ts";

/** Starts one attempt of the call; its failure is noted by whoever gives this. */
export type StartAttempt = (begun?: AttemptChanges["begun"]) => Promise<unknown>;

/** When further attempts start, and how many. */
export interface RacePlan {
  /** What is waited before the next ones, seen from the last that started; undefined when there are to be no more. */
  next(extra: number): { readonly queue: DeadlineQueue; readonly count: number } | undefined;
}

/** Attempts that seem to hang are raced by so many in turn: with each the evidence grows. */
const waves = [1, 2];

/**
 * Runs a further attempt after one that hung. When it is silent for half the 99th percentile of the answers, at least half
 * a second, one more starts, and then two more, `most` at the most: of connections of which one in
 * twenty hangs, all four do so once in 160,000 calls. Nothing is raced while the percentile is unknown.
 */
export function raceAgain(call: LayerCall, host: LayerHost, start: StartAttempt, most: number): Promise<unknown> {
  return call.runnable.kind === "model" ? new Race(call, host, start, chasePlan(call, most)).run() : start();
}

/** The plan for what seems to hang. */
export function chasePlan(call: LayerCall, most: number, after = 0): RacePlan {
  const queue = learntWait(call, 99, 0.5, 500);
  return {
    next(extra) {
      let sent = after;
      for (const wave of waves) {
        const count = Math.min(sent + wave, most) - Math.max(extra, sent);
        if (extra < sent + wave && count > 0) return { queue, count };
        sent += wave;
      }
      return undefined;
    },
  };
}

/** Gives the limits of this length that follow what is learnt; they never pass before that. */
export function learntWait(call: LayerCall, percentile: number, factor: number, leastMs: number): DeadlineQueue {
  const pace = paceFor(call);
  let wait = pace.limits.find((one) => one.percentile === percentile && one.factor === factor);
  if (wait === undefined) {
    wait = { percentile, factor, leastMs, queue: new DeadlineQueue(call.runtime, Number.POSITIVE_INFINITY) };
    pace.limits.push(wait);
    pace.times?.follow();
  }
  return wait.queue;
}

function paceFor(call: LayerCall): Pace {
  return paceOf(pacesOf(call.runnable.name, call.runtime), call);
}

interface Racer {
  readonly began: number;
  readonly isExtra: boolean;
  attempt?: LayerCall;
}

/** One race. */
export class Race {
  readonly #call: LayerCall;
  readonly #host: LayerHost;
  readonly #start: StartAttempt;
  readonly #plan: RacePlan;
  readonly #running = new Set<Racer>();
  readonly #settled = Promise.withResolvers<unknown>();
  #extra = 0;
  #wait: Deadline | undefined = undefined;
  #stopHearing: (() => void) | undefined = undefined;
  /** One of them answered or spoke: no more start. */
  #decided = false;

  constructor(call: LayerCall, host: LayerHost, start: StartAttempt, plan: RacePlan) {
    this.#call = call;
    this.#host = host;
    this.#start = start;
    this.#plan = plan;
  }

  /** Gives the value of the first that answers, or rejects with the last failure when all failed. */
  run(): Promise<unknown> {
    this.#launch(false);
    this.#waitForNext();
    return this.#settled.promise;
  }

  #launch(isExtra: boolean): void {
    const racer: Racer = { began: this.#call.runtime.monotonic(), isExtra };
    this.#running.add(racer);
    const attempt = this.#start((begun) => {
      racer.attempt = begun;
    });
    attempt.then(
      (value) => this.#won(racer, value),
      (error) => this.#lost(racer, error),
    );
  }

  #waitForNext(): void {
    const next = this.#plan.next(this.#extra);
    if (next !== undefined) this.#wait = next.queue.start(this.#call.runtime.monotonic(), this, sendMore);
  }

  /** Starts what is due, as far as the budget of retries pays for it; what it does not pay for now is asked for again later. */
  sendMore(): void {
    this.#wait = undefined;
    const call = this.#call;
    if (this.#decided || call.hasSpoken || call.hasActed || call.wasCancelled) return;
    const budget = recordOf(call, this.#host)?.budget;
    const count = this.#plan.next(this.#extra)?.count ?? 0;
    for (let i = 0; i < count && budget?.tryTake() !== false; i++) {
      this.#stopHearing ??= call.hearPieces((speaker) => this.#spoke(speaker));
      this.#extra += 1;
      this.#launch(true);
    }
    this.#waitForNext();
  }

  #spoke(speaker: object): void {
    const first = [...this.#running].find(({ attempt }) => attempt === speaker);
    if (first !== undefined && !this.#decided) this.#decide(first);
  }

  #won(racer: Racer, value: unknown): void {
    if (!this.#running.delete(racer)) return;
    this.#decide(racer);
    this.#end(racer.isExtra);
    this.#settled.resolve(value);
  }

  #lost(racer: Racer, error: unknown): void {
    if (!this.#running.delete(racer) || this.#running.size > 0) return;
    this.#wait?.cancel();
    this.#end(false);
    this.#settled.reject(error);
  }

  /** Ends all others at once. How long they took at least is learnt: without it only quick answers would be. */
  #decide(winner: Racer): void {
    this.#decided = true;
    this.#wait?.cancel();
    const now = this.#call.runtime.monotonic();
    for (const racer of this.#running) {
      if (racer === winner) continue;
      this.#running.delete(racer);
      if (this.#call.runnable.kind === "model") paceFor(this.#call).note(now - racer.began);
      racer.attempt?.cancel(new DOMException("a further attempt was faster", "AbortError"));
    }
  }

  #end(healed: boolean): void {
    this.#stopHearing?.();
    if (this.#extra > 0) this.#call.context.recovered("hedge", "timeout", healed);
  }
}

function sendMore(race: Race): void {
  race.sendMore();
}
