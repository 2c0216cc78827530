/** A binary heap whose members know their place, so that any of them can be moved or taken out. */

/** The smallest first. A member may be in several heaps, each with a place of its own. */
export class Heap<Member extends { readonly places: number[] }> {
  readonly #members: Member[] = [];
  readonly #isBefore: (a: Member, b: Member) => boolean;
  readonly #place: number;

  /** @param place which of a member's `places` this heap keeps. */
  constructor(place: number, isBefore: (a: Member, b: Member) => boolean) {
    this.#place = place;
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#members.length;
  }

  get top(): Member | undefined {
    return this.#members[0];
  }

  /** All members, the smallest first and the others in no order. */
  get members(): readonly Member[] {
    return this.#members;
  }

  add(member: Member): void {
    this.#members.push(member);
    this.#up(member, this.#members.length - 1);
  }

  remove(member: Member): void {
    const at = member.places[this.#place]!;
    const last = this.#members.pop()!;
    if (last === member) return;
    this.#put(last, at);
    this.moved(last);
  }

  /** Puts a member whose order changed in its place. */
  moved(member: Member): void {
    this.#up(member, member.places[this.#place]!);
    this.#down(member, member.places[this.#place]!);
  }

  #up(member: Member, from: number): void {
    let at = from;
    while (at > 0) {
      const above = this.#members[(at - 1) >> 1]!;
      if (!this.#isBefore(member, above)) break;
      this.#put(above, at);
      at = (at - 1) >> 1;
    }
    this.#put(member, at);
  }

  #down(member: Member, from: number): void {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#members.length) break;
      const right = child + 1;
      if (right < this.#members.length && this.#isBefore(this.#members[right]!, this.#members[child]!)) child = right;
      if (!this.#isBefore(this.#members[child]!, member)) break;
      this.#put(this.#members[child]!, at);
      at = child;
    }
    this.#put(member, at);
  }

  #put(member: Member, at: number): void {
    this.#members[at] = member;
    member.places[this.#place] = at;
  }
}
