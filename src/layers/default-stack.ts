/**
 * The stack: every built-in layer, outermost first. The order gives each its meaning, so it is written here alone.
 *
 * | layer           | on by default for | why it stands there                                         |
 * |-----------------|-------------------|-------------------------------------------------------------|
 * | deadline        | runs and calls with a `timeoutMs` | waiting, retries and backoff all count       |
 * | cache           | nothing           | a hit takes no permit; failures and retries are never kept  |
 * | recovery        | models and idempotent tools, what declares one | retries wait outside of all that is scarce |
 * | breaker         | models and idempotent tools | what is refused takes nothing; each attempt counts |
 * | resources       | what limits count, or a run's budget | a waiting retry holds nothing, every attempt counts, the wait is no attempt's time |
 * | attempt-timeout | models, 120 s, then as learnt | times the work alone                            |
 */

import type { Layer } from "../core/layer.ts";
import { cacheLayer } from "./cache/cache-layer.ts";
import { attemptTimeoutLayer } from "./recovery/attempt/attempt-timeout-layer.ts";
import { healthLayer } from "./recovery/health-layer.ts";
import { recoveryLayer } from "./recovery/recovery-layer.ts";
import { resourceLayer } from "./resources/resource-layer.ts";
import { deadlineLayer } from "./timeout.ts";

/** Makes the built-in layers in their order. */
export function defaultStack(): readonly Layer[] {
  return [deadlineLayer(), cacheLayer(), recoveryLayer(), healthLayer(), resourceLayer(), attemptTimeoutLayer()];
}
