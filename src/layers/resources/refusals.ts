/** The errors of the limiter: each says which limit, what is used, what was asked and when it frees up. */

import { FlockError } from "../../core/errors/errors.ts";
import type { Hold } from "./hold.ts";
import { Budget } from "./limits/budget.ts";
import { type Limit, usdDimension } from "./limits/limit.ts";
import type { Scope } from "./limits/scope.ts";

/** Makes the error for what a limit can never give, or undefined when none refuses. */
export function refusalOf(hold: Hold, now: number): FlockError | undefined {
  for (const limit of hold.scope.path) {
    const amount = hold.amountOf(limit.dimension);
    if (amount > 0 && limit.refuses(amount)) return refusal(limit, hold, now);
  }
  return undefined;
}

/** Makes the error for a wait that took too long. */
export function timedOut(limit: Limit, hold: Hold, now: number, waitedMs: number): FlockError<"limit_exceeded"> {
  const asked = hold.amountOf(limit.dimension);
  const wait = limit.waitFor(asked, now);
  const frees = Number.isFinite(wait) ? `in ${Math.ceil(wait)} ms` : "when a holder releases";
  return limitError(limit, hold, now, {
    told: `did not get ${figure(limit, asked)} of ${limit.name} within ${waitedMs} ms`,
    hint: `it frees up ${frees}; wait longer, ask for less or raise the limit`,
    extra: { waitedMs, ...(Number.isFinite(wait) ? { freesUpInMs: Math.ceil(wait) } : {}) },
  });
}

/** Makes the error for a queue that has no place. */
export function queueFull(scope: Scope, hold: Hold, shed: boolean): FlockError<"queue_full"> {
  const what = shed ? "had to make place for a higher priority" : "found no place to wait";
  return new FlockError(
    "queue_full",
    `${hold.owner} ${what}: ${scope.queued} wait in ${scope.name}, which lets ${scope.maxQueue} wait; ` +
      "come back later, or raise maxQueue",
    { details: { manager: scope.name, limit: scope.maxQueue, queued: scope.queued, owner: hold.owner, shed } },
  );
}

/** Makes the error for a wait that could never end. */
export function deadlocked(
  limit: Limit,
  hold: Hold,
  holders: readonly { readonly owner: string; readonly limit: string; readonly ageMs: number }[],
): FlockError<"deadlock"> {
  const named = holders
    .slice(0, 3)
    .map(({ owner, limit: held, ageMs }) => `${owner} (${held}, ${Math.round(ageMs)} ms)`);
  const more = holders.length > named.length ? ` and ${holders.length - named.length} more` : "";
  return new FlockError(
    "deadlock",
    `${hold.owner} would wait for ${limit.name} of ${limit.manager} for ever: ${named.join(", ")}${more} ` +
      "hold it and wait for this to end; release before nesting, or give the inner work a manager of its own",
    { details: { limit: limit.name, manager: limit.manager, owner: hold.owner, holders } },
  );
}

/** Makes the error for a lease that is used wrongly. */
export function leaseInvalid(reason: "released" | "settled" | "foreign", owner?: string): FlockError<"lease_invalid"> {
  const told = {
    released: `the lease of ${owner} is released already; release each lease once, best with \`using\``,
    settled: `the lease of ${owner} is settled already; settle each lease once, before its release`,
    foreign: "this is not a lease that a ResourceManager gave; call release and settle on the lease itself",
  };
  return new FlockError("lease_invalid", told[reason], {
    details: { reason, ...(owner === undefined ? {} : { owner }) },
  });
}

/** Gives an amount in the unit its limit was written in. */
export function inUnit(dimension: number, amount: number): number {
  return dimension === usdDimension ? amount / 1e6 : amount;
}

function refusal(limit: Limit, hold: Hold, now: number): FlockError {
  const asked = hold.amountOf(limit.dimension);
  if (limit instanceof Budget && limit.dimension === usdDimension) return budgetError(limit, hold, asked);
  const left = limit.kind === "budget" ? "has not that much left" : "is never that large";
  return limitError(limit, hold, now, {
    told: `asked for ${figure(limit, asked)} of ${limit.name}, which ${left}`,
    hint: "ask for less or raise the limit",
    extra: {},
  });
}

function limitError(
  limit: Limit,
  hold: Hold,
  now: number,
  said: {
    readonly told: string;
    readonly hint: string;
    readonly extra: { readonly waitedMs?: number; readonly freesUpInMs?: number };
  },
): FlockError<"limit_exceeded"> {
  const capacity = inUnit(limit.dimension, limit.capacity);
  const used = inUnit(limit.dimension, limit.capacity - limit.room(now));
  const { owner } = hold;
  return new FlockError(
    "limit_exceeded",
    `${owner} ${said.told}: ${used} of ${capacity} are used in ${limit.manager}; ${said.hint}`,
    {
      details: {
        limit: limit.name,
        manager: limit.manager,
        capacity,
        used,
        asked: inUnit(limit.dimension, hold.amountOf(limit.dimension)),
        owner,
        ...said.extra,
      },
    },
  );
}

function budgetError(limit: Budget, hold: Hold, asked: number): FlockError<"budget_exceeded"> {
  const usd = (microUsd: number) => `$${microUsd / 1e6}`;
  return new FlockError(
    "budget_exceeded",
    `${hold.owner} asked for ${usd(asked)} of ${limit.name}: of ${usd(limit.capacity)} in ${limit.manager} ` +
      `${usd(limit.spent)} are spent and ${usd(limit.reserved)} reserved; raise the budget or stop here`,
    {
      details: {
        budget: limit.name,
        manager: limit.manager,
        limitMicroUsd: limit.capacity,
        spentMicroUsd: limit.spent,
        reservedMicroUsd: limit.reserved,
        askedMicroUsd: asked,
        owner: hold.owner,
      },
    },
  );
}

function figure(limit: Limit, amount: number): string {
  return limit.dimension === usdDimension ? `$${amount / 1e6}` : `${amount}`;
}
