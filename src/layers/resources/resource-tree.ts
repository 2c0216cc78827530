/** A manager with all managers below it: one list of holders, one queue, one timer, whatever its limits. */

import type { Runtime } from "../../core/runtime/runtime.ts";
import type { SharedLimits } from "../../core/shared-limits.ts";
import type { SharedGate } from "./across/shared-gate.ts";
import { CoarseClock } from "./coarse-clock.ts";
import type { Hold } from "./hold.ts";
import type { AcquireOptions, ActualUse, Lease } from "./lease.ts";
import { concurrencyDimension, type Limit, requestsDimension, tokensDimension, usdDimension } from "./limits/limit.ts";
import { microUsdUp } from "./limits/micro-usd.ts";
import type { TreeVersion } from "./limits/scope.ts";
import { Holders } from "./queue/holders.ts";
import { closeLoans } from "./queue/loans.ts";
import { WaitingRoom, type WaitOptions } from "./queue/waiting-room.ts";
import { refusalOf } from "./refusals.ts";

/** What is the same for all managers of a tree. */
export interface TreeOptions {
  readonly runtime: Runtime;
  readonly ageingMs: number;
  readonly leakAfterMs: number;
  readonly report: (hold: Hold) => void;
}

/** Takes, settles and gives back; knows nothing of how a request or an option is written. */
export class ResourceTree {
  readonly runtime: Runtime;
  readonly ageingMs: number;
  readonly leakAfterMs: number;
  readonly version: TreeVersion = { current: 0, scopes: 0 };
  readonly holders: Holders;
  readonly room: WaitingRoom;
  readonly #clock: CoarseClock;
  /** Numbers of custom resources, by name. */
  readonly customNames = new Map<string, number>();
  /** Limits that some of these managers share with other processes. */
  shared: SharedLimits | undefined = undefined;
  #gate: Promise<SharedGate> | undefined = undefined;

  constructor({ runtime, ageingMs, leakAfterMs, report }: TreeOptions) {
    this.runtime = runtime;
    this.ageingMs = ageingMs;
    this.leakAfterMs = leakAfterMs;
    this.holders = new Holders(leakAfterMs, report);
    this.#clock = new CoarseClock(runtime);
    this.room = new WaitingRoom(runtime, this.holders, ageingMs);
  }

  /** Takes all a hold asks for, or nothing. */
  tryTake(hold: Hold): boolean {
    const { path } = hold.scope;
    const now = hold.scope.hasWindows ? this.runtime.monotonic() : this.#clock.read();
    for (let index = 0; index < path.length; index++) {
      const limit = path[index]!;
      const amount = hold.amountOf(limit.dimension);
      if (amount > 0 && (limit.waiting > 0 || amount > limit.room(now) - limit.kept)) {
        return hold.owner.includes("/") && this.room.take(hold, now) === undefined;
      }
    }
    for (let index = 0; index < path.length; index++) {
      const limit = path[index]!;
      const amount = hold.amountOf(limit.dimension);
      if (amount > 0) limit.take(amount, now);
    }
    this.holders.add(hold, now);
    return true;
  }

  /** Takes at once, refuses what can never be, or waits. */
  take(hold: Hold, options: WaitOptions): Promise<Lease> {
    const now = this.runtime.monotonic();
    const refused = refusalOf(hold, now);
    if (refused !== undefined) return Promise.reject(refused);
    const short = this.room.take(hold, now);
    return short === undefined ? Promise.resolve(hold.handle!) : this.room.wait(hold, short, options, now);
  }

  /** Goes on to the shared limits once a hold has all it asks for here; gives that back when it does not get through. */
  async share(hold: Hold, local: Promise<Lease>, options: WaitOptions): Promise<Lease> {
    const since = this.runtime.monotonic();
    const lease = await local;
    try {
      const gate = await this.#sharedGate();
      await gate.pass(hold, { ...options, since });
    } catch (error) {
      this.settle(hold, { requests: 0, tokens: 0, usd: 0 });
      this.release(hold);
      throw error;
    }
    return lease;
  }

  /** Waits until the shared limits know what was settled and given back so far. */
  async flush(): Promise<void> {
    const gate = await this.#gate;
    await gate?.flush();
  }

  /** Loaded when it is first needed: most managers are alone. */
  #sharedGate(): Promise<SharedGate> {
    this.#gate ??= import("./across/shared-gate.ts").then(({ sharedGate }) => sharedGate(this.shared!, this.runtime));
    return this.#gate;
  }

  /** Counts what a lease used in the place of what it asked for. */
  settle(hold: Hold, actual: ActualUse): void {
    const now = this.runtime.monotonic();
    const used = [0, actual.requests, actual.tokens, actual.usd === undefined ? undefined : microUsdUp(actual.usd)];
    hold.phase = "settled";
    for (const limit of hold.scope.path) {
      if (limit.kind === "permits" || hold.serial <= limit.firstSerial) continue;
      const asked = hold.amountOf(limit.dimension);
      limit.settle(asked, used[limit.dimension] ?? asked, hold.since, now);
    }
    hold.shared?.[0]?.settle(hold.scope.path, used);
    hold.requests = used[requestsDimension] ?? hold.requests;
    hold.tokens = used[tokensDimension] ?? hold.tokens;
    hold.microUsd = used[usdDimension] ?? hold.microUsd;
    if (this.room.size > 0) this.room.freed(hold.scope.path, now);
  }

  /** Gives permits back, and ends what was reserved. */
  release(hold: Hold): void {
    const { path } = hold.scope;
    const isSettled = hold.phase === "settled";
    let lent: { limit: Limit; lenders: Hold[] }[] | undefined;
    if (hold.shared !== undefined) releaseShared(hold);
    for (let index = 0; index < path.length; index++) {
      const limit = path[index]!;
      if (hold.serial <= limit.firstSerial) continue;
      if (hold.loans === undefined || limit.dimension !== concurrencyDimension) {
        limit.release(hold.amountOf(limit.dimension), isSettled);
        continue;
      }
      const lenders = hold.loans.filter((loan) => loan.limit === limit && loan.borrower === hold);
      limit.release(closeLoans(hold, limit), isSettled);
      lent ??= [];
      lent.push({ limit, lenders: lenders.map((loan) => loan.lender) });
    }
    this.holders.remove(hold);
    if (this.room.size === 0) return;
    const now = this.runtime.monotonic();
    for (const { limit, lenders } of lent ?? []) this.room.lendAgain(limit, lenders, now);
    this.room.freed(path, now);
  }
}

/** Permits that are lent stay with their borrower, so the shared part does as well until that is released. */
function releaseShared(hold: Hold): void {
  const heir = hold.loans?.find(({ lender }) => lender === hold)?.borrower;
  const parts = hold.shared ?? [];
  hold.shared = undefined;
  if (heir === undefined) {
    for (const part of parts) part.release();
    return;
  }
  heir.shared ??= [];
  heir.shared.push(...parts);
}

/** Reads the wait out of checked options. */
export function waitOptionsOf(options: AcquireOptions): WaitOptions {
  return { signal: options.signal, priority: options.priority ?? 0, timeoutMs: options.timeoutMs };
}
