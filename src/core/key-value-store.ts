/** What a store of texts under keys must do. Drivers in `store/` implement it; caches stand on it. */

/** How long and under which tags a value is kept. */
export interface KeepOptions {
  /** Milliseconds until it expires. @default never */
  readonly ttlMs?: number | undefined;
  /** Words it can be deleted by. @default none */
  readonly tags?: readonly string[] | undefined;
}

/** A value that was found. */
export interface StoredValue {
  readonly value: string;
  /** Milliseconds until it expires; undefined when it never does. */
  readonly remainingMs: number | undefined;
}

/** Which values to delete: all of one tag, or all whose key begins so. */
export type StoreFilter = { readonly tag: string } | { readonly prefix: string };

/**
 * A store of texts. A value that has expired, was damaged or was written in another format is not found; it never comes out
 * wrong. What was acknowledged survives the end of the process where the store is on disk or on a server. Methods reject
 * with `store_failed` when the store cannot be reached or written, and never hang.
 */
export interface KeyValueStore extends AsyncDisposable {
  /** Names it in messages, such as `sqlite` or `redis`. */
  readonly name: string;
  get(key: string): Promise<StoredValue | undefined>;
  /** Keeps a value in the place of any older one, whole or not at all. */
  set(key: string, value: string, options?: KeepOptions): Promise<void>;
  /** Gives whether there was one. */
  delete(key: string): Promise<boolean>;
  /** Gives how many were deleted. */
  deleteWhere(filter: StoreFilter): Promise<number>;
  clear(): Promise<void>;
}
