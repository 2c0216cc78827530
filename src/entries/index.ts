/** The main front door, `flock-ts`: agents, tools, orchestration, and the house they run in. */

import "../flock.ts";

export { DeclarativeAgent, type DeclarativeAgentOptions } from "../agent/declarative-agent.ts";
export type { ModelSettings } from "../agent/model-settings.ts";
export {
  type AnyTool,
  type SchemaToolOptions,
  Tool,
  type ToolApproval,
  type ToolOptions,
  tool,
} from "../agent/tool.ts";
export type { CacheChoice, CacheSettings } from "../core/cache-settings.ts";
export { executeRun, type InputOf, type OutputOf, type RunInput, streamRun } from "../core/door/run.ts";
export type { RunOptions } from "../core/door/run-options.ts";
export type { PartialValue, RunStream } from "../core/door/run-stream.ts";
export {
  type Breadcrumb,
  codeOf,
  type FailedAttempt,
  type FailureProgress,
  FlockError,
  type FlockErrorCode,
  type FlockErrorDetails,
  type FlockErrorJson,
  isFlockError,
  type ModelFailureCode,
  type ModelFailureDetails,
  modelFailureOf,
  type SourcePosition,
  type ValueIssue,
} from "../core/errors/errors.ts";
export type {
  AttemptRecord,
  EventOf,
  EventType,
  FlockEvent,
  Outcome,
  RunnableKind,
  StreamTiming,
  Usage,
} from "../core/events/event.ts";
export { EventDispatcher, type SubscribeOptions } from "../core/events/event-dispatcher.ts";
export { type Fold, foldEvents } from "../core/events/fold.ts";
export type { Provider, ProviderEvent, ProviderHost, ProviderMiddleware } from "../core/events/provider.ts";
export type { Json, JsonObject, JsonSchema } from "../core/json/json.ts";
export { type Knob, type KnobChange, Knobs } from "../core/knob.ts";
export type { Layer, LayerCall, WrapperLayer } from "../core/layer.ts";
export type { Policy } from "../core/policy.ts";
export {
  type AnyRunnable,
  type ApprovalRequest,
  type ContextState,
  type ExecutionContext,
  type ForkedContext,
  type ForkOptions,
  type Runnable,
  type Shape,
  type StateKey,
  stateKey,
} from "../core/runnable.ts";
export type { MemoryUse, Runtime, Timer } from "../core/runtime/runtime.ts";
export { Flock, type FlockOptions } from "../flock.ts";
export { OrchestrationAgent, type OrchestrationAgentOptions } from "../patterns/orchestration-agent.ts";
export { type ParseModelOutputOptions, parseModelOutput } from "../prompt/read/parse-model-output.ts";
export { type ParseSignatureOptions, parseSignature } from "../signature/parse-signature.ts";
export { TypeRegistry } from "../signature/type-registry.ts";
