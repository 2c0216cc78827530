/** What a manager's limits look like now, in the units they were written in. */

import type { CostLimits, RateLimits } from "../../core/resource-settings.ts";
import type { Hold } from "./hold.ts";
import { Budget } from "./limits/budget.ts";
import { type Limit, usdDimension } from "./limits/limit.ts";
import { SlidingWindow } from "./limits/sliding-window.ts";
import type { Holders, LeaseReport } from "./queue/holders.ts";
import { holdsOf } from "./queue/stuck.ts";

/** One limit now. Money is in dollars. */
export interface LimitUsage {
  /** Infinity where nothing was said. */
  readonly capacity: number;
  /** Held permits; what was used in the window; what is spent. */
  readonly used: number;
  /** Asked for by leases that are not settled yet. */
  readonly reserved: number;
  /** Below 0 after an overrun or a lowered capacity. */
  readonly available: number;
  /** How many stand in line for it. */
  readonly queued: number;
  /** What was settled above its reservation, in sum. */
  readonly overrun: number;
  /** Milliseconds until more is free by time alone; 0 when something is, undefined when only a release can free it. */
  readonly freesUpInMs: number | undefined;
}

/** The limits of one manager now, shaped as they were written. */
export interface ResourceUsage {
  readonly concurrency: LimitUsage;
  readonly requests: { readonly [Part in keyof RateLimits]: LimitUsage };
  readonly tokens: { readonly [Part in keyof RateLimits]: LimitUsage };
  readonly usd: { readonly [Part in keyof CostLimits]: LimitUsage };
  readonly custom: Readonly<Record<string, LimitUsage>>;
  /** Leases held through this manager and those below it. */
  readonly holding: number;
  /** How many wait in this manager and those below it. */
  readonly queued: number;
}

/** Measures one limit. */
export function usageOf(limit: Limit, holders: Holders, queued: number, now: number): LimitUsage {
  const room = limit.room(now);
  const reserved = reservedIn(limit, holders, now);
  const inUnit = (amount: number) => (limit.dimension === usdDimension ? amount / 1e6 : amount);
  const wait = limit.waitFor(Math.max(1, room + 1), now);
  return {
    capacity: inUnit(limit.capacity),
    used: inUnit(
      limit.capacity === Number.POSITIVE_INFINITY ? heldIn(limit, holders) : limit.capacity - room - reserved,
    ),
    reserved: inUnit(reserved),
    available: inUnit(room),
    queued,
    overrun: inUnit(limit.overrun),
    freesUpInMs: room > 0 ? 0 : Number.isFinite(wait) ? Math.ceil(wait) : undefined,
  };
}

/** Tells of one lease. */
export function reportOf(hold: Hold, customNames: ReadonlyMap<string, number>, now: number): LeaseReport {
  const custom: Record<string, number> = {};
  for (const [name, index] of customNames) if ((hold.custom?.[index] ?? 0) > 0) custom[name] = hold.custom![index]!;
  return {
    owner: hold.owner,
    manager: hold.scope.name,
    ageMs: now - hold.since,
    concurrency: hold.concurrency,
    requests: hold.requests,
    tokens: hold.tokens,
    usd: hold.microUsd / 1e6,
    custom,
    lost: hold.lost,
  };
}

function reservedIn(limit: Limit, holders: Holders, now: number): number {
  if (limit instanceof Budget) return limit.reserved;
  if (!(limit instanceof SlidingWindow)) return 0;
  let reserved = 0;
  for (const hold of holders) {
    if (hold.phase === "held" && limit.counts(hold.since, now)) reserved += holdsOf(hold, limit);
  }
  return reserved;
}

function heldIn(limit: Limit, holders: Holders): number {
  let held = 0;
  for (const hold of holders) held += holdsOf(hold, limit);
  return held;
}
