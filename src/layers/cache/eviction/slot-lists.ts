/** Doubly linked lists of small numbers in two typed arrays: moving one costs four writes and no allocation. */

/** Several lists over the same slots; a slot is in one of them at most, and its owner knows in which. */
export class SlotLists {
  readonly #lists: number;
  /** The first places are the lists' heads, a circle each; slot `n` is at `n + lists`. */
  #previous: Int32Array;
  #next: Int32Array;
  readonly #lengths: Int32Array;

  constructor(lists: number) {
    this.#lists = lists;
    this.#previous = Int32Array.from({ length: lists }, (_, head) => head);
    this.#next = this.#previous.slice();
    this.#lengths = new Int32Array(lists);
  }

  /** Makes room for slots below this number. */
  grow(slots: number): void {
    this.#previous = grown(this.#previous, slots + this.#lists);
    this.#next = grown(this.#next, slots + this.#lists);
  }

  length(list: number): number {
    return this.#lengths[list]!;
  }

  /** Gives the slot that has been in the list for longest, or -1. */
  first(list: number): number {
    const place = this.#next[list]!;
    return place === list ? -1 : place - this.#lists;
  }

  /** Gives the slot after this one in the list, or -1. */
  after(slot: number): number {
    const place = this.#next[slot + this.#lists]!;
    return place < this.#lists ? -1 : place - this.#lists;
  }

  push(list: number, slot: number): void {
    const place = slot + this.#lists;
    const last = this.#previous[list]!;
    this.#next[last] = place;
    this.#previous[place] = last;
    this.#next[place] = list;
    this.#previous[list] = place;
    this.#lengths[list]! += 1;
  }

  remove(list: number, slot: number): void {
    const place = slot + this.#lists;
    const previous = this.#previous[place]!;
    const next = this.#next[place]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#lengths[list]! -= 1;
  }
}

/** Copies a typed array into a longer one. */
export function grown<T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(array: T, length: number): T {
  if (array.length >= length) return array;
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  return copy;
}
