/** The last so many of something, in memory that does not grow. */

import { optionError } from "../../core/errors/options.ts";

/** The last numbers, in one typed array. */
export class RecentNumbers {
  readonly #values: Float64Array;
  #next = 0;
  #size = 0;

  /** @throws option_invalid when the capacity is no whole number of 1 or more. */
  constructor(capacity: number) {
    checkCapacity("RecentNumbers", capacity);
    this.#values = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a number, in the place of the oldest when full. */
  push(value: number): void {
    const values = this.#values;
    values[this.#next] = value;
    this.#next = this.#next + 1 === values.length ? 0 : this.#next + 1;
    if (this.#size < values.length) this.#size++;
  }

  /** Gives a copy, oldest first. */
  toArray(): number[] {
    const values = this.#values;
    if (this.#size < values.length) return Array.from(values.subarray(0, this.#size));
    return [...values.subarray(this.#next), ...values.subarray(0, this.#next)];
  }

  clear(): void {
    this.#next = 0;
    this.#size = 0;
  }
}

/** The last records, whatever they are. */
export class RecentRecords<Item> {
  readonly #capacity: number;
  #items: Item[] = [];
  #next = 0;

  /** @throws option_invalid when the capacity is no whole number of 1 or more. */
  constructor(capacity: number) {
    checkCapacity("RecentRecords", capacity);
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Adds one; gives the oldest, which it took the place of, when full. */
  push(item: Item): Item | undefined {
    if (this.#items.length < this.#capacity) {
      this.#items.push(item);
      return undefined;
    }
    const oldest = this.#items[this.#next];
    this.#items[this.#next] = item;
    this.#next = this.#next + 1 === this.#capacity ? 0 : this.#next + 1;
    return oldest;
  }

  /** Gives the one at a position, 0 for the oldest. */
  at(position: number): Item | undefined {
    const items = this.#items;
    if (!(position >= 0 && position < items.length)) return undefined;
    return items[(this.#next + position) % items.length];
  }

  /** Gives a copy, oldest first. */
  toArray(): Item[] {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }

  clear(): void {
    this.#items = [];
    this.#next = 0;
  }
}

function checkCapacity(owner: string, capacity: number): void {
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw optionError(owner, "capacity", "a whole number, 1 or more", capacity);
  }
}
