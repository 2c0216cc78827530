/** The port between the table of entries and what decides which of them leaves. */

/**
 * Keeps entries, known by the numbers of their slots, in the order in which they should leave. The table tells what
 * happens to each entry and asks for one to evict. All methods take constant time, amortised.
 */
export interface EvictionPolicy {
  /** Makes room for slots below this number. */
  grow(slots: number): void;
  /** An entry came into a free slot. */
  add(slot: number, key: string): void;
  /** An entry was used. */
  touch(slot: number): void;
  /** An entry left by itself: deleted or expired. */
  remove(slot: number): void;
  /**
   * Chooses the entry to leave next, and takes it out. Never asked while there is none.
   *
   * @param spared An entry that is written anew: a policy by which it would not be the last to leave may let another go.
   */
  evict(spared?: number): number;
}
