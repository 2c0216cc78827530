/** The front door `flock-ts/store`: where vectors are kept. */

export type { VectorItem, VectorMatch, VectorSearchOptions, VectorSpace, VectorStore } from "../core/vector-store.ts";
export { MemoryVectorStore, type MemoryVectorStoreOptions } from "../store/memory-vectors.ts";
