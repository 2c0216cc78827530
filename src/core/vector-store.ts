/** The port for stores of vectors: in memory, in a file or on a server, all alike to whoever searches. */

import type { JsonObject } from "./json/json.ts";

/** Which model's vectors a store holds. Vectors of different models mean different things and never mix. */
export interface VectorSpace {
  /** The embedding model's id, such as `offline/lexical`. */
  readonly embedder: string;
  /** Numbers in a vector. */
  readonly dimension: number;
}

/** One vector with its name and what is known about it. */
export interface VectorItem<Metadata extends JsonObject = JsonObject> {
  readonly id: string;
  readonly vector: ArrayLike<number>;
  readonly metadata: Metadata;
}

/** One vector found. */
export interface VectorMatch<Metadata extends JsonObject = JsonObject> {
  readonly id: string;
  /** Cosine similarity with the vector asked for, from -1 to 1; 1 is the same direction. */
  readonly score: number;
  readonly metadata: Metadata;
}

/** How to search. */
export interface VectorSearchOptions {
  /** Most matches to give. @default 10 */
  readonly limit?: number;
  /** Only items whose metadata has these top-level fields with exactly these values. @default all items */
  readonly filter?: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * Keeps vectors and finds the nearest ones by cosine similarity. Vectors need not be of unit length; a zero vector is
 * near nothing (score 0). All methods reject with `input_invalid` for values that are no vectors of numbers.
 */
export interface VectorStore<Metadata extends JsonObject = JsonObject> extends AsyncDisposable {
  /** The model and dimension it holds, or undefined while nobody has said so. */
  readonly space: VectorSpace | undefined;
  /**
   * Says which model's vectors are about to be added or searched; the first call decides for good.
   *
   * @throws store_mismatch when it holds vectors of another model or dimension, or already some of an unnamed model.
   */
  claim(space: VectorSpace): Promise<void>;
  /**
   * Adds items; one with a known id takes the place of the old one. All of them or, on an error, none.
   *
   * @throws store_mismatch for a vector of another dimension.
   */
  add(items: readonly VectorItem<Metadata>[]): Promise<void>;
  /**
   * Gives the nearest items, best first; equal scores in order of id.
   *
   * @throws store_mismatch for a vector of another dimension.
   */
  search(vector: ArrayLike<number>, options?: VectorSearchOptions): Promise<VectorMatch<Metadata>[]>;
  /** Removes items; unknown ids are ignored. */
  delete(ids: readonly string[]): Promise<void>;
  /** Counts the items. */
  count(): Promise<number>;
}
