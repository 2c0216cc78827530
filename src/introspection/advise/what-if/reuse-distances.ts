/** Answers "what would a cache of each size have hit?" for all sizes at once, in one pass over the calls. */

/** What caches of every size would have answered of some calls. */
export interface MissRatioCurve {
  readonly calls: number;
  readonly distinct: number;
  /** Gives how many calls an LRU cache of this many entries, empty at first, would have answered. */
  hitsAt(entries: number): number;
  /** Gives the smallest size that answers at least this share of what an endless cache does; 0 when there is nothing to answer. */
  smallestFor(share: number): number;
}

/**
 * Works out the exact miss-ratio curve of LRU from reuse distances: a call is answered by every cache that holds more
 * entries than different keys were asked since its own was last. R. L. Mattson and others: "Evaluation techniques for
 * storage hierarchies" (IBM Systems Journal, 1970); counted in O(n log n) with a tree of partial sums (P. M. Fenwick, 1994)
 * in the place of Olken's balanced tree (1981).
 */
export function missRatioCurve(keys: readonly (string | number)[]): MissRatioCurve {
  const length = keys.length;
  // 1 at the last position of each key so far; sums of ranges count different keys.
  const sums = new Int32Array(length + 1);
  const hitsByDistance = new Int32Array(length + 1);
  const last = new Map<string | number, number>();
  for (let index = 0; index < length; index++) {
    const key = keys[index]!;
    const before = last.get(key);
    if (before !== undefined) {
      const between = sumUpTo(sums, index) - sumUpTo(sums, before + 1);
      hitsByDistance[between + 1]! += 1;
      add(sums, before, -1);
    }
    last.set(key, index);
    add(sums, index, 1);
  }
  const hitsBySize = hitsByDistance;
  for (let size = 1; size <= length; size++) hitsBySize[size]! += hitsBySize[size - 1]!;
  const distinct = last.size;
  const hitsAt = (entries: number): number => hitsBySize[Math.max(0, Math.min(length, Math.floor(entries)))] ?? 0;
  return {
    calls: length,
    distinct,
    hitsAt,
    smallestFor(share) {
      const wanted = hitsAt(length) * share;
      if (wanted <= 0) return 0;
      let [low, high] = [1, length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (hitsAt(middle) >= wanted) high = middle;
        else low = middle + 1;
      }
      return low;
    },
  };
}

function add(sums: Int32Array, index: number, change: number): void {
  for (let at = index + 1; at < sums.length; at += at & -at) sums[at]! += change;
}

/** Sum of what lies before a position. */
function sumUpTo(sums: Int32Array, end: number): number {
  let sum = 0;
  for (let at = end; at > 0; at -= at & -at) sum += sums[at]!;
  return sum;
}
