/** The front door `flock-ts/providers`: listeners with a lifetime. */

export type { Provider, ProviderHost, ProviderMiddleware } from "../core/provider.ts";
export { AuditProvider, type AuditProviderOptions } from "../providers/audit-provider.ts";
export { MetricsProvider, type MetricsProviderOptions } from "../providers/metrics-provider.ts";
export {
  type AnswerSearchOptions,
  type RememberedAnswer,
  VectorStoreProvider,
  type VectorStoreProviderOptions,
} from "../providers/vector-store-provider.ts";
