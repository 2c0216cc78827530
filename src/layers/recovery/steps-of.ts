/** Reads a declared choice as the list of steps that it is. */

import type { RecoveryChoice, RecoverySource, RecoveryStep } from "../../core/recovery-settings.ts";

/** Gives a choice as a list. */
export function stepsOf(choice: RecoveryChoice | undefined): readonly RecoveryStep[] {
  if (choice === undefined || choice === false) return [];
  const list = Array.isArray(choice) ? (choice as readonly (RecoveryStep | RecoverySource)[]) : [choice];
  return list.map((one) => ("recoveryStep" in one ? one.recoveryStep : one) as RecoveryStep);
}

/** Gives the first step of a kind. */
export function stepOf<Kind extends RecoveryStep["step"]>(choice: RecoveryChoice | undefined, kind: Kind) {
  return stepsOf(choice).find((one): one is Extract<RecoveryStep, { step: Kind }> => one.step === kind);
}
