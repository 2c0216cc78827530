/**
 * Prints what recovery costs around a call that is well, beside cockatiel's retry, breaker and timeout in one:
 * `npm run bench:recovery`. Ratios count, not nanoseconds.
 */

import {
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import { executeRun } from "../src/core/door/run.ts";
import type { RunEnvironment } from "../src/core/environment.ts";
import { EventDispatcher } from "../src/core/events/event-dispatcher.ts";
import { Knobs } from "../src/core/knob.ts";
import type { Layer } from "../src/core/layer.ts";
import { type LayerPlan, planLayers } from "../src/core/layer-plan.ts";
import type { AnyRunnable } from "../src/core/runnable.ts";
import { systemRuntime } from "../src/core/runtime/system-runtime.ts";
import { CircuitBreaker } from "../src/entries/errors.ts";
import { defaultStack } from "../src/layers/default-stack.ts";

const answer = { text: "yes" };
const good = (): Promise<object> => Promise.resolve(answer);
const callsInRun = 1_000;

interface Contender {
  readonly what: string;
  /** What it is added to. */
  readonly over: string | undefined;
  /** Calls made by one run of `work`. */
  readonly calls: number;
  work(): Promise<unknown>;
}

/** Best of rounds that take turns, since other work on the machine only ever adds, and code becomes faster with time. */
async function nanoseconds(contenders: readonly Contender[]): Promise<ReadonlyMap<string, number>> {
  const best = new Map<string, number>();
  for (let round = 0; round < 12; round++) {
    for (const { what, calls, work } of contenders) {
      const count = 50_000 / calls;
      const start = process.hrtime.bigint();
      for (let index = 0; index < count; index++) await work();
      const each = Number(process.hrtime.bigint() - start) / (count * calls);
      best.set(what, Math.min(best.get(what) ?? Number.POSITIVE_INFINITY, each));
    }
  }
  return best;
}

/** Calls of a model through the door, a thousand in a run, so that the run itself weighs little. */
async function throughDoor(
  name: string,
  layers: readonly Layer[],
  failsFirst = false,
): Promise<() => Promise<unknown>> {
  const flock = environment(layers);
  let failing = failsFirst;
  const down = Object.assign(new Error("down"), { code: "ECONNRESET" });
  const model: AnyRunnable = { name, kind: "model", perform: () => (failing ? Promise.reject(down) : good()) };
  const caller: AnyRunnable = {
    name: "caller",
    kind: "agent",
    async perform(_, context) {
      for (let index = 0; index < callsInRun; index++) await context.call(model, answer);
      return answer;
    },
  };
  if (failing) {
    const first = executeRun(caller, {}, { flock });
    failing = false;
    await first;
  }
  return () => executeRun(caller, {}, { flock });
}

function environment(layers: readonly Layer[]): RunEnvironment {
  const plans = new WeakMap<AnyRunnable, LayerPlan>();
  const knobs = new Knobs();
  const host = {
    runtime: systemRuntime,
    knobs,
    replan: () => {},
    modelIdentity: () => "none",
    priceOf: () => undefined,
    loadPrices: () => undefined,
    refresh: () => Promise.reject(new Error("nothing is refreshed here")),
  };
  return {
    runtime: systemRuntime,
    knobs,
    events: new EventDispatcher(),
    history: undefined,
    planFor(runnable) {
      let plan = plans.get(runnable);
      if (plan === undefined) {
        plan = planLayers(layers, runnable, host);
        plans.set(runnable, plan);
      }
      return plan;
    },
    resolveModel() {
      throw new Error("no models here");
    },
  };
}

const stack = defaultStack();
const recovering = stack.filter(({ name }) => ["recovery", "breaker", "attempt-timeout"].includes(name));
if (recovering.length !== 3) throw new Error(`expected three layers, found ${recovering.map(({ name }) => name)}`);

const breaker = new CircuitBreaker({ consecutiveFailures: 5, openMs: 1_000 });
const rated = new CircuitBreaker({ failureRate: 0.5, openMs: 1_000 });
const theirBreaker = circuitBreaker(handleAll, { halfOpenAfter: 1_000, breaker: new ConsecutiveBreaker(5) });
const theirs = wrap(
  retry(handleAll, { maxAttempts: 5, backoff: new ExponentialBackoff() }),
  theirBreaker,
  timeout(120_000, TimeoutStrategy.Aggressive),
);

const bare = "a bare call, awaited";
const door = "the door, no layers";
const guarded = "the door: retry + breaker + attempt timeout";
const watched = "the same once something has failed";
const cockatiel = "cockatiel: retry + breaker + timeout";
const ours: Contender[] = [
  { what: bare, over: undefined, calls: 1, work: good },
  { what: "CircuitBreaker.call, failures in a row", over: bare, calls: 1, work: () => breaker.call(good) },
  { what: "CircuitBreaker.call, rate in a window", over: bare, calls: 1, work: () => rated.call(good) },
  { what: door, over: undefined, calls: callsInRun, work: await throughDoor("plain", []) },
  { what: guarded, over: door, calls: callsInRun, work: await throughDoor("guarded", recovering) },
  { what: watched, over: door, calls: callsInRun, work: await throughDoor("watched", recovering, true) },
];
const others: Contender[] = [
  { what: "cockatiel: circuitBreaker alone", over: bare, calls: 1, work: () => theirBreaker.execute(good) },
  { what: cockatiel, over: bare, calls: 1, work: () => theirs.execute(good) },
];

// One after the other, since the signals and timers of one are garbage in the other's time.
const measured = new Map([...(await nanoseconds(ours)), ...(await nanoseconds(others))]);
const costOf = (what: string, over: string): number => measured.get(what)! - measured.get(over)!;
console.log(`node ${process.version}; nanoseconds, best of twelve rounds\n`);
console.log("| what | ns | added |\n|---|---:|---:|");
for (const { what, over } of [...ours, ...others]) {
  console.log(
    `| ${what} | ${measured.get(what)!.toFixed(0)} | ${over === undefined ? "" : costOf(what, over).toFixed(0)} |`,
  );
}
const theirCost = costOf(cockatiel, bare);
const ourCost = Math.max(costOf(guarded, door), costOf(watched, door));
console.log(`\nretry + breaker + timeout: ${ourCost.toFixed(0)} ns (goal 500), cockatiel ${theirCost.toFixed(0)} ns`);
console.log(`cockatiel costs ${(theirCost / ourCost).toFixed(1)} times as much`);
