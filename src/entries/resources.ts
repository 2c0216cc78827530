/** The front door `flock-ts/resources`: limits on how many, how fast and how dear. */

export type {
  CostLimits,
  FlockResources,
  LimitChanges,
  RateLimits,
  ResourceKeeper,
  ResourceLimits,
  ResourceNeeds,
  ResourceSettings,
} from "../core/resource-settings.ts";
export { Cooldown, type CooldownOptions } from "../core/runtime/cooldown.ts";
export { type RateHint, type RateHints, readRateHints } from "../core/runtime/rate-hints.ts";
export type {
  SharedAnswer,
  SharedAsk,
  SharedChange,
  SharedLease,
  SharedLimit,
  SharedLimitKind,
  SharedLimits,
  SharedRefusal,
  SharedUsage,
} from "../core/shared-limits.ts";
export type { AcquireOptions, ActualUse, Lease, ResourceRequest } from "../layers/resources/lease.ts";
export {
  AdaptiveLimit,
  type AdaptiveLimitOptions,
  type CallObservation,
} from "../layers/resources/pace/adaptive-limit.ts";
export type { LeaseReport } from "../layers/resources/queue/holders.ts";
export { ResourceManager, type ResourceManagerOptions } from "../layers/resources/resource-manager.ts";
export type { LimitUsage, ResourceUsage } from "../layers/resources/usage.ts";
