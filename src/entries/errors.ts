/** The front door `flock-ts/errors`: what failed, whether it passes, and what heals it. */

export { simplifyPrompt } from "../agent/recovery/simplify-prompt.ts";
export { switchOutputMode } from "../agent/recovery/switch-output-mode.ts";
export type { ErrorMatcher } from "../core/errors/error-matcher.ts";
export type {
  FailedAttempt,
  FailureProgress,
  FlockErrorJson,
  ModelFailureCode,
  ModelFailureDetails,
} from "../core/errors/errors.ts";
export { codeOf, FlockError, isFlockError, modelFailureOf } from "../core/errors/errors.ts";
export type { Failure } from "../core/failure.ts";
export type {
  AnswerStep,
  BreakerStep,
  HedgeStep,
  RecoveryChoice,
  RecoverySource,
  RecoveryStep,
  RetryStep,
  TimeoutStep,
} from "../core/recovery-settings.ts";
export { ErrorManager, type ErrorManagerOptions } from "../errors/error-manager.ts";
export type { ErrorContext } from "../errors/failure-outside.ts";
export {
  type RecoveryCondition,
  RecoveryStrategy,
  type RecoveryStrategyOptions,
} from "../errors/recovery-strategy.ts";
export { askPerson } from "../errors/steps/ask-person.ts";
export { type BreakerOptions, breaker } from "../errors/steps/breaker.ts";
export {
  type FallbackOptions,
  type FallbackTarget,
  fallback,
  type LanguageModelLike,
} from "../errors/steps/fallback.ts";
export { fallbackValue } from "../errors/steps/fallback-value.ts";
export { type ErrorHandler, type HandlerOptions, handler, type MatchedError } from "../errors/steps/handler.ts";
export { type HedgeOptions, hedge } from "../errors/steps/hedge.ts";
export { type RetryOptions, retry } from "../errors/steps/retry.ts";
export { type TimeoutOptions, timeout } from "../errors/steps/timeout.ts";
export { type WaitForCooldownOptions, waitForCooldown } from "../errors/steps/wait-for-cooldown.ts";
export type { RecoveryAction } from "../errors/strategy-run.ts";
export { ErrorAnalysis, type ErrorAnalysisOptions } from "../introspection/errors/error-analysis.ts";
export type { ErrorAnalysisReport, ErrorGroup } from "../introspection/errors/error-report.ts";
export type {
  BreakerSettings,
  CircuitBreakerSettings,
  FullBreakerSettings,
} from "../layers/recovery/breaker/breaker-settings.ts";
export {
  type BreakerState,
  type BreakerTicket,
  CircuitBreaker,
  type CircuitBreakerOptions,
} from "../layers/recovery/breaker/circuit-breaker.ts";
export { classifyFailure, type FailureClass, type ForeignFailureCode } from "../layers/recovery/classify-failure.ts";
export { type ShrinkContextOptions, shrinkContext } from "../prompt/recovery/shrink-context.ts";
