/** The front door `flock-ts/providers`: listeners with a lifetime. */

export type { Provider, ProviderHost, ProviderMiddleware } from "../core/provider.ts";
export {
  type AnswerSearchOptions,
  type RememberedAnswer,
  VectorStoreProvider,
  type VectorStoreProviderOptions,
} from "../providers/vector-store-provider.ts";
