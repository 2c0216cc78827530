/** Doubly linked lists of small numbers in one typed array: moving one costs a few writes and no allocation. */

/** Several lists over the same slots; a slot is in one of them at most, and its owner knows in which. */
export class SlotLists {
  /** The first places are the lists' heads, a circle each; slot `n` is at `n + lists`. */
  readonly #lists: number;
  /** The place before and the place after, side by side: what is moved is read from memory once. */
  #links: Int32Array;
  readonly #lengths: Int32Array;

  constructor(lists: number) {
    this.#lists = lists;
    this.#links = Int32Array.from({ length: lists * 2 }, (_, index) => index >> 1);
    this.#lengths = new Int32Array(lists);
  }

  /** Makes room for slots below this number. */
  grow(slots: number): void {
    this.#links = grown(this.#links, (slots + this.#lists) * 2);
  }

  length(list: number): number {
    return this.#lengths[list]!;
  }

  /** Gives the slot that has been in the list for longest, or -1. */
  first(list: number): number {
    const place = this.#links[list * 2 + 1]!;
    return place === list ? -1 : place - this.#lists;
  }

  push(list: number, slot: number): void {
    this.#append(list, slot + this.#lists);
    this.#lengths[list]! += 1;
  }

  remove(list: number, slot: number): void {
    this.#detach(slot + this.#lists);
    this.#lengths[list]! -= 1;
  }

  /** Moves a slot to the end of the list it is in. */
  renew(list: number, slot: number): void {
    const place = slot + this.#lists;
    if (this.#links[list * 2] === place) return;
    this.#detach(place);
    this.#append(list, place);
  }

  #append(list: number, place: number): void {
    const links = this.#links;
    const last = links[list * 2]!;
    links[last * 2 + 1] = place;
    links[place * 2] = last;
    links[place * 2 + 1] = list;
    links[list * 2] = place;
  }

  #detach(place: number): void {
    const links = this.#links;
    const previous = links[place * 2]!;
    const next = links[place * 2 + 1]!;
    links[previous * 2 + 1] = next;
    links[next * 2] = previous;
  }
}

/** Copies a typed array into a longer one. */
export function grown<T extends Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array>(
  array: T,
  length: number,
): T {
  if (array.length >= length) return array;
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  return copy;
}
