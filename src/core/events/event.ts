/** What happened: one plain object an event, one union. Metrics, advice, telemetry and pages are folds over these. */

import type { Json } from "../json/json.ts";
import type { FailureReference } from "./failure-reference.ts";
import type { InputReference } from "./input-reference.ts";

/** What a runnable is. */
export type RunnableKind = "agent" | "pattern" | "model" | "tool";

/** How a call or run ended. */
export type Outcome = "ok" | "error" | "cancelled";

/** What the cache had to do with a call; absent when it was off. */
export type CacheState = "hit" | "miss" | "stale" | "joined" | "bypass" | "refresh";

/** Tokens of one model answer, or a sum of them. A part the vendor did not report is 0; `cacheRead` and `cacheWrite` are parts of `inputTokens`, `reasoning` of `outputTokens`. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
}

/** When the pieces of a streamed answer came, by the runtime's monotonic clock. */
export interface StreamTiming {
  /** Milliseconds from the start of the attempt that streamed, waits for permits left out, to its first piece. */
  readonly firstTokenMs: number;
  /** Mean milliseconds from one piece to the next; 0 when there was one piece. */
  readonly meanGapMs: number;
  readonly longestGapMs: number;
  /** Pieces of text, reasoning and tool input. */
  readonly pieces: number;
}

/** One attempt of a call that needed more than one. */
export interface AttemptRecord {
  /** What was called: the runnable itself, or what was called instead. */
  readonly name: string;
  readonly outcome: Outcome;
  readonly code: string | undefined;
  /** Milliseconds from the start of the call. */
  readonly beganMs: number;
  readonly endedMs: number;
  /** Undefined when it did not answer, or its price is not known. */
  readonly costMicroUsd: number | undefined;
}

/** What every event has. */
export interface EventHead {
  /** Format version of the event. */
  readonly v: 1;
  readonly runId: string;
  /** Where in the run it happened, such as `run/flow#0/search[1]#0`. */
  readonly path: string;
  /** Milliseconds since 1970 UTC; steady within a run, also when the wall clock steps. */
  readonly time: number;
}

/** A run began. */
export interface RunStartEvent extends EventHead {
  readonly type: "run-start";
  readonly name: string;
  readonly kind: RunnableKind;
  readonly tenant: string | undefined;
}
/** A run ended, after its outermost call. */
export interface RunEndEvent extends EventHead {
  readonly type: "run-end";
  readonly name: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Sum over all model calls of the run. */
  readonly usage: Usage | undefined;
  /** Sum of what is known; undefined when no model call had a known price. */
  readonly costMicroUsd: number | undefined;
  readonly code: string | undefined;
}
/** A call entered the door. */
export interface CallStartEvent extends EventHead {
  readonly type: "call-start";
  readonly name: string;
  readonly kind: RunnableKind;
  /** The live input in process; only hash and size as JSON. */
  readonly input: InputReference;
  /** Names of the input's declared fields. */
  readonly reads: readonly string[];
  /** Names of the output's declared fields. */
  readonly writes: readonly string[];
  readonly attempt: number;
}
/** A call ended; exactly one for each call-start. */
export interface CallEndEvent extends EventHead {
  readonly type: "call-end";
  readonly name: string;
  readonly kind: RunnableKind;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Part of the duration spent waiting for permits. */
  readonly queueMs: number;
  readonly attempts: number;
  /** In order of their ends, 32 at most; undefined when the first attempt answered. */
  readonly tried?: readonly AttemptRecord[] | undefined;
  /** Tokens of this call itself, not of calls inside it. */
  readonly usage: Usage | undefined;
  readonly costMicroUsd: number | undefined;
  readonly cacheState: CacheState | undefined;
  /** Name of what answered in its place, such as the model of a fallback; undefined when it did itself. */
  readonly answeredBy: string | undefined;
  /** When the pieces of a model's last attempt came; undefined when it did not stream. */
  readonly stream: StreamTiming | undefined;
  /** Why a model ended its answer, such as "stop" or "length"; undefined for all else, and for what a cache answered. */
  readonly finishReason?: string | undefined;
  /** The error's code when the outcome is not ok. */
  readonly code: string | undefined;
  /** The live error in process, only code and fingerprint as JSON; of an ok call that of the last attempt that failed. */
  readonly failure: FailureReference | undefined;
}
/** One try of a call began; the first one too. */
export interface AttemptStartEvent extends EventHead {
  readonly type: "attempt-start";
  readonly name: string;
  readonly kind: RunnableKind;
  readonly attempt: number;
}
/** One try of a call ended. */
export interface AttemptEndEvent extends EventHead {
  readonly type: "attempt-end";
  readonly name: string;
  readonly kind: RunnableKind;
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly code: string | undefined;
  /** The live error in process, only code and fingerprint as JSON; undefined when the attempt succeeded. */
  readonly failure: FailureReference | undefined;
}
/** How many outputs of a tool were used, of those where that can be told. */
export interface OutputUse {
  readonly tool: string;
  readonly used: number;
  readonly of: number;
}
/** An agent that called tools has answered. Told of its first 32 such calls, then of one in 64. */
export interface OutputsUsedEvent extends EventHead {
  readonly type: "outputs-used";
  readonly name: string;
  /** One for each tool: a sign, not a proof, since words are compared and not what they mean. */
  readonly tools: readonly OutputUse[];
}
/** A piece of an answer that is still being made. */
export interface DeltaEvent extends EventHead {
  readonly type: "delta";
  readonly delta:
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "reasoning"; readonly text: string }
    | { readonly kind: "tool-input"; readonly toolCallId: string; readonly tool: string; readonly text: string }
    /** The answer so far, typed as the output with every part still optional. Made when first read, then never changed. */
    | { readonly kind: "partial"; readonly value: unknown }
    /** The input of a tool call so far, told on the path of the agent whose model writes it. */
    | { readonly kind: "tool-partial"; readonly toolCallId: string; readonly tool: string; readonly value: unknown }
    /** Older pieces of this path, and of the attempts of the call at it, are void: the answer is made again. */
    | { readonly kind: "reset" };
}
/** The whole answer of an agent or pattern; also on a cache hit. Given to listeners of the run itself, never recorded. */
export interface OutputEvent extends EventHead {
  readonly type: "output";
  readonly name: string;
  readonly value: unknown;
}
/** A call began to wait for something limited. */
export interface WaitStartEvent extends EventHead {
  readonly type: "wait-start";
  readonly resource: string;
}
/** The wait ended. */
export interface WaitEndEvent extends EventHead {
  readonly type: "wait-end";
  readonly resource: string;
  readonly waitedMs: number;
}
/** A failure was answered by a recovery: a retry, a fallback, a value. */
export interface RecoveryAppliedEvent extends EventHead {
  readonly type: "recovery-applied";
  readonly strategy: string;
  readonly code: string;
  readonly healed: boolean;
}
/** A circuit breaker changed its state. */
export interface BreakerChangedEvent extends EventHead {
  readonly type: "breaker-changed";
  readonly key: string;
  readonly from: "closed" | "open" | "half-open";
  readonly to: "closed" | "open" | "half-open";
}
/** An alert began. */
export interface AlertFiredEvent extends EventHead {
  readonly type: "alert-fired";
  readonly alert: string;
  readonly severity: "warning" | "critical";
  readonly value: number;
  readonly threshold: number;
}
/** An alert ended. */
export interface AlertResolvedEvent extends EventHead {
  readonly type: "alert-resolved";
  readonly alert: string;
  readonly value: number;
}
/** A live setting was changed. It belongs to no run: `runId` is empty and `path` is `flock`. */
export interface KnobChangedEvent extends EventHead {
  readonly type: "knob-changed";
  readonly knob: string;
  readonly from: Json;
  readonly to: Json;
}
/** Something a person should know that changed no result. */
export interface WarningEvent extends EventHead {
  readonly type: "warning";
  readonly code: string;
  readonly message: string;
}
/** An event of the user's own. */
export interface CustomEvent extends EventHead {
  readonly type: "custom";
  readonly name: string;
  readonly data: Json | undefined;
}

/** Every event. */
export type FlockEvent =
  | RunStartEvent
  | RunEndEvent
  | CallStartEvent
  | CallEndEvent
  | AttemptStartEvent
  | AttemptEndEvent
  | DeltaEvent
  | OutputEvent
  | WaitStartEvent
  | WaitEndEvent
  | RecoveryAppliedEvent
  | BreakerChangedEvent
  | AlertFiredEvent
  | AlertResolvedEvent
  | KnobChangedEvent
  | OutputsUsedEvent
  | WarningEvent
  | CustomEvent;

/** The name of an event. */
export type EventType = FlockEvent["type"];
/** The event of a name. */
export type EventOf<Type extends EventType> = Extract<FlockEvent, { readonly type: Type }>;

/** One bit a type, so that "does anyone want this?" is one AND on the hot path. */
export const eventBits: { readonly [Type in EventType]: number } = {
  "run-start": 1 << 0,
  "run-end": 1 << 1,
  "call-start": 1 << 2,
  "call-end": 1 << 3,
  "attempt-start": 1 << 4,
  "attempt-end": 1 << 5,
  delta: 1 << 6,
  output: 1 << 7,
  "wait-start": 1 << 8,
  "wait-end": 1 << 9,
  "recovery-applied": 1 << 10,
  "breaker-changed": 1 << 11,
  "alert-fired": 1 << 12,
  "alert-resolved": 1 << 13,
  "knob-changed": 1 << 14,
  warning: 1 << 15,
  custom: 1 << 16,
  "outputs-used": 1 << 17,
};

/** All event types, in the order of the union. */
export const eventTypes: readonly EventType[] = Object.keys(eventBits) as EventType[];

/** Everything but the pieces of answers, which cost a streaming request: what a listener gets that names no types. */
export const defaultEventTypes: readonly EventType[] = eventTypes.filter((type) => type !== "delta");

/** Gives the bits of some types together. */
export function maskOf(types: readonly EventType[]): number {
  let mask = 0;
  for (const type of types) mask |= eventBits[type];
  return mask;
}
