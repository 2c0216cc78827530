/** The front door `flock-ts/store`: where texts, vectors and recorded runs are kept. */

export type { KeepOptions, KeyValueStore, StoredValue, StoreFilter } from "../core/key-value-store.ts";
export type { RunQuery, RunRetention, RunStore, StoredRun } from "../core/run-store.ts";
export type { VectorItem, VectorMatch, VectorSearchOptions, VectorSpace, VectorStore } from "../core/vector-store.ts";
export type { RedisListener, RedisScriptClient } from "../store/limits/redis-client.ts";
export { MemoryStore, type MemoryStoreOptions } from "../store/memory-store.ts";
export { MemoryVectorStore, type MemoryVectorStoreOptions } from "../store/memory-vectors.ts";
export type { RedisClient } from "../store/redis/redis-connection.ts";
export type { RedisStoreOptions } from "../store/redis/redis-session.ts";
export { RedisStore } from "../store/redis/redis-store.ts";
export { RedisLimits, type RedisLimitsOptions } from "../store/redis-limits.ts";
export { MemoryRunStore, type MemoryRunStoreOptions } from "../store/runs/memory-run-store.ts";
export { RedisRunStore, type RedisRunStoreOptions } from "../store/runs/redis-run-store.ts";
export { SqliteRunStore, type SqliteRunStoreOptions } from "../store/runs/sqlite-run-store.ts";
export { SqliteStore, type SqliteStoreOptions } from "../store/sqlite/sqlite-store.ts";
