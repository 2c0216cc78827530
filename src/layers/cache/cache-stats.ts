/** Counts what a cache does, for all callers together and for each owner. */

/** What was asked of a cache and what came of it. Each question counts once. */
export interface CacheCounts {
  /** Answered with a fresh value, from memory or from the store. */
  readonly hits: number;
  /** Not known: computed, or nothing to give. */
  readonly misses: number;
  /** Waited for a computation that was under way. */
  readonly joined: number;
  /** Answered with a value past its time, while it was computed anew. */
  readonly stale: number;
}

/** What a cache did since it was made, and what it holds now. */
export interface CacheStats extends CacheCounts {
  /** Entries in memory, among them those past their time that nobody has asked for since. */
  readonly entries: number;
  /** Estimated bytes of these entries. */
  readonly bytes: number;
  /** Entries that left for want of room. */
  readonly evictions: number;
  /** Entries that left because their time was over. */
  readonly expirations: number;
  /** The part of the hits that came from the store. */
  readonly storeHits: number;
  /** Reads, writes and deletions of the store that failed or took too long, and values that could not wait to be written. */
  readonly storeErrors: number;
  /** How entries are chosen to leave now: the strategy, for `tinylfu` the way it follows at present. */
  readonly evicting: string;
  /** The same by owner, for the first 100 owners; later ones are counted together as `…`. */
  readonly owners: Readonly<Record<string, CacheCounts>>;
}

/** One kind of answer. */
export type CountName = keyof CacheCounts;

/** Counts of one owner or of all. */
export type Counts = { -readonly [Name in CountName]: number };

const mostOwners = 100;
const otherOwners = "…";

/** Counts by owner, with room for so many and no more. */
export class OwnerCounts {
  readonly #owners = new Map<string, Counts>();

  count(owner: string, name: CountName): void {
    let counts = this.#owners.get(owner);
    if (counts === undefined) {
      const place = this.#owners.size < mostOwners ? owner : otherOwners;
      counts = this.#owners.get(place) ?? noCounts();
      this.#owners.set(place, counts);
    }
    counts[name] += 1;
  }

  toJSON(): Readonly<Record<string, CacheCounts>> {
    return Object.fromEntries([...this.#owners].map(([owner, counts]) => [owner, { ...counts }]));
  }
}

export function noCounts(): Counts {
  return { hits: 0, misses: 0, joined: 0, stale: 0 };
}
