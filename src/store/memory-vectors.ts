/** The vector store that needs nothing: exact search in one block of memory, fast enough for a hundred thousand vectors. */

import { FlockError } from "../core/errors/errors.ts";
import { checkOptions, describeValue, nonEmptyString, objectOption, wholeNumber } from "../core/errors/options.ts";
import { copyJson } from "../core/json/copy-json.ts";
import type { JsonObject } from "../core/json/json.ts";
import type { VectorItem, VectorMatch, VectorSearchOptions, VectorSpace, VectorStore } from "../core/vector-store.ts";
import { BestRows } from "./best-rows.ts";

/** What a memory store may know from the start. */
export interface MemoryVectorStoreOptions {
  /** Id of the model whose vectors it holds. Needs `dimension`. @default decided by the first `claim` */
  readonly embedder?: string;
  /** Numbers in a vector. @default decided by the first `claim` or `add` */
  readonly dimension?: number;
}

/**
 * Keeps vectors in one growing Float32Array and compares a query with every one of them: exact, no index to tune. About
 * 4 bytes a number; 10,000 vectors of 512 numbers take 20 MB and some milliseconds a search, during which the event loop waits.
 */
export class MemoryVectorStore<Metadata extends JsonObject = JsonObject> implements VectorStore<Metadata> {
  #embedder: string | undefined;
  #dimension: number | undefined;
  /** Row r is `#vectors[r * dimension …]`, of unit length; a deleted row is filled with the last one. */
  #vectors = new Float32Array(0);
  readonly #ids: string[] = [];
  readonly #metadata: Metadata[] = [];
  readonly #rows = new Map<string, number>();

  constructor(options: MemoryVectorStoreOptions = {}) {
    checkOptions("MemoryVectorStore", options, { embedder: nonEmptyString, dimension: wholeNumber(1) });
    if (options.embedder !== undefined && options.dimension === undefined) {
      throw new FlockError("option_invalid", 'MemoryVectorStore: "embedder" needs "dimension" beside it', {
        details: { option: "dimension", expected: "a whole number, 1 or more", received: "undefined" },
      });
    }
    this.#embedder = options.embedder;
    this.#dimension = options.dimension;
  }

  get space(): VectorSpace | undefined {
    if (this.#embedder === undefined || this.#dimension === undefined) return undefined;
    return { embedder: this.#embedder, dimension: this.#dimension };
  }

  /** How many items it holds. */
  get size(): number {
    return this.#ids.length;
  }

  async count(): Promise<number> {
    return this.size;
  }

  async claim(space: VectorSpace): Promise<void> {
    const { embedder, dimension } = space;
    const fits =
      (this.#embedder === undefined ? this.size === 0 : this.#embedder === embedder) &&
      (this.#dimension === undefined || this.#dimension === dimension);
    if (!fits) throw mismatch(nameOf(this.#embedder, this.#dimension), nameOf(embedder, dimension));
    this.#embedder = embedder;
    this.#dimension = dimension;
  }

  async add(items: readonly VectorItem<Metadata>[]): Promise<void> {
    if (!Array.isArray(items)) throw invalid("", "a list of items { id, vector, metadata }", items);
    const dimension = this.#dimension ?? items[0]?.vector?.length;
    for (const [index, item] of items.entries()) this.#checkItem(item, `/${index}`, dimension);
    if (items.length === 0) return;
    this.#dimension = dimension;
    this.#reserve(this.size + items.length);
    for (const item of items) this.#put(item);
  }

  async search(vector: ArrayLike<number>, options: VectorSearchOptions = {}): Promise<VectorMatch<Metadata>[]> {
    checkOptions("VectorStore.search", options, { limit: wholeNumber(1), filter: objectOption });
    const query = unitVector(vector, "/vector");
    if (this.#dimension !== undefined) this.#checkDimension(query.length);
    const filter = Object.entries(options.filter ?? {});
    const best = new BestRows(options.limit ?? 10, (row, other) => this.#ids[row]! < this.#ids[other]!);
    for (let row = 0; row < this.size; row++) {
      if (filter.length > 0 && !this.#passes(row, filter)) continue;
      best.offer(row, dotProduct(this.#vectors, row * query.length, query));
    }
    return best.rows.map(({ row, score }) => ({
      id: this.#ids[row]!,
      score: Math.max(-1, Math.min(1, score)),
      metadata: copyJson(this.#metadata[row]!),
    }));
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#remove(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #checkItem(item: VectorItem<Metadata>, pointer: string, dimension: number | undefined): void {
    if (typeof item !== "object" || item === null) throw invalid(pointer, "an item { id, vector, metadata }", item);
    if (nonEmptyString(item.id) !== undefined) throw invalid(`${pointer}/id`, "a non-empty string", item.id);
    if (objectOption(item.metadata) !== undefined) throw invalid(`${pointer}/metadata`, "an object", item.metadata);
    checkVector(item.vector, `${pointer}/vector`);
    if (item.vector.length !== dimension) {
      throw mismatch(nameOf(this.#embedder, dimension), nameOf(undefined, item.vector.length));
    }
  }

  #checkDimension(received: number): void {
    if (received === this.#dimension) return;
    throw mismatch(nameOf(this.#embedder, this.#dimension), nameOf(undefined, received));
  }

  #reserve(rows: number): void {
    const needed = rows * this.#dimension!;
    if (needed <= this.#vectors.length) return;
    const grown = new Float32Array(Math.max(needed, this.#vectors.length * 2));
    grown.set(this.#vectors);
    this.#vectors = grown;
  }

  #put(item: VectorItem<Metadata>): void {
    const row = this.#rows.get(item.id) ?? this.size;
    this.#rows.set(item.id, row);
    this.#ids[row] = item.id;
    this.#metadata[row] = copyJson(item.metadata);
    this.#vectors.set(unitVector(item.vector, ""), row * this.#dimension!);
  }

  #remove(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const dimension = this.#dimension!;
    const last = this.size - 1;
    this.#rows.delete(id);
    const lastId = this.#ids.pop()!;
    const lastMetadata = this.#metadata.pop()!;
    if (row === last) return;
    this.#vectors.copyWithin(row * dimension, last * dimension, (last + 1) * dimension);
    this.#ids[row] = lastId;
    this.#metadata[row] = lastMetadata;
    this.#rows.set(lastId, row);
  }

  #passes(row: number, filter: readonly (readonly [string, unknown])[]): boolean {
    const metadata = this.#metadata[row]!;
    return filter.every(([field, value]) => Object.hasOwn(metadata, field) && metadata[field] === value);
  }
}

function dotProduct(vectors: Float32Array, start: number, query: Float32Array): number {
  const end = query.length;
  const whole = end - (end % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let index = 0;
  for (; index < whole; index += 4) {
    a += vectors[start + index]! * query[index]!;
    b += vectors[start + index + 1]! * query[index + 1]!;
    c += vectors[start + index + 2]! * query[index + 2]!;
    d += vectors[start + index + 3]! * query[index + 3]!;
  }
  for (; index < end; index++) a += vectors[start + index]! * query[index]!;
  return a + b + (c + d);
}

function unitVector(vector: ArrayLike<number>, pointer: string): Float32Array {
  checkVector(vector, pointer);
  let largest = 0;
  for (let index = 0; index < vector.length; index++) largest = Math.max(largest, Math.abs(vector[index]!));
  const unit = new Float32Array(vector.length);
  if (largest === 0) return unit;
  // Scaled first, so that squares of very large or small numbers neither overflow nor vanish.
  let sum = 0;
  for (let index = 0; index < vector.length; index++) sum += (vector[index]! / largest) ** 2;
  const length = Math.sqrt(sum);
  for (let index = 0; index < vector.length; index++) unit[index] = vector[index]! / largest / length;
  return unit;
}

function checkVector(vector: ArrayLike<number>, pointer: string): void {
  const length = (vector as ArrayLike<number> | undefined)?.length;
  if (typeof vector !== "object" || !Number.isSafeInteger(length) || length === 0) {
    throw invalid(pointer, "a vector: a list of at least one number", vector);
  }
  for (let index = 0; index < vector.length; index++) {
    if (!Number.isFinite(vector[index])) throw invalid(`${pointer}/${index}`, "a finite number", vector[index]);
  }
}

function nameOf(embedder: string | undefined, dimension: number | undefined): string {
  const vectors = dimension === undefined ? "vectors" : `vectors of ${dimension} numbers`;
  return embedder === undefined ? vectors : `${vectors} made by "${embedder}"`;
}

function mismatch(expected: string, received: string): FlockError<"store_mismatch"> {
  const message = `the vector store holds ${expected} and cannot mix them with ${received}; use another store for them`;
  return new FlockError("store_mismatch", message, { details: { expected, received } });
}

function invalid(pointer: string, expected: string, value: unknown): FlockError<"input_invalid"> {
  const received = describeValue(value);
  const message = `the vector store expected ${expected} at "${pointer}", not ${received}`;
  return new FlockError("input_invalid", message, {
    details: { pointer, issues: [{ pointer, message, expected, received }] },
  });
}
