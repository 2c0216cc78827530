/** What a runnable asks of the layers, as plain data; only layers act on it. */

import type { ResourceSettings } from "./resource-settings.ts";

/** What caches do for a run. */
export type CacheMode = "use" | "bypass" | "refresh";

/** Per-runnable settings. Layers read them; a runnable builds no layer itself. */
export interface Policy {
  /** Most milliseconds the whole call may take, waiting and retries included. */
  readonly timeoutMs?: number | undefined;
  /** Most milliseconds one attempt may take. */
  readonly attemptTimeoutMs?: number;
  /** A second call with the same input changes nothing more than the first: layers may repeat it. */
  readonly idempotent?: boolean | undefined;
  /** What its calls may use: limits of its own, or a manager shared with others. */
  readonly resources?: ResourceSettings | undefined;
}
