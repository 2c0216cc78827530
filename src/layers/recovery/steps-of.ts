/** Reads a declared choice as the list of steps that it is. */

import type { RecoveryChoice, RecoverySource, RecoveryStep } from "../../core/recovery-settings.ts";

/** Gives a choice as a list. */
export function stepsOf(choice: RecoveryChoice | undefined): readonly RecoveryStep[] {
  if (choice === undefined || choice === false) return [];
  const list = Array.isArray(choice) ? (choice as readonly (RecoveryStep | RecoverySource)[]) : [choice];
  return list.map((one) => ("recoveryStep" in one ? one.recoveryStep : one) as RecoveryStep);
}

/** Tells whether a choice has a step of a kind. */
export function declares(kind: RecoveryStep["step"], ...choices: readonly (RecoveryChoice | undefined)[]): boolean {
  return choices.some((choice) => stepsOf(choice).some(({ step }) => step === kind));
}
