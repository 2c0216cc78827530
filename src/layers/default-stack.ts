/**
 * The stack: every built-in layer, outermost first. The order gives each its meaning, so it is written here alone.
 *
 * | layer           | on by default for | why it stands there                                         |
 * |-----------------|-------------------|-------------------------------------------------------------|
 * | deadline        | runs and calls with a `timeoutMs` | waiting, retries and backoff all count       |
 * | cache           | nothing           | a hit takes no permit; failures and retries are never kept  |
 * | resources       | what limits count, or a run's budget | a waiting retry holds nothing, every attempt counts, the wait is no attempt's time |
 * | attempt-timeout | models, 120 s     | times the work alone                                        |
 */

import type { Layer } from "../core/layer.ts";
import { cacheLayer } from "./cache/cache-layer.ts";
import { resourceLayer } from "./resources/resource-layer.ts";
import { attemptTimeoutLayer, deadlineLayer } from "./timeout.ts";

/** Makes the built-in layers in their order. */
export function defaultStack(): readonly Layer[] {
  return [deadlineLayer(), cacheLayer(), resourceLayer(), attemptTimeoutLayer()];
}
