/** What changes a call: guards and slots for the built-in layers, wrappers for the user's own. */

import type { CacheChoice } from "./cache-settings.ts";
import type { BreakerChangedEvent, CacheState } from "./events/event.ts";
import type { PieceListener } from "./events/stream-timing.ts";
import type { Json } from "./json/json.ts";
import type { Knobs } from "./knob.ts";
import type { ModelPrice } from "./model-price.ts";
import type { CacheMode } from "./policy.ts";
import type { RecoveryChoice } from "./recovery-settings.ts";
import type { FlockResources, ResourceKeeper } from "./resource-settings.ts";
import type { AnyRunnable, CallCost, ExecutionContext } from "./runnable.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** What layers may know of a run. */
export interface RunFacts {
  /** The house it takes place in; the key of what a layer keeps for all its runs. */
  readonly environment: object;
  readonly id: string;
  readonly tenant: string | undefined;
  readonly priority: number;
  readonly cacheMode: CacheMode;
  readonly budgetUsd: number | undefined;
  /** What it has cost so far; undefined while no price is known. */
  readonly costMicroUsd: number | undefined;
}

/** What is different in a further attempt. */
export interface AttemptChanges {
  readonly runnable?: AnyRunnable;
  readonly input?: unknown;
  /** Told of the attempt before it starts. */
  readonly begun?: ((attempt: LayerCall) => void) | undefined;
}

/** A call as layers see it. */
export interface LayerCall {
  readonly runnable: AnyRunnable;
  readonly input: unknown;
  readonly path: string;
  readonly runId: string;
  /** Which try this is; 1 for the first. */
  readonly attempt: number;
  /** How many tries of the whole call were made so far. */
  readonly attempts: number;
  /** The call that made this one. */
  readonly caller: LayerCall | undefined;
  /** The call that this is one attempt of; itself when it is no further attempt. */
  readonly whole: LayerCall;
  /** A tool that may not be called twice was called in it, so it may not be repeated. */
  readonly hasActed: boolean;
  /** Pieces of its answer came already. */
  readonly hasSpoken: boolean;
  /** Its value is that of something else that was called instead, or made up: no cache keeps it. */
  isSubstitute: boolean;
  /** Aborts when the whole call ends, however it ends. Made on first read. */
  readonly ended: AbortSignal;
  /** Somebody else ended it: its run's signal, or a caller that ended first. */
  readonly wasCancelled: boolean;
  /** True for the outermost call of a run. */
  readonly isRoot: boolean;
  /** The run's own limit on its outermost call, in milliseconds. */
  readonly runTimeoutMs: number | undefined;
  /** What all calls of the run share; the key of what a layer keeps for a run. */
  readonly run: RunFacts;
  /** What the attempt gave, while its guards leave; or what the cache gave. */
  readonly output: unknown;
  /** Tokens and cost of what the attempt gave, where the runnable can tell; while its guards leave. */
  readonly cost: CallCost | undefined;
  /** Monotonic milliseconds at which the call entered the door. */
  readonly startedAt: number;
  readonly runtime: Runtime;
  readonly context: ExecutionContext;
  /** Ends the whole call with this error; what runs below it is cancelled. Nothing happens once it has ended. */
  fail(error: unknown): void;
  /** Ends this attempt with this error, so that recovery may try again. */
  failAttempt(error: unknown): void;
  /** Tells that a breaker before what it calls changed. */
  breakerChanged(key: string, from: BreakerChangedEvent["from"], to: BreakerChangedEvent["to"]): void;
  /** Tells that the call waits for something scarce. */
  waitStart(resource: string): void;
  /** Tells that the wait is over, and counts it for `queueMs`. */
  waitEnd(resource: string, waitedMs: number): void;
  /**
   * Runs one more attempt, at a path of its own; with another input, or of another runnable with all its layers. Ends with
   * the call, whoever else may win.
   */
  again(changes?: AttemptChanges): Promise<unknown>;
  /** Ends it, as its caller's end would. */
  cancel(reason?: unknown): void;
  /**
   * Hears each streamed piece of the call's attempts, and of which it is; gives the way to stop. The model is asked to
   * stream for it only with `mustStream`.
   */
  hearPieces(listener: PieceListener, mustStream?: boolean): () => void;
  /** The same call to another runnable or with another input; the types stay the same. */
  with(changes: { readonly runnable?: AnyRunnable; readonly input?: unknown }): LayerCall;
  /** Gives what the guard of this slot kept on the call. */
  getSlot(slot: number): unknown;
  /** Keeps something on the call until the guard leaves. */
  setSlot(slot: number, value: unknown): void;
}

/**
 * A built-in layer around one kind of call. `enter` runs before, outermost first; `leave` runs once for each `enter` that
 * did not fail, innermost first, however the call ends. Both are synchronous unless `enter` must wait.
 */
export interface Guard {
  enter(call: LayerCall, slot: number): void | Promise<void>;
  leave(call: LayerCall, slot: number, error: unknown): void;
}

/** What a cache found: a value, or the failure of the call that was waited for. */
export interface CacheAnswer {
  readonly value: unknown;
  readonly state: CacheState;
  /** The value is the error of a call with the same question. @default false */
  readonly isError?: boolean;
}

/** What a lookup found: an answer; nothing, so that the work is ours; or that this call neither asks nor keeps, or asks anew. */
export type CacheFinding = CacheAnswer | undefined | "bypass" | "refresh";

/**
 * The cache's place in the door. Exactly one of `store` and `abandon` follows a lookup that found nothing or asks anew;
 * `leave` follows one that had not answered when its call ended, and then `abandon` when it still gives the work away.
 * `disown` may follow a call that has ended well: its output turned out wrong and must not be given again.
 */
export interface CacheSlot {
  lookup(call: LayerCall): CacheFinding | Promise<CacheFinding>;
  store(call: LayerCall, value: unknown): void;
  abandon(call: LayerCall, error: unknown): void;
  leave?(call: LayerCall): void;
  disown?(call: LayerCall): void;
}

/** Recovery's place in the door: the one retry loop, which makes further attempts with {@link LayerCall.again}. */
export interface RecoverySlot {
  /**
   * Answers for a call whose attempt failed: its value, or the error it ends with. Undefined where nothing is to be done.
   * The door asks once a call; a call that ends meanwhile does not wait for the answer.
   */
  recover(call: LayerCall, error: unknown): Promise<unknown> | undefined;
  /** Runs the attempts of a call from the first one on; undefined lets the door run the first. */
  lead?(call: LayerCall): Promise<unknown> | undefined;
}

/** What a layer may know when it is asked for its part. */
export interface LayerHost {
  readonly runtime: Runtime;
  readonly knobs: Knobs;
  /** Says that a live setting changed, so that plans are made anew. */
  replan(): void;
  /** What decides the answers of agents that name no model: the identity of the environment's own one. */
  modelIdentity(): Json;
  /** Whether and how answers of all models and idempotent tools are kept. @default false */
  readonly cache?: CacheChoice | undefined;
  /** Limits of everything in the environment. @default none */
  readonly resources?: FlockResources | ResourceKeeper | undefined;
  /** What to do about failures of everything in the environment. @default what models do by themselves */
  readonly recovery?: RecoveryChoice | undefined;
  /** The plans asked for are those of runs with a budget. @default false */
  readonly isBudgeted?: boolean;
  /** What a model's tokens cost; undefined when it is not known, or {@link loadPrices} is still to be waited for. */
  priceOf(runnable: AnyRunnable): ModelPrice | undefined;
  /** Gives the prices at hand; undefined once they are. */
  loadPrices(): Promise<void> | undefined;
  /** Runs a runnable as a run of its own, whose caches are refreshed: for work that nobody waits for. */
  refresh(runnable: AnyRunnable, input: unknown, tenant: string | undefined): Promise<unknown>;
}

/** A layer that is off for a runnable gives undefined and costs nothing there. */
interface LayerHead {
  readonly name: string;
  /** One sentence: why it stands where it stands. */
  readonly reason: string;
}
/** Guards a whole call, or each attempt of it. */
export interface GuardLayer extends LayerHead {
  readonly form: "call-guard" | "attempt-guard";
  guardFor(runnable: AnyRunnable, host: LayerHost): Guard | undefined;
}
/** Answers from memory. */
export interface CacheLayer extends LayerHead {
  readonly form: "cache";
  slotFor(runnable: AnyRunnable, host: LayerHost): CacheSlot | undefined;
}
/** Decides after failures. */
export interface RecoveryLayer extends LayerHead {
  readonly form: "recovery";
  slotFor(runnable: AnyRunnable, host: LayerHost): RecoverySlot | undefined;
}
/**
 * A user's own layer, outside the built-in ones. `next` runs the rest 0, 1 or many times; each further run is an attempt
 * with its own path. Give it the call, or `call.with(…)` to replace runnable or input by one of the same types.
 */
export interface WrapperLayer {
  readonly form: "wrapper";
  readonly name: string;
  /** @default every runnable */
  appliesTo?(runnable: AnyRunnable): boolean;
  wrap(call: LayerCall, next: (call: LayerCall) => Promise<unknown>): Promise<unknown>;
}

/** Something around the door. */
export type Layer = GuardLayer | CacheLayer | RecoveryLayer | WrapperLayer;
