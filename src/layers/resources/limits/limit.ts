/** What every limit can do, whether it counts permits, a sliding window or a budget. */

/** Permits come back by release, windows by time, budgets by settling for less. */
export type LimitKind = "permits" | "window" | "budget";

/** What a limit counts. Custom permits have numbers from `customDimension` up. */
export const concurrencyDimension = 0;
export const requestsDimension = 1;
export const tokensDimension = 2;
export const usdDimension = 3;
export const customDimension = 4;

/** One limit of one manager. Amounts are whole: permits, requests, tokens or micro-dollars. */
export interface Limit {
  readonly kind: LimitKind;
  /** As it is written, such as `tokens.perMinute`. */
  readonly name: string;
  /** Name of the manager it belongs to. */
  readonly manager: string;
  readonly dimension: number;
  /** Leases of a lower serial number were there before it and are not counted in it. */
  readonly firstSerial: number;
  capacity: number;
  /** Lines of waiters that stand here; whoever comes new stands behind them. */
  waiting: number;
  /** What is kept free for the waiter that must be next. */
  kept: number;
  /** Monotonic milliseconds at which something last came back. */
  freedAt: number;
  /** What was settled above its reservation, in sum. */
  overrun: number;
  /** Gives what is free now; below 0 after an overrun or a lowered capacity. */
  room(now: number): number;
  take(amount: number, now: number): void;
  /** Puts the actual amount in the place of what was asked at `takenAt`. */
  settle(asked: number, actual: number, takenAt: number, now: number): void;
  /** Ends a lease; what was not settled counts as used. */
  release(amount: number, settled: boolean): void;
  /** Gives the milliseconds until time alone makes room for an amount; Infinity when time does not help. */
  waitFor(amount: number, now: number): number;
  /** Tells whether an amount can never be given, whatever comes back. */
  refuses(amount: number): boolean;
}
