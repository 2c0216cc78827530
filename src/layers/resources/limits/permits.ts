/** Things that are held and given back: calls at a time, or units of a custom resource. */

import type { Limit } from "./limit.ts";

/** A number of permits. A capacity lowered below what is held lets the present holders finish. */
export class Permits implements Limit {
  readonly kind = "permits";
  readonly name: string;
  readonly manager: string;
  readonly dimension: number;
  readonly firstSerial: number;
  capacity: number;
  waiting = 0;
  kept = 0;
  freedAt = 0;
  overrun = 0;
  #held = 0;

  constructor(name: string, manager: string, dimension: number, capacity: number, firstSerial: number) {
    this.name = name;
    this.manager = manager;
    this.dimension = dimension;
    this.capacity = capacity;
    this.firstSerial = firstSerial;
  }

  room(): number {
    return this.capacity - this.#held;
  }

  take(amount: number): void {
    this.#held += amount;
  }

  settle(): void {}

  release(amount: number): void {
    this.#held -= amount;
  }

  waitFor(amount: number): number {
    return amount <= this.room() ? 0 : Number.POSITIVE_INFINITY;
  }

  refuses(amount: number): boolean {
    return amount > this.capacity;
  }
}
