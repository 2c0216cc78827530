/** Finds which recovery holds for a call: its own, that of what it runs in, the Flock's, the defaults. */

import type { LayerCall, LayerHost } from "../../core/layer.ts";
import type { AnswerStep, RecoveryStep } from "../../core/recovery-settings.ts";
import { defaultRetry } from "./defaults.ts";
import { isRepeatable } from "./health.ts";
import { stepsOf } from "./steps-of.ts";

/**
 * Gives what the nearest declared step says of something, from a call outwards. A tool's own steps alone say anything of
 * it here; what is declared around it is meant for models.
 */
export function nearestOf<Value>(
  call: LayerCall,
  host: LayerHost,
  read: (step: RecoveryStep) => Value | undefined,
): Value | undefined {
  for (const { steps, isOwn } of declarations(call, host)) {
    if (!isOwn && call.runnable.kind !== "model") continue;
    for (const step of steps) {
      const value = read(step);
      if (value !== undefined) return value;
    }
  }
  return undefined;
}

/** Gives the nearest step of a kind that is declared for a call, from itself outwards. */
export function nearestStep<Kind extends RecoveryStep["step"]>(
  call: LayerCall,
  host: LayerHost,
  kind: Kind,
): Extract<RecoveryStep, { step: Kind }> | undefined {
  for (const { steps } of declarations(call, host)) {
    const found = steps.find((step) => step.step === kind);
    if (found !== undefined) return found as Extract<RecoveryStep, { step: Kind }>;
  }
  return undefined;
}

/**
 * Gives what to ask about a failure of this call, in order: its own steps, then for models and idempotent tools what is
 * declared around them for such. One retry stands in it, the nearest; where none is declared the default stands first.
 */
export function recoverySteps(call: LayerCall, host: LayerHost): readonly RecoveryStep[] {
  const steps: RecoveryStep[] = [];
  let retries = false;
  for (const { steps: declared, isOwn } of declarations(call, host)) {
    for (const step of declared) {
      if (step.step === "retry") {
        if (!retries) steps.push(step);
        retries = true;
      } else if (step.step === "answer" && holdsFor(step, call, isOwn)) steps.push(step);
    }
  }
  return retries || !isRepeatable(call.runnable) ? steps : [defaultRetry, ...steps];
}

interface Declaration {
  readonly steps: readonly RecoveryStep[];
  /** Declared by what failed, or, for a run's outermost call, by the Flock. */
  readonly isOwn: boolean;
}

function* declarations(call: LayerCall, host: LayerHost): Generator<Declaration> {
  const own = call.runnable.policy?.recovery;
  yield { steps: stepsOf(own), isOwn: true };
  if (isRepeatable(call.runnable)) {
    for (let around = call.caller; around !== undefined; around = around.caller) {
      yield { steps: stepsOf(around.runnable.policy?.recovery), isOwn: false };
    }
  }
  if (own === undefined || call.isRoot || isRepeatable(call.runnable)) {
    yield { steps: stepsOf(host.recovery), isOwn: call.isRoot };
  }
}

/** A step for models stands in for them wherever it is declared; any other for what declares it. */
function holdsFor(step: AnswerStep, call: LayerCall, isOwn: boolean): boolean {
  return step.at === "models" ? call.runnable.kind === "model" : isOwn;
}
