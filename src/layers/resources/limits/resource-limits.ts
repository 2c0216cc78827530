/** The limits a user writes, told one by one. */

import type { OptionCheck } from "../../../core/errors/options.ts";
import { checkLimits, type LimitChanges } from "../../../core/resource-settings.ts";
import { microUsdDown } from "./micro-usd.ts";

/** What a limit counts, as it is written. */
export type ResourceKey = "concurrency" | "requests" | "tokens" | "usd" | "custom";

/** One limit as it was written. */
export interface LimitSpec {
  /** Such as `concurrency`, `tokens.perMinute` or `custom.gpu`. */
  readonly name: string;
  readonly key: ResourceKey;
  /** `perMinute`, `total`, or the name of a custom resource. */
  readonly part: string;
  /** Whole units, micro-dollars for money; undefined to take the limit away. */
  readonly capacity: number | undefined;
}

/** Lengths of windows in milliseconds. */
export const windowsMs: Readonly<Record<string, number>> = {
  perSecond: 1_000,
  perMinute: 60_000,
  perHour: 3_600_000,
  perDay: 86_400_000,
};

/**
 * Checks limits and gives them one by one.
 *
 * @param owner who is told in errors.
 * @param isChange null is allowed and takes a limit away.
 * @throws option_invalid for an unknown key (with the nearest known one) or a wrong number.
 */
export function readLimits(owner: string, limits: unknown, isChange = false): LimitSpec[] {
  checkLimits(owner, limits, isChange ? orNull : undefined);
  const { concurrency, requests, tokens, usd, custom } = limits as LimitChanges;
  const specs: LimitSpec[] = [];
  if (concurrency !== undefined) {
    specs.push({ name: "concurrency", key: "concurrency", part: "", capacity: concurrency ?? undefined });
  }
  for (const [key, amounts] of Object.entries({ requests, tokens, usd, custom })) {
    for (const [part, amount] of Object.entries(amounts ?? {}) as [string, number | null | undefined][]) {
      if (amount === undefined) continue;
      const capacity = amount === null ? undefined : key === "usd" ? microUsdDown(amount) : amount;
      specs.push({ name: `${key}.${part}`, key: key as ResourceKey, part, capacity });
    }
  }
  return specs;
}

function orNull(check: OptionCheck): OptionCheck {
  return (value) => (value === null ? undefined : check(value) && `${check(value)}, or null for no limit`);
}
