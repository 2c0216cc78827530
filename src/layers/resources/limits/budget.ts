/** What may be spent once: money, tokens or requests in total, reserved before the work and settled after it. */

import type { Limit } from "./limit.ts";

/** A budget. `spent + reserved` passes the capacity only when work turned out dearer than was reserved for it. */
export class Budget implements Limit {
  readonly kind = "budget";
  readonly name: string;
  readonly manager: string;
  readonly dimension: number;
  readonly firstSerial: number;
  capacity: number;
  waiting = 0;
  kept = 0;
  freedAt = 0;
  overrun = 0;
  #spent = 0;
  #reserved = 0;

  constructor(name: string, manager: string, dimension: number, capacity: number, firstSerial: number) {
    this.name = name;
    this.manager = manager;
    this.dimension = dimension;
    this.capacity = capacity;
    this.firstSerial = firstSerial;
  }

  get spent(): number {
    return this.#spent;
  }

  get reserved(): number {
    return this.#reserved;
  }

  room(): number {
    return this.capacity - this.#spent - this.#reserved;
  }

  take(amount: number): void {
    this.#reserved += amount;
  }

  settle(asked: number, actual: number): void {
    this.#reserved -= asked;
    this.#spent += actual;
    this.overrun += Math.max(0, actual - asked);
  }

  release(amount: number, settled: boolean): void {
    if (settled) return;
    this.#reserved -= amount;
    this.#spent += amount;
  }

  waitFor(amount: number): number {
    return amount <= this.room() ? 0 : Number.POSITIVE_INFINITY;
  }

  /** At best all that is reserved comes back; what is spent does not. */
  refuses(amount: number): boolean {
    return this.#spent + amount > this.capacity;
  }
}
