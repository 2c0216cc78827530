/** The limits a user writes, checked, and told one by one. */

import { FlockError } from "../../../core/errors/errors.ts";
import { checkOptions, nameString, type OptionCheck, objectOption, optionError } from "../../../core/errors/options.ts";
import { microUsdDown } from "./micro-usd.ts";

/** Windows that slide, several at once if you like, and a total that is used up. */
export interface RateLimits {
  readonly perSecond?: number;
  readonly perMinute?: number;
  readonly perHour?: number;
  readonly perDay?: number;
  /** Spent once; never comes back. */
  readonly total?: number;
}

/** Windows and a total in dollars. */
export interface CostLimits {
  readonly perMinute?: number;
  readonly perHour?: number;
  readonly perDay?: number;
  /** Spent once; never comes back. */
  readonly total?: number;
}

/** What a manager gives out. What is left out has no limit. */
export interface ResourceLimits {
  /** How many leases with a permit may be held at a time. */
  readonly concurrency?: number;
  readonly requests?: RateLimits;
  readonly tokens?: RateLimits;
  readonly usd?: CostLimits;
  /** Units of resources of your own, such as `{ gpu: 2 }`. */
  readonly custom?: Readonly<Record<string, number>>;
}

/** Limits to change: null takes a limit away, what is left out stays. */
export type LimitChanges = {
  readonly [Key in keyof ResourceLimits]: Key extends "concurrency"
    ? number | null
    : { readonly [Inner in keyof NonNullable<ResourceLimits[Key]>]: NonNullable<ResourceLimits[Key]>[Inner] | null };
};

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

const rateParts = ["perSecond", "perMinute", "perHour", "perDay", "total"];
const costParts = ["perMinute", "perHour", "perDay", "total"];

/**
 * Checks limits and gives them one by one.
 *
 * @param owner who is told in errors.
 * @param isChange null is allowed and takes a limit away.
 * @throws option_invalid for an unknown key (with the nearest known one) or a wrong number.
 */
export function readLimits(owner: string, limits: unknown, isChange = false): LimitSpec[] {
  const parts = (list: readonly string[], check: OptionCheck) =>
    rateTable(owner, list, isChange ? orNull(check) : check);
  checkOptions(owner, limits, {
    concurrency: isChange ? orNull(wholeAmount) : wholeAmount,
    requests: parts(rateParts, wholeAmount),
    tokens: parts(rateParts, wholeAmount),
    usd: parts(costParts, money),
    custom: customTable(owner, isChange ? orNull(wholeAmount) : wholeAmount),
  });
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

/** Accepts what can be counted: whole numbers from 0. */
export const wholeAmount: OptionCheck = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : "a whole number, 0 or more";

/** Accepts dollars: from 0 up to what micro-dollars count exactly. */
export const money: OptionCheck = (value) =>
  typeof value === "number" && value >= 0 && value <= mostUsd ? undefined : "dollars, from 0 to a billion";

const mostUsd = 1e9;

function orNull(check: OptionCheck): OptionCheck {
  return (value) =>
    value === null || check(value) === undefined ? undefined : `${check(value)}, or null for no limit`;
}

/** Inner tables throw by themselves, so that the message names the inner key. */
function rateTable(owner: string, parts: readonly string[], check: OptionCheck): OptionCheck {
  const checks = Object.fromEntries(parts.map((part) => [part, check]));
  return (value) => {
    if (objectOption(value) !== undefined) return `an object such as { ${parts[0]}: 100 }`;
    checkOptions(`${owner} limits`, value, checks);
    return undefined;
  };
}

function customTable(owner: string, check: OptionCheck): OptionCheck {
  return (value) => {
    if (objectOption(value) !== undefined) return "an object such as { gpu: 2 }";
    for (const [name, amount] of Object.entries(value as object)) {
      if (nameString(name) !== undefined) {
        throw new FlockError("option_invalid", `${owner}: the names in "custom" must be ${nameString(name)}`, {
          details: { option: "custom", expected: `${nameString(name)}`, received: name.slice(0, 64) },
        });
      }
      const expected = amount === undefined ? undefined : check(amount);
      if (expected !== undefined) throw optionError(owner, `custom.${name}`, expected, amount);
    }
    return undefined;
  };
}
