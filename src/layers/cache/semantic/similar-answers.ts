/** Keeps answers by the meaning of their questions: those of one scope are compared with each other, and with no others. */

/** A question that was answered. */
export interface SimilarAnswer {
  readonly scope: string;
  readonly question: string;
  /** Of unit length. */
  readonly vector: Float64Array;
  readonly value: unknown;
  /** Monotonic milliseconds. */
  readonly endsAt: number;
}

/** An answer that was found, and how near its question is. */
export interface FoundAnswer {
  readonly answer: SimilarAnswer;
  /** Cosine, at most 1. */
  readonly similarity: number;
}

/** Answers, bounded in number; who was not used for longest leaves. */
export class SimilarAnswers {
  readonly #maxEntries: number;
  /** In order of use. */
  readonly #all = new Set<SimilarAnswer>();
  readonly #scopes = new Map<string, Map<string, SimilarAnswer>>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** Gives the answer to this very question. */
  exact(scope: string, question: string, now: number): SimilarAnswer | undefined {
    const answer = this.#scopes.get(scope)?.get(question);
    if (answer === undefined) return undefined;
    if (answer.endsAt > now) return this.#used(answer);
    this.#remove(answer);
    return undefined;
  }

  /** Gives the answer to the nearest question that is near enough. */
  nearest(scope: string, vector: Float64Array, threshold: number, now: number): FoundAnswer | undefined {
    let best: FoundAnswer | undefined;
    for (const answer of this.#scopes.get(scope)?.values() ?? []) {
      if (answer.endsAt <= now) {
        this.#remove(answer);
        continue;
      }
      const similarity = product(answer.vector, vector);
      if (similarity >= threshold && similarity > (best?.similarity ?? -1)) best = { answer, similarity };
    }
    if (best !== undefined) this.#used(best.answer);
    return best;
  }

  keep(answer: SimilarAnswer): void {
    const older = this.#scopes.get(answer.scope)?.get(answer.question);
    if (older !== undefined) this.#remove(older);
    for (const oldest of this.#all) {
      if (this.#all.size < this.#maxEntries) break;
      this.#remove(oldest);
    }
    const ofScope = this.#scopes.get(answer.scope) ?? new Map<string, SimilarAnswer>();
    this.#scopes.set(answer.scope, ofScope.set(answer.question, answer));
    this.#all.add(answer);
  }

  #used(answer: SimilarAnswer): SimilarAnswer {
    this.#all.delete(answer);
    this.#all.add(answer);
    return answer;
  }

  #remove(answer: SimilarAnswer): void {
    const ofScope = this.#scopes.get(answer.scope);
    ofScope?.delete(answer.question);
    if (ofScope?.size === 0) this.#scopes.delete(answer.scope);
    this.#all.delete(answer);
  }
}

/** Gives a vector of length 1; undefined for one that has no direction or is no vector of numbers. */
export function unitVector(vector: unknown): Float64Array | undefined {
  if (!Array.isArray(vector)) return undefined;
  let squares = 0;
  for (const part of vector as number[]) squares += part * part;
  const length = Math.sqrt(squares);
  return Number.isFinite(length) && length > 0
    ? Float64Array.from(vector as number[], (part) => part / length)
    : undefined;
}

/** The cosine of vectors of length 1; vectors of different spaces are near to none. */
function product(one: Float64Array, other: Float64Array): number {
  if (one.length !== other.length) return -1;
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += one[index]! * other[index]!;
  return Math.min(1, sum);
}
