/** The front door `flock-ts/errors`: what failed, whether it passes, and what heals it. */

export type {
  FailedAttempt,
  FailureProgress,
  FlockErrorJson,
  ModelFailureCode,
  ModelFailureDetails,
} from "../core/errors/errors.ts";
export { codeOf, FlockError, isFlockError, modelFailureOf } from "../core/errors/errors.ts";
export { classifyFailure, type FailureClass, type ForeignFailureCode } from "../layers/recovery/classify-failure.ts";
