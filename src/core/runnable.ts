/** Everything that runs, and the context it runs in. */

import type { Breadcrumb } from "./errors/errors.ts";
import type { DeltaEvent, EventType, OutputsUsedEvent, RunnableKind, Usage } from "./events/event.ts";
import type { Provider } from "./events/provider.ts";
import type { Json, JsonObject, JsonSchema } from "./json/json.ts";
import type { ModelPrice } from "./model-price.ts";
import type { Policy } from "./policy.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** The declared fields of an input or output. */
export interface Shape {
  readonly fields: readonly { readonly name: string; readonly optional: boolean }[];
  /** The one field a bare value belongs to, when the shape takes one. */
  readonly bareField?: string | undefined;
  toJsonSchema(): JsonSchema;
}

/** What a settled call cost, read from its output by the runnable itself. */
export interface CallCost {
  readonly usage: Usage;
  /** Integer micro-dollars, rounded up; undefined when no price is known. */
  readonly costMicroUsd: number | undefined;
}

/**
 * Something that runs: an agent, a pattern, a model or a tool. You write `perform`; the door calls it. To run another
 * runnable from inside, use `context.call`, never its `perform`.
 */
export interface Runnable<Input = never, Output = unknown> {
  readonly name: string;
  readonly kind: RunnableKind;
  /** Does the work. Called by the door alone, once an attempt. */
  perform(input: Input, context: ExecutionContext): Promise<Output>;
  readonly input?: Shape;
  readonly output?: Shape;
  /** Plain JSON of all that decides its answer: instructions, model id, settings, hashes of tools and schemas. */
  readonly identity?: Json;
  readonly policy?: Policy;
  /** Listeners that watch its calls and everything below them. */
  readonly providers?: readonly Provider[];
  /** Fetches what its first call needs, so that whoever paces calls can have that done before; undefined once it is. */
  prepare?(): Promise<unknown> | undefined;
  /**
   * Turns what `perform` failed with into what callers get, at once or as a promise. Called by the door for each failed
   * attempt; a call that is cancelled meanwhile does not wait for it.
   */
  explain?(error: unknown, context: ExecutionContext): unknown;
  /**
   * Checks a value that somebody else made up for it, such as a handler of its failure, and gives it as it would be given,
   * at once or as a promise.
   *
   * @throws output_invalid when it does not fit.
   */
  checkOutput?(value: unknown): unknown;
  /** Reads usage and cost from an output, synchronously, as the call settles; a model is told its price where one is known. */
  costOf?(output: Output, price?: ModelPrice): CallCost | undefined;
  /** Type-only: what it takes. Inference reads these two, never a method's parameter. */
  readonly "~in"?: Input;
  /** Type-only: what it gives. */
  readonly "~out"?: Output;
}

/** Any runnable, whatever it takes and gives. */
// biome-ignore lint/suspicious/noExplicitAny: a variance bound; inputs are contravariant
export type AnyRunnable = Runnable<any, unknown>;

/** A typed slot in a context's state. Make one per fact, at module level. */
export interface StateKey<Value> {
  readonly name: string;
  readonly "~value"?: Value;
}

/** Makes a state key. Two keys of the same name are different slots. */
export function stateKey<Value>(name: string): StateKey<Value> {
  return { name };
}

/** Values that live as long as the run, or as long as a fork. */
export interface ContextState {
  get<Value>(key: StateKey<Value>): Value | undefined;
  set<Value>(key: StateKey<Value>, value: Value): void;
  has(key: StateKey<unknown>): boolean;
  delete(key: StateKey<unknown>): boolean;
}

/** How a fork differs from its parent. */
export interface ForkOptions {
  /** Position among siblings; becomes part of the path, `search[1]#0`. @default none */
  readonly index?: number;
  /** Added to the parent's metadata, for calls below the fork. */
  readonly metadata?: JsonObject;
}

/** A sensitive call that waits for a yes: the answer is bound to exactly this tool and this input. */
export interface ApprovalRequest {
  readonly tool: string;
  /** A frozen copy of the checked input. */
  readonly input: Json;
  readonly runId: string;
  readonly path: string;
}

/** What a running call sees: the door to other runnables, its signal, its run. */
export interface ExecutionContext {
  readonly runId: string;
  readonly path: string;
  readonly parent: ExecutionContext | undefined;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborts when the call is cancelled, times out, or its caller ends. Made on first read. */
  readonly signal: AbortSignal;
  /** Shared by the whole run; a fork has its own copy. */
  readonly state: ContextState;
  /** The run's metadata, plus what forks above added. Frozen. */
  readonly metadata: JsonObject;
  readonly tenant: string | undefined;
  readonly runtime: Runtime;
  /** The remarks of the run so far, oldest first; the last 100 are kept. */
  readonly breadcrumbs: readonly Breadcrumb[];
  /** Runs another runnable through the layers: the only way to nest. */
  call<Input, Output>(runnable: Runnable<Input, Output>, input: NoInfer<Input>): Promise<Output>;
  /** Makes a context with its own state copy that can be cancelled apart from its siblings. */
  fork(options?: ForkOptions): ForkedContext;
  /** Leaves a remark that every FlockError of this run carries from then on. */
  addBreadcrumb(message: string, data?: Json): void;
  /** Sends a `custom` event. Never throws, never waits. */
  emit(name: string, data?: Json): void;
  /** Sends a `warning` event. */
  warn(code: string, message: string): void;
  /** Sends a `recovery-applied` event: a failure of this code was answered by a strategy, which healed it or did not. */
  recovered(strategy: string, code: string, healed: boolean): void;
  /** Sends an `outputs-used` event. */
  usedOutputs(tools: OutputsUsedEvent["tools"]): void;
  /** Sends a `delta` event of this call. Ask `wants("delta")` first when making it costs something. */
  delta(delta: DeltaEvent["delta"]): void;
  /**
   * Hears the deltas of the calls started here (not of calls below those), beside the events; gives the way to stop. One
   * listener a context; a fork without one leaves its calls to the context it was forked from. `reset` comes also when a
   * further attempt of a call begins that had streamed something.
   */
  hearDeltas(listener: (delta: DeltaEvent["delta"]) => void): () => void;
  /** Tells whether anyone listens for a type of event in this run. */
  wants(type: EventType): boolean;
  /** Asks whoever the environment names whether a sensitive call may happen; without anyone to ask the answer is no. */
  approve(request: ApprovalRequest): Promise<boolean>;
  /** Finds the model to use: the one given (a string or a language model), else the environment's choice. */
  resolveModel(model: unknown, agent: string): AnyRunnable;
}

/** A fork: cancel it and everything below it ends; its parent and siblings go on. */
export interface ForkedContext extends ExecutionContext, Disposable {
  /** Ends all calls of the fork with this reason. */
  cancel(reason?: unknown): void;
}
