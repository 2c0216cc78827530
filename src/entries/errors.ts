/** The front door `flock-ts/errors`: what failed, whether it passes, and what heals it. */

export type {
  FailedAttempt,
  FailureProgress,
  FlockErrorJson,
  ModelFailureCode,
  ModelFailureDetails,
} from "../core/errors/errors.ts";
export { codeOf, FlockError, isFlockError, modelFailureOf } from "../core/errors/errors.ts";
export type { BreakerState } from "../core/events/event.ts";
export type { BreakerSettings, FullBreakerSettings } from "../layers/recovery/breaker-settings.ts";
export {
  type BreakerTicket,
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerSettings,
} from "../layers/recovery/circuit-breaker.ts";
export { classifyFailure, type FailureClass, type ForeignFailureCode } from "../layers/recovery/classify-failure.ts";
