/** Finds which recovery holds for a call: its own, that of what it runs in, the Flock's, the defaults. */

import { mostSpecificFirst } from "../../core/errors/error-matcher.ts";
import type { LayerCall, LayerHost } from "../../core/layer.ts";
import { defaultRetry } from "../../core/recovery-defaults.ts";
import { type AnswerStep, type RecoveryStep, stepsOf } from "../../core/recovery-settings.ts";
import { isRepeatable } from "./health.ts";
import { asTurned } from "./retry-knob.ts";

/**
 * Gives what the nearest declared step says of something, from a call outwards. What is declared around a tool is meant for
 * models, unless `forTools` says that it is for both.
 */
export function nearestOf<Value>(
  call: LayerCall,
  host: LayerHost,
  read: (step: RecoveryStep) => Value | undefined,
  forTools = false,
): Value | undefined {
  for (const declared of declarations(call, host)) {
    if (declared === "nothing" || !(declared.isOwn || forTools || call.runnable.kind === "model")) continue;
    for (const step of declared.steps) {
      const value = read(step);
      if (value !== undefined) return value;
    }
  }
  return undefined;
}

/** One thing to ask, or several of which the most specific for the error is asked first. */
export type StepGroup = RecoveryStep | readonly AnswerStep[];

/**
 * Gives what to ask about a failure of this call, in order: its own steps, then for models and idempotent tools what is
 * declared around them for such. One retry stands in it, the nearest; where none is declared the default stands first,
 * unless something around says that nothing is to be done.
 */
export function recoverySteps(call: LayerCall, host: LayerHost): readonly StepGroup[] {
  const groups: StepGroup[] = [];
  let retries = !isRepeatable(call.runnable);
  for (const declared of declarations(call, host)) {
    if (declared === "nothing") return groups;
    const { steps, isOwn } = declared;
    const handlers: AnswerStep[] = [];
    for (const step of steps) {
      if (step.step === "retry") {
        if (!groups.some(isRetry)) groups.push(asTurned(step, call.runnable, host));
        retries = true;
      } else if (step.step !== "answer" || !holdsFor(step, call, isOwn)) continue;
      else if (step.handles === undefined) groups.push(step);
      else if (handlers.push(step) === 1) groups.push(handlers);
    }
  }
  return retries ? groups : [asTurned(defaultRetry, call.runnable, host), ...groups];
}

/**
 * Puts what is to be asked in the order for one error. A retry for which a server asked to wait longer than it waits by
 * itself lets everything else answer first.
 */
export function orderFor(groups: readonly StepGroup[], error: unknown, retryAfterMs: number): readonly RecoveryStep[] {
  const steps = groups.flatMap((group) =>
    "step" in group ? [group] : mostSpecificFirst(group, ({ handles = isNever }) => handles, error),
  );
  const isLate = (step: RecoveryStep): boolean => step.step === "retry" && retryAfterMs > step.maxDelayMs;
  return [...steps.filter((step) => !isLate(step)), ...steps.filter(isLate)];
}

const isNever = (): boolean => false;

function isRetry(group: StepGroup): boolean {
  return "step" in group && group.step === "retry";
}

interface Declaration {
  readonly steps: readonly RecoveryStep[];
  /** Declared by what failed, or, for a run's outermost call, by the Flock. */
  readonly isOwn: boolean;
}

/** From the call itself outwards; `nothing` where somebody says `false`, and then no more. */
function* declarations(call: LayerCall, host: LayerHost): Generator<Declaration | "nothing"> {
  const own = call.runnable.policy?.recovery;
  if (own === false) return yield "nothing";
  yield { steps: stepsOf(own), isOwn: true };
  if (isRepeatable(call.runnable)) {
    for (let around = call.caller; around !== undefined; around = around.caller) {
      const choice = around.runnable.policy?.recovery;
      if (choice === false) return yield "nothing";
      yield { steps: stepsOf(choice), isOwn: false };
    }
  }
  if (host.recovery === false) return yield "nothing";
  if (own === undefined || call.isRoot || isRepeatable(call.runnable)) {
    yield { steps: stepsOf(host.recovery), isOwn: call.isRoot };
  }
}

/** A step for models stands in for them wherever it is declared; any other for what declares it. */
function holdsFor(step: AnswerStep, call: LayerCall, isOwn: boolean): boolean {
  return step.at === "models" ? call.runnable.kind === "model" : isOwn;
}
