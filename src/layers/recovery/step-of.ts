/** Finds a step in what is declared. */

import { type RecoveryChoice, type RecoveryStep, stepsOf } from "../../core/recovery-settings.ts";

/** Gives the first step of a kind. */
export function stepOf<Kind extends RecoveryStep["step"]>(choice: RecoveryChoice | undefined, kind: Kind) {
  return stepsOf(choice).find((one): one is Extract<RecoveryStep, { step: Kind }> => one.step === kind);
}
