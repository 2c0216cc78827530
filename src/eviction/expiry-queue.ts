/** Finds entries whose time has passed without a timer for any of them, in little more memory than the times take. */

import { grown } from "./slot-lists.ts";

/** Slots below one bound, and bounds below one of the next level. */
const fanBits = 5;
const fan = 2 ** fanBits;
/** Stands for never while times are kept in 32 bits, which hold whole milliseconds of 49 days. */
const never32 = 2 ** 32 - 1;

/**
 * A tree of lower bounds over the times of all slots, 32 to a node. A time that comes in lowers the bounds above it and one
 * that leaves changes nothing, so bounds may be too low; a search that finds nothing below a bound raises it to what is
 * there. Each addition can be followed by one such search at most, so all takes constant time, amortised, for the few levels there are.
 * Times are whole milliseconds, 0 or more.
 */
export class ExpiryQueue {
  /** 32 bits each until a time needs more, and none while nothing has a time. */
  #times: Uint32Array | Float64Array = new Uint32Array(0);
  #slots = 0;
  #never = never32;
  /** Bounds by level, of 32 slots each first, a single one last. */
  #levels: Float64Array[] = [new Float64Array([Number.POSITIVE_INFINITY])];
  #root = this.#levels[0]!;

  /** Makes room for slots below this number. */
  grow(slots: number): void {
    if (slots <= this.#slots) return;
    this.#slots = slots;
    if (this.#times.length > 0) this.#makeRoom();
  }

  /** Gives when a slot expires. */
  timeOf(slot: number): number {
    if (slot >= this.#times.length) return Number.POSITIVE_INFINITY;
    const time = this.#times[slot]!;
    return time === this.#never ? Number.POSITIVE_INFINITY : time;
  }

  /** Says that a slot expires at `time`, for which `Infinity` means never; a time it had is forgotten. */
  set(slot: number, time: number): void {
    if (time === Number.POSITIVE_INFINITY) {
      if (slot < this.#times.length) this.#times[slot] = this.#never;
      return;
    }
    if (slot >= this.#times.length) this.#makeRoom();
    if (time >= never32 && this.#never === never32) this.#widen();
    this.#times[slot] = time;
    this.#lower(slot, time);
  }

  /** Gives a slot that has expired by `now`, or -1, as for a time that has no end. It stays in until it gets another time. */
  expired(now: number): number {
    return this.#root[0]! <= now && now < Number.POSITIVE_INFINITY ? this.#search(now) : -1;
  }

  #search(now: number): number {
    // From then on what never expires would look as if it had.
    if (now >= never32 && this.#never === never32) this.#widen();
    const levels = this.#levels;
    const root = this.#root;
    while (root[0]! <= now) {
      let place = 0;
      let level = levels.length - 1;
      while (level > 0 && place !== -1) {
        const found = this.#firstDue(levels[level - 1]!, place, now);
        if (found === -1) this.#raise(level, place);
        place = found;
        level -= 1;
      }
      if (place === -1) continue;
      const slot = this.#firstDue(this.#times, place, now);
      if (slot !== -1) return slot;
      this.#raise(0, place);
    }
    return -1;
  }

  #makeRoom(): void {
    const slots = this.#slots;
    const before = this.#times.length;
    this.#times = grown(this.#times, slots).fill(this.#never, before);
    this.#levels = [];
    for (let size = Math.ceil(slots / fan); ; size = Math.ceil(size / fan)) {
      this.#levels.push(new Float64Array(size).fill(Number.POSITIVE_INFINITY));
      if (size === 1) break;
    }
    this.#root = this.#levels[this.#levels.length - 1]!;
    for (let slot = 0; slot < before; slot++) this.#lower(slot, this.timeOf(slot));
  }

  #firstDue(bounds: Uint32Array | Float64Array, parent: number, now: number): number {
    const end = Math.min(bounds.length, (parent + 1) << fanBits);
    for (let place = parent << fanBits; place < end; place++) if (bounds[place]! <= now) return place;
    return -1;
  }

  /** Sets a bound to the least of what lies below it. */
  #raise(level: number, place: number): void {
    const below = level === 0 ? this.#times : this.#levels[level - 1]!;
    const never = level === 0 ? this.#never : Number.POSITIVE_INFINITY;
    let least = never;
    const end = Math.min(below.length, (place + 1) << fanBits);
    for (let each = place << fanBits; each < end; each++) least = Math.min(least, below[each]!);
    this.#levels[level]![place] = least === never ? Number.POSITIVE_INFINITY : least;
  }

  #lower(slot: number, time: number): void {
    let place = slot;
    for (const bounds of this.#levels) {
      place >>>= fanBits;
      if (bounds[place]! <= time) return;
      bounds[place] = time;
    }
  }

  #widen(): void {
    this.#times = Float64Array.from(this.#times, (time) => (time === never32 ? Number.POSITIVE_INFINITY : time));
    this.#never = Number.POSITIVE_INFINITY;
  }
}
