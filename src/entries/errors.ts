/** The front door `flock-ts/errors`: what failed, whether it passes, and what heals it. */

export type {
  FailedAttempt,
  FailureProgress,
  FlockErrorJson,
  ModelFailureCode,
  ModelFailureDetails,
} from "../core/errors/errors.ts";
export { codeOf, FlockError, isFlockError, modelFailureOf } from "../core/errors/errors.ts";
export type {
  BreakerSettings,
  CircuitBreakerSettings,
  FullBreakerSettings,
} from "../layers/recovery/breaker-settings.ts";
export {
  type BreakerState,
  type BreakerTicket,
  CircuitBreaker,
  type CircuitBreakerOptions,
} from "../layers/recovery/circuit-breaker.ts";
export { classifyFailure, type FailureClass, type ForeignFailureCode } from "../layers/recovery/classify-failure.ts";
