/**
 * The door: every call enters here, meets its layers in order, and ends exactly once, through `settle`.
 *
 * In: wrappers, guards of the call, cache, then the attempt: its guards, `perform`. Out: the same backwards. A failed
 * attempt asks recovery, the one retry loop; a further attempt is a `Call` of its own at `…@2`.
 */

import { isFlockError } from "../errors/errors.ts";
import type { AttemptChanges, CacheFinding } from "../layer.ts";
import { keepOutput, tellAttemptEnd, tellAttemptStart, tellEnd, tellStart, tellStory } from "./call-events.ts";
import { Call } from "./execution-context.ts";
import type { Door } from "./run-scope.ts";
import { runWrapped } from "./wrapped-call.ts";

/** Runs calls; there is one door. */
export const door: Door = {
  enter: (call) => enter(call as Call),
  end: (call, error) => settle(call as Call, false, error),
  endAttempt: (call, error) => attemptFailed(call as Call, error),
  again: (call, changes) => tryAgain(call as Call, changes ?? {}),
};

function enter(call: Call): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  call.promise = promise;
  call.resolve = resolve;
  call.reject = reject;
  call.attach();
  call.startedAt = call.parent === undefined ? call.run.startedAt : call.run.runtime.monotonic();
  const { providers } = call.runnable;
  if (providers !== undefined && !call.within && call.parent !== undefined) call.run.watch(providers, call.path, false);
  if (!call.within) tellStart(call);
  if (call.plan.wrappers.length > 0) wrap(call);
  else enterGuards(call);
  return promise;
}

function wrap(call: Call): void {
  call.phase = "attempt";
  follow(
    call,
    runWrapped(call.plan.wrappers, call, (seen) => tryAgain(call, seen, "withoutWrappers")),
  );
}

/** Runs one more attempt of a call, as a call of its own below it. */
function tryAgain(
  call: Call,
  changes: AttemptChanges,
  part: "withoutWrappers" | "attemptOnly" = "attemptOnly",
): Promise<unknown> {
  if (call.phase === "over") return Promise.reject(call.closedReason);
  const { whole } = call;
  const count = ++whole.tries;
  if (count > 1) call.voidDeltas();
  const { runnable = call.runnable } = changes;
  const input = "input" in changes ? changes.input : call.input;
  const plan = call.run.planFor(runnable)[runnable === call.runnable ? part : "withoutWrappers"];
  const path = count === 1 ? whole.path : `${whole.path}@${count}`;
  const attempt = new Call(call.run, call, runnable, input, path, plan, count, true);
  changes.begun?.(attempt);
  return enter(attempt);
}

/** Enters guards until one waits, or until those of this phase are in; then goes on to the cache or to `perform`. */
function enterGuards(call: Call): void {
  const { guards, callGuardCount } = call.plan;
  const until = call.phase === "attempt" ? guards.length : callGuardCount;
  while (call.entered < until) {
    const slot = call.entered;
    let waiting: void | Promise<void>;
    try {
      waiting = guards[slot]!.enter(call, slot);
    } catch (error) {
      return guardFailed(call, slot, error);
    }
    if (waiting !== undefined) {
      waiting.then(
        () => guardEntered(call, slot) && enterGuards(call),
        (error) => guardFailed(call, slot, error),
      );
      return;
    }
    if (!guardEntered(call, slot)) return;
  }
  if (call.phase === "attempt") perform(call);
  else lookUp(call);
}

/** Counts a guard in; one that got in after its phase was over leaves at once. */
function guardEntered(call: Call, slot: number): boolean {
  if (call.phase === (slot < call.plan.callGuardCount ? "entering" : "attempt")) {
    call.entered += 1;
    return true;
  }
  call.plan.guards[slot]!.leave(call, slot, call.closedReason);
  return false;
}

function guardFailed(call: Call, slot: number, error: unknown): void {
  if (slot < call.plan.callGuardCount) settle(call, false, error);
  else attemptFailed(call, error);
}

function lookUp(call: Call): void {
  const { cache } = call.plan;
  if (cache === undefined) return beginAttempt(call);
  let answer: CacheFinding | Promise<CacheFinding>;
  try {
    answer = cache.lookup(call);
  } catch (error) {
    return settle(call, false, error);
  }
  if (!(answer instanceof Promise)) return lookedUp(call, answer);
  call.phase = "asking";
  answer.then(
    (found) => lookedUp(call, found),
    (error) => settle(call, false, error),
  );
}

function lookedUp(call: Call, answer: CacheFinding): void {
  const owes = answer === undefined || answer === "refresh";
  if (call.phase === "over") {
    if (owes) safely(call, () => call.plan.cache?.abandon(call, call.closedReason));
  } else if (owes || answer === "bypass") {
    call.owesCache = owes;
    call.noteCache(answer ?? "miss");
    beginAttempt(call);
  } else {
    call.noteCache(answer.state);
    call.output = answer.value;
    settle(call, answer.isError !== true, answer.value);
  }
}

function beginAttempt(call: Call): void {
  const { whole } = call;
  // Where recovery makes the attempts itself, a wrapper's pass to it is none of them.
  if (call.within) whole.tries -= 1;
  const led = call.plan.recovery?.lead?.(call);
  call.phase = led === undefined ? "attempt" : "between";
  if (led !== undefined) return follow(call, led);
  whole.tries += 1;
  tellAttemptStart(call);
  enterGuards(call);
}

function perform(call: Call): void {
  const { kind, policy } = call.runnable;
  if (kind === "tool" && policy?.idempotent !== true) call.act();
  let result: Promise<unknown>;
  try {
    result = call.runnable.perform(call.input, call);
    if (!(result instanceof Promise)) result = Promise.resolve(result);
  } catch (error) {
    return performFailed(call, error);
  }
  result.then(
    (value) => attemptDone(call, value),
    (error) => performFailed(call, error),
  );
}

function attemptDone(call: Call, value: unknown): void {
  if (call.phase !== "attempt") return;
  keepOutput(call, value);
  settle(call, true, value);
}

function performFailed(call: Call, error: unknown): void {
  if (call.phase !== "attempt") return;
  const { runnable } = call;
  const explained = runnable.explain === undefined ? error : runnable.explain(error, call);
  if (!(explained instanceof Promise)) return attemptFailed(call, explained);
  const failed = (told: unknown) => attemptFailed(call, told);
  explained.then(failed, failed);
}

function attemptFailed(call: Call, error: unknown): void {
  if (call.phase !== "attempt") return;
  closeAttempt(call, false, error);
  askRecovery(call, error);
}

/** Takes an attempt's guards out, ends what it left running, and tells. */
function closeAttempt(call: Call, ok: boolean, error: unknown): void {
  const { callGuardCount } = call.plan;
  call.close(error);
  call.phase = "between";
  leaveGuards(call, callGuardCount, error);
  tellAttemptEnd(call, ok, error);
}

/** Takes guards out, innermost first, down to a slot. One that breaks keeps no other from leaving. */
function leaveGuards(call: Call, downTo: number, error: unknown): void {
  while (call.entered > downTo) {
    call.entered -= 1;
    const slot = call.entered;
    safely(call, () => call.plan.guards[slot]!.leave(call, slot, error));
  }
}

/** Runs a part of an ending; what it throws is told as a warning, since a call must end whatever breaks. */
function safely(call: Call, part: () => void): void {
  try {
    part();
  } catch (fault) {
    call.warn("internal", `an ending of ${call.path} broke: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}

function askRecovery(call: Call, error: unknown): void {
  if (call.phase === "over") return;
  let recovered: Promise<unknown> | undefined;
  safely(call, () => {
    recovered = call.plan.recovery?.recover(call, error);
  });
  if (recovered === undefined) settle(call, false, error);
  else follow(call, recovered);
}

function follow(call: Call, answer: Promise<unknown>): void {
  answer.then(
    (value) => settle(call, true, value),
    (error) => settle(call, false, error),
  );
}

/** The one way out. Whatever ends a call first ends it; everything later finds it over. */
function settle(call: Call, ok: boolean, value: unknown): void {
  if (call.phase === "over") return;
  const { plan } = call;
  const error = ok ? undefined : value;
  if (!ok && isFlockError(value)) tellStory(call, value);
  if (call.phase === "attempt" && plan.wrappers.length === 0) closeAttempt(call, ok, error);
  if (call.phase === "asking") safely(call, () => plan.cache?.leave?.(call));
  call.close(error);
  call.end();
  if (call.owesCache) safely(call, () => (ok ? plan.cache?.store(call, value) : plan.cache?.abandon(call, value)));
  leaveGuards(call, 0, error);
  call.detach();
  if (!call.within) safely(call, () => tellEnd(call, ok, value));
  else if (ok) call.passOutput(value);
  if (ok && call.cacheState !== undefined && call.parent !== undefined) call.parent.lastKept = call;
  if (ok) call.resolve?.(value);
  else call.reject?.(value);
}
