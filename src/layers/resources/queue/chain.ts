/** A list in order of arrival that any member leaves in one step. */

/** A member's place in a chain. */
export interface Link<Member> {
  readonly member: Member;
  previous: Link<Member> | undefined;
  next: Link<Member> | undefined;
}

/** First come, first in the list. */
export class Chain<Member> {
  #first: Link<Member> | undefined = undefined;
  #last: Link<Member> | undefined = undefined;

  get first(): Member | undefined {
    return this.#first?.member;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  add(member: Member): Link<Member> {
    const link: Link<Member> = { member, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    return link;
  }

  /** Takes a link of this chain out; once. */
  remove(link: Link<Member>): void {
    if (link.previous === undefined) this.#first = link.next;
    else link.previous.next = link.next;
    if (link.next === undefined) this.#last = link.previous;
    else link.next.previous = link.previous;
  }

  /** Gives members from the newest to the oldest. */
  *newestFirst(): Generator<Member> {
    for (let link = this.#last; link !== undefined; link = link.previous) yield link.member;
  }

  *[Symbol.iterator](): Generator<Member> {
    for (let link = this.#first; link !== undefined; link = link.next) yield link.member;
  }
}
