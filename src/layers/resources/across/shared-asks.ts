/** What a lease asks of the limits that processes share, and the errors of those who do not get it. */

import { FlockError } from "../../../core/errors/errors.ts";
import type { SharedAsk, SharedLimit, SharedRefusal } from "../../../core/shared-limits.ts";
import type { Hold } from "../hold.ts";
import { type Limit, usdDimension } from "../limits/limit.ts";
import type { Scope } from "../limits/scope.ts";
import { SlidingWindow } from "../limits/sliding-window.ts";
import { inUnit } from "../refusals.ts";

/** Names a limit among processes. */
export function sharedName(limit: Limit): string {
  return `${limit.manager}/${limit.name}`;
}

/** Gives the limits of a scope and those above it that are shared and not infinite. */
export function sharedLimits(scope: Scope): Limit[] {
  const limits: Limit[] = [];
  for (const at of scope.above) {
    if (at.sharesOwn) limits.push(...at.own.filter(({ capacity }) => capacity !== Number.POSITIVE_INFINITY));
  }
  return limits;
}

/** Tells a limit as the port wants it. */
export function told(limit: Limit): SharedLimit {
  const { kind, capacity } = limit;
  const name = sharedName(limit);
  return limit instanceof SlidingWindow ? { name, kind, capacity, windowMs: limit.windowMs } : { name, kind, capacity };
}

/** Gives what a lease asks of the shared limits. What it borrows, a holder above has taken there already. */
export function asksOf(hold: Hold): SharedAsk[] {
  const asks: SharedAsk[] = [];
  for (const limit of sharedLimits(hold.scope)) {
    let amount = hold.amountOf(limit.dimension);
    for (const loan of hold.loans ?? []) if (loan.limit === limit && loan.borrower === hold) amount -= loan.amount;
    if (amount > 0) asks.push({ ...told(limit), amount });
  }
  return asks;
}

/** Makes what is said of a wait that ends before the first answer, in the line of a limit or on the way there. */
export function nothingHeard(hold: Hold, line: string | undefined): SharedRefusal {
  const limit = line ?? asksOf(hold)[0]?.name ?? "";
  return { granted: false, limit, used: 0, reserved: 0, freesUpInMs: undefined, isFinal: false };
}

/** Makes the error for what no waiting helps, or for a wait of `waitedMs` that took too long. */
export function sharedRefused(hold: Hold, refusal: SharedRefusal, waitedMs: number | undefined): FlockError {
  const limit = sharedLimits(hold.scope).find((one) => sharedName(one) === refusal.limit);
  if (limit === undefined) return lostLimit(hold, refusal.limit);
  const asked = inUnit(limit.dimension, hold.amountOf(limit.dimension));
  const used = inUnit(limit.dimension, refusal.used);
  const capacity = inUnit(limit.dimension, limit.capacity);
  if (waitedMs === undefined && limit.kind === "budget" && limit.dimension === usdDimension) {
    return sharedBudgetExceeded(hold, limit, refusal);
  }
  const frees = refusal.freesUpInMs === undefined ? undefined : Math.ceil(refusal.freesUpInMs);
  const when = frees === undefined ? "when a holder releases" : `in ${frees} ms`;
  const said =
    waitedMs === undefined
      ? `asked for ${asked} of ${limit.name}, which has not that much left`
      : `did not get ${asked} of ${limit.name} within ${waitedMs} ms`;
  const hint = waitedMs === undefined ? "" : `it frees up ${when}; wait longer, `;
  return new FlockError(
    "limit_exceeded",
    `${hold.owner} ${said}: ${used} of ${capacity} are used by all processes in ${limit.manager}; ` +
      `${hint}ask for less or raise the limit`,
    {
      details: {
        limit: limit.name,
        manager: limit.manager,
        capacity,
        used,
        asked,
        owner: hold.owner,
        ...(waitedMs === undefined ? {} : { waitedMs }),
        ...(waitedMs === undefined || frees === undefined ? {} : { freesUpInMs: frees }),
      },
    },
  );
}

function sharedBudgetExceeded(hold: Hold, limit: Limit, { used, reserved }: SharedRefusal): FlockError {
  const usd = (microUsd: number) => `$${microUsd / 1e6}`;
  const spent = used - reserved;
  return new FlockError(
    "budget_exceeded",
    `${hold.owner} asked for ${usd(hold.microUsd)} of ${limit.name}: of ${usd(limit.capacity)} in ${limit.manager} ` +
      `all processes have spent ${usd(spent)} and reserved ${usd(reserved)}; raise the budget or stop here`,
    {
      details: {
        budget: limit.name,
        manager: limit.manager,
        limitMicroUsd: limit.capacity,
        spentMicroUsd: spent,
        reservedMicroUsd: reserved,
        askedMicroUsd: hold.microUsd,
        owner: hold.owner,
      },
    },
  );
}

/** The port refused in the name of a limit nobody asked about, or one that was taken away meanwhile. */
function lostLimit(hold: Hold, name: string): FlockError {
  return new FlockError(
    "limit_exceeded",
    `${hold.owner} was refused by the shared limit ${name || "of no name"}, which ${hold.scope.name} does not have; ask again`,
    { details: { limit: name, manager: hold.scope.name, capacity: 0, used: 0, asked: 0, owner: hold.owner } },
  );
}
