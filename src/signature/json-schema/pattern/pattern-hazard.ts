/**
 * Finds patterns that can take a backtracking engine exponential time: those where one text goes round a repetition in two
 * ways. The test is exact on the position automaton (Glushkov 1961; Weber and Seidl 1991 for exponential ambiguity).
 */

import { loopsOf } from "./pattern-loops.ts";
import { PatternSet, samplesFor } from "./pattern-sets.ts";
import type { PatternNode } from "./pattern-tree.ts";

const mostPositions = 600;
/** Steps the judging itself may take: some 50 ms. */
const mostWork = 3_000_000;
/** Bounded repeats inside one another that multiply to no more are not counted as loops, unless they are inside one. */
const smallProduct = 12;

interface Part {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly nullable: boolean;
}

/** What repeats are around a part: how often the bounded ones may run at most, and whether one counts as a loop. */
interface Around {
  readonly product: number;
  readonly isLoop: boolean;
}

const outside: Around = { product: 1, isLoop: false };
const nothing: Part = { first: [], last: [], nullable: true };

/** Says why a pattern may not be used; undefined when it may. */
export function hazardOf(tree: PatternNode, source: string): string | undefined {
  try {
    const automaton = new Automaton(samplesFor(source));
    automaton.add(tree);
    if (automaton.isAmbiguous()) {
      return "repeats what can be read in more than one way, which can take time without end; leave out a repeat inside a repeat, or put a mark between the repeats that is not in them";
    }
  } catch (error) {
    if (error instanceof TooLarge) return "is too large to be judged";
    throw error;
  }
  return undefined;
}

class TooLarge {}

/** The places of sets in a pattern, and which may follow which. */
class Automaton {
  readonly #samples: readonly number[];
  readonly #sets: number[] = [];
  readonly #next: Set<number>[] = [];
  readonly #twice: (readonly [from: number, to: number])[] = [];
  readonly #members: ReadonlySet<number>[] = [];
  readonly #known = new Map<string, number>();
  readonly #overlaps = new Map<number, boolean>();
  #repeatsNothing = false;
  #work = 0;

  constructor(samples: readonly number[]) {
    this.#samples = samples;
  }

  /** Adds a part of the tree, inside the repeats `around` it. */
  add(node: PatternNode, around: Around = outside): Part {
    this.#count(1);
    switch (node.kind) {
      case "set":
        return this.#place(node.source);
      case "again":
        return this.#place("[^]");
      case "edge":
        return nothing;
      case "look":
        this.add(node.body);
        return nothing;
      case "choice":
        return joined(node.parts.map((part) => this.add(part, around)));
      case "sequence":
        return node.parts.reduce((before, part) => this.#concat(before, this.add(part, around)), nothing);
      case "repeat":
        return this.#repeat(node, around);
    }
  }

  /** Tells whether some text goes round a loop in two ways. */
  isAmbiguous(): boolean {
    if (this.#repeatsNothing) return true;
    const loops = loopsOf(this.#next);
    const isInside = (from: number, to: number) => loops[from] !== -1 && loops[from] === loops[to];
    if (this.#twice.some(([from, to]) => isInside(from, to))) return true;
    const size = this.#next.length;
    const inner = this.#next.map((next, from) => [...next].filter((to) => isInside(from, to)));
    const pairsAfter = (pair: number): number[] => {
      const found: number[] = [];
      for (const one of inner[Math.floor(pair / size)]!) {
        this.#count(inner[pair % size]!.length);
        for (const other of inner[pair % size]!) if (this.#overlap(one, other)) found.push(one * size + other);
      }
      return found;
    };
    return comesTogetherAgain(size, pairsAfter);
  }

  #count(steps: number): void {
    this.#work += steps;
    if (this.#work > mostWork) throw new TooLarge();
  }

  #place(source: string): Part {
    const at = this.#sets.length;
    if (at >= mostPositions) throw new TooLarge();
    let set = this.#known.get(source);
    if (set === undefined) {
      const test = new PatternSet(source);
      set = this.#members.push(new Set(this.#samples.filter((sample) => test.has(sample)))) - 1;
      this.#known.set(source, set);
    }
    this.#sets.push(set);
    this.#next.push(new Set());
    return { first: [at], last: [at], nullable: false };
  }

  #concat(before: Part, after: Part): Part {
    this.#link(before.last, after.first);
    return {
      first: before.nullable ? [...before.first, ...after.first] : before.first,
      last: after.nullable ? [...before.last, ...after.last] : after.last,
      nullable: before.nullable && after.nullable,
    };
  }

  #repeat(node: PatternNode & { kind: "repeat" }, around: Around): Part {
    const { body, least, most } = node;
    const product = most === Number.POSITIVE_INFINITY ? around.product : around.product * Math.max(1, most);
    const isExact = least === most;
    const isMany = most === Number.POSITIVE_INFINITY || product > smallProduct;
    // A count that is exact adds no choice of its own inside a loop, whose rounds show what is ambiguous in it.
    const isLoop = most > 1 && (isExact ? isMany && !around.isLoop : isMany || around.isLoop);
    const inside = { product, isLoop: around.isLoop || isLoop };
    const part = this.add(body, inside);
    const nullable = part.nullable || least === 0;
    // Which of the rounds read nothing is a choice of its own.
    if (part.nullable && isMany && most > 1 && most < Number.POSITIVE_INFINITY) this.#repeatsNothing = true;
    if (isLoop) this.#link(part.last, part.first);
    else if (isExact && most > 1) return this.#concat(part, this.add(body, inside));
    return { ...part, nullable };
  }

  #link(from: readonly number[], to: readonly number[]): void {
    for (const one of from) {
      this.#count(to.length);
      const next = this.#next[one]!;
      for (const other of to) {
        if (next.has(other)) this.#twice.push([one, other]);
        next.add(other);
      }
    }
  }

  #overlap(one: number, other: number): boolean {
    const [a, b] = [this.#sets[one]!, this.#sets[other]!].sort((x, y) => x - y) as [number, number];
    if (a === b) return true;
    const key = a * mostPositions + b;
    const known = this.#overlaps.get(key);
    if (known !== undefined) return known;
    const others = this.#members[b]!;
    const result = [...this.#members[a]!].some((sample) => others.has(sample));
    this.#overlaps.set(key, result);
    return result;
  }
}

function joined(parts: readonly Part[]): Part {
  return {
    first: parts.flatMap((part) => part.first),
    last: parts.flatMap((part) => part.last),
    nullable: parts.some((part) => part.nullable),
  };
}

/** Walks pairs of places that read the same text: two ways that part and meet again are two ways round. */
function comesTogetherAgain(size: number, pairsAfter: (pair: number) => readonly number[]): boolean {
  const before = new Map<number, number[]>();
  const open: number[] = Array.from({ length: size }, (_, at) => at * size + at);
  const reached = new Set(open);
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    for (const after of pairsAfter(pair)) {
      const known = before.get(after);
      if (known === undefined) before.set(after, [pair]);
      else known.push(pair);
      if (reached.has(after)) continue;
      reached.add(after);
      open.push(after);
    }
  }
  const isApart = (pair: number) => Math.floor(pair / size) !== pair % size;
  // From apart back to together: any pair that is apart and leads to one that is not.
  const back = [...reached].filter((pair) => !isApart(pair));
  const seen = new Set(back);
  for (let pair = back.pop(); pair !== undefined; pair = back.pop()) {
    for (const earlier of before.get(pair) ?? []) {
      if (isApart(earlier)) return true;
      if (seen.has(earlier)) continue;
      seen.add(earlier);
      back.push(earlier);
    }
  }
  return false;
}
