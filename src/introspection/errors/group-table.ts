/** Keeps the most frequent kinds of failures in fixed memory, however many kinds there are. */

import { GroupRecord } from "./error-group.ts";
import type { FailureKind } from "./failure-kind.ts";

/**
 * The groups. When a new kind finds the table full, the one with the lowest count leaves, and the new one may have been
 * there before: at most as often as the one that left. A kind that makes up more than one in `limit` of all failures is
 * never missing (Space-Saving: A. Metwally, D. Agrawal, A. El Abbadi, "Efficient Computation of Frequent and Top-k
 * Elements in Data Streams", ICDT 2005).
 */
export class GroupTable {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #groups = new Map<string, GroupRecord>();

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  values(): Iterable<GroupRecord> {
    return this.#groups.values();
  }

  /** Gives the group of a kind, made on first use. */
  of(kind: FailureKind): GroupRecord {
    const known = this.#groups.get(kind.fingerprint);
    if (known !== undefined) {
      if (known.title === known.code) known.title = kind.title;
      return known;
    }
    const missed = this.#groups.size < this.#limit ? 0 : this.#dropLowest();
    const group = new GroupRecord(kind, missed, this.#windowMs);
    this.#groups.set(kind.fingerprint, group);
    return group;
  }

  #dropLowest(): number {
    let lowest: GroupRecord | undefined;
    for (const group of this.#groups.values()) {
      if (lowest === undefined || atMost(group) < atMost(lowest)) lowest = group;
    }
    if (lowest === undefined) return 0;
    this.#groups.delete(lowest.fingerprint);
    // Open runs may still hold the group; its largest part goes.
    lowest.factors.clear();
    return atMost(lowest);
  }
}

function atMost(group: GroupRecord): number {
  return group.count + group.missedAtMost;
}
