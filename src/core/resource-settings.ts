/** Limits as a user writes them, checked where they are written; only the layer of resources makes managers of them. */

import {
  booleanOption,
  checkOptions,
  nameString,
  type OptionCheck,
  optionError,
  wholeNumber,
} from "./errors/options.ts";

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

/** A `ResourceManager` as those see it who only pass it on. */
export interface ResourceKeeper {
  readonly name: string;
  /** How many wait for it. */
  readonly queued: number;
  configure(limits: LimitChanges): void;
}

/**
 * What each call takes of resources of your own, by name, for as long as it runs: `{ gpu: 1, memoryMb: 512 }`. It counts in
 * every limit of that name that the call comes under: its own, its name's, its run's, its tenant's, the Flock's.
 */
export type ResourceNeeds = Readonly<Record<string, number>>;

/** What the calls of something may use: limits of its own, or a `ResourceManager` that it shares with others. */
export type ResourceSettings = ResourceLimits | ResourceKeeper;

/** Limits of everything in a Flock. Names are those of runnables: a model's is `vendor/model id`. */
export interface FlockResources {
  /** For the calls of each agent by name, their tokens and dollars spent below it. */
  readonly agent?: ResourceLimits;
  /** The same for each pattern. */
  readonly pattern?: ResourceLimits;
  /** For the calls of each model by name. */
  readonly model?: ResourceLimits;
  /** For the calls of each tool by name. */
  readonly tool?: ResourceLimits;
  /** For all calls of models and tools in one run. */
  readonly run?: ResourceLimits;
  /** For those of all runs of one tenant. */
  readonly tenant?: ResourceLimits;
  /** For those of everything in this Flock. */
  readonly total?: ResourceSettings;
  /** Find out how many calls at a time each model bears, up to the `concurrency` of `model` where there is one. @default false */
  readonly adaptive?: boolean;
}

/** Tells whether resources are a manager rather than plain limits. */
export function isKeeper(value: unknown): value is ResourceKeeper {
  return typeof (value as { readonly tryAcquire?: unknown } | null | undefined)?.tryAcquire === "function";
}

/** Accepts what can be counted: whole numbers from 0. */
export const wholeAmount: OptionCheck = wholeNumber(0);

/** Accepts dollars: from 0 up to what micro-dollars count exactly. */
export const money: OptionCheck = (value) =>
  typeof value === "number" && value >= 0 && value <= mostUsd ? undefined : "dollars, from 0 to a billion";

const mostUsd = 1e9;
const costParts = ["perMinute", "perHour", "perDay", "total"];
const rateParts = ["perSecond", ...costParts];

/**
 * Checks limits.
 *
 * @param owner who is told in errors.
 * @param vary changes what each number is checked by.
 * @throws option_invalid for an unknown key (with the nearest known one) or a wrong number.
 */
export function checkLimits(
  owner: string,
  limits: unknown,
  vary: (check: OptionCheck) => OptionCheck = (check) => check,
): void {
  // Inner tables throw by themselves, so that the message names the inner key.
  const table =
    (parts: readonly string[] | undefined, check: OptionCheck): OptionCheck =>
    (value) => {
      const names = parts ?? Object.keys(Object(value));
      checkOptions(`${owner} limits`, value, Object.fromEntries(names.map((name) => [name, vary(check)])));
      return parts === undefined ? names.map(nameString).find(Boolean) : undefined;
    };
  checkOptions(owner, limits, {
    concurrency: vary(wholeAmount),
    requests: table(rateParts, wholeAmount),
    tokens: table(rateParts, wholeAmount),
    usd: table(costParts, money),
    custom: table(undefined, wholeAmount),
  });
}

/** Accepts limits or a manager; wrong limits throw by themselves. */
export const resourcesOption: OptionCheck = (value) => {
  if (!isKeeper(value)) checkLimits("resources", value);
  return undefined;
};

/** Accepts what a call needs; wrong amounts throw by themselves. */
export const needsOption: OptionCheck = (value) => {
  checkLimits("needs", { custom: value });
  return undefined;
};

/**
 * Checks what a call needs against the limits declared beside it.
 *
 * @throws option_invalid for a custom limit of which no call takes anything, and for a need that passes it.
 */
export function checkNeeds(owner: string, needs: ResourceNeeds = {}, resources?: ResourceSettings): void {
  const { custom = {} } = (resources ?? {}) as ResourceLimits;
  for (const [name, most] of Object.entries(custom)) {
    if (needs[name]! <= most) continue;
    throw optionError(owner, "needs", `given with what a call takes of ${name}, up to ${most}`, needs[name]);
  }
}

const limitsOption: OptionCheck = (value) =>
  isKeeper(value) ? "limits, each has a manager of its own" : resourcesOption(value);

/** Accepts the limits of a Flock; wrong ones throw by themselves. */
export const flockResourcesOption: OptionCheck = (value) => {
  if (isKeeper(value)) return undefined;
  checkOptions("Flock resources", value, {
    agent: limitsOption,
    pattern: limitsOption,
    model: limitsOption,
    tool: limitsOption,
    run: limitsOption,
    tenant: limitsOption,
    total: resourcesOption,
    adaptive: booleanOption,
  });
  return undefined;
};
