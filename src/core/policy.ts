/** What a runnable asks of the layers, as plain data; only layers act on it. */

import type { CacheChoice } from "./cache-settings.ts";
import type { RecoveryChoice } from "./recovery-settings.ts";
import type { ResourceNeeds, ResourceSettings } from "./resource-settings.ts";

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
  /** Whether and how its answers are kept. @default as the Flock says for models and idempotent tools, else not */
  readonly cache?: CacheChoice | undefined;
  /** Its answer depends on code that `identity` does not name, such as a tool's. @default a tool's does */
  readonly hasOwnCode?: boolean | undefined;
  /** Something in it acts on the world, or must not be cached: only a person may turn its cache on. @default false */
  readonly hasEffects?: boolean | undefined;
  /** What its calls may use: limits of its own, or a manager shared with others. */
  readonly resources?: ResourceSettings | undefined;
  /** What each of its calls takes of custom resources. @default nothing */
  readonly needs?: ResourceNeeds | undefined;
  /** What to do about its failures and those of models below it; `false` for nothing. @default what models do by themselves */
  readonly recovery?: RecoveryChoice | undefined;
}

/** What a runnable that calls others inherits from their policies. */
export function policyOfParts(
  parts: readonly { readonly kind: string; readonly policy?: Policy }[],
): Pick<Policy, "hasOwnCode" | "hasEffects"> {
  const hasEffects = parts.some(
    ({ kind, policy }) =>
      policy?.cache === false || policy?.hasEffects === true || (kind === "tool" && policy?.idempotent !== true),
  );
  const hasOwnCode = parts.some(({ kind, policy }) => kind === "tool" || policy?.hasOwnCode === true);
  return { hasEffects: hasEffects || undefined, hasOwnCode: hasOwnCode || undefined };
}
