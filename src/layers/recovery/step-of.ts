/** Finds a step in what is declared. */

import { type RecoveryChoice, type RecoveryStep, stepsOf } from "../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";

/** A step of this kind. */
export type StepOf<Kind extends RecoveryStep["step"]> = Extract<RecoveryStep, { readonly step: Kind }>;

/** Makes what gives a step back when it is of a kind. */
export function ofKind<Kind extends RecoveryStep["step"]>(kind: Kind) {
  return (step: RecoveryStep): StepOf<Kind> | undefined => (step.step === kind ? (step as StepOf<Kind>) : undefined);
}

/** Gives the first step of a kind. */
export function stepOf<Kind extends RecoveryStep["step"]>(
  choice: RecoveryChoice | undefined,
  kind: Kind,
): StepOf<Kind> | undefined {
  return stepsOf(choice).find((one): one is StepOf<Kind> => one.step === kind);
}

/** Gives the first step of a kind that a runnable declares, or else the Flock; what is declared in between is for each call. */
export function ownStepOf<Kind extends RecoveryStep["step"]>(
  { policy }: AnyRunnable,
  host: { readonly recovery?: RecoveryChoice | undefined },
  kind: Kind,
): StepOf<Kind> | undefined {
  return stepOf(policy?.recovery, kind) ?? stepOf(host.recovery, kind);
}
