/** What is kept of past runs, as plain data: the recorder writes it, introspection and faces read it. */

import type { FailureDescription } from "./describe-failure.ts";
import {
  type AttemptRecord,
  type CacheState,
  maskOf,
  type Outcome,
  type OutputUse,
  type RunnableKind,
  type StreamTiming,
  type Usage,
} from "./event.ts";

/** Bits of the events that a history is made of. */
export const recordedEvents: number = maskOf(["run-start", "run-end", "call-start", "call-end", "outputs-used"]);

/** What is kept of a failure. */
export interface FailureRecord extends FailureDescription {
  readonly code: string;
}

/** One call of a recorded run. Never holds an input or an output. */
export interface CallRecord {
  readonly runId: string;
  /** Where in the run it happened, such as `run/flow#0/search[1]#0`. */
  readonly path: string;
  readonly name: string;
  readonly kind: RunnableKind;
  /** Milliseconds since 1970 UTC. */
  readonly startMs: number;
  /** 0 while `ended` is false. */
  readonly durationMs: number;
  /** Part of the duration spent waiting for permits. */
  readonly queueMs: number;
  readonly outcome: Outcome;
  /** False for a call that was still open when its run ended; its outcome counts as cancelled. */
  readonly ended: boolean;
  readonly code: string | undefined;
  /** What it failed with, or an attempt of it did before another one succeeded; known a moment after the first failure in the process. */
  readonly failure: FailureRecord | undefined;
  /** Tokens of this call itself, not of calls inside it. */
  readonly usage: Usage | undefined;
  readonly costMicroUsd: number | undefined;
  readonly attempts: number;
  /** In order of their ends, 32 at most; undefined when the first attempt answered. */
  readonly tried?: readonly AttemptRecord[] | undefined;
  readonly cacheState: CacheState | undefined;
  /** Name of what answered in its place, such as the model of a fallback; undefined when it did itself. */
  readonly answeredBy: string | undefined;
  /** When the pieces of a model's answer came; undefined when it was not streamed. */
  readonly stream: StreamTiming | undefined;
  /** Names of the input's declared fields. */
  readonly reads: readonly string[];
  /** Names of the output's declared fields. */
  readonly writes: readonly string[];
  /** The same number for equal inputs (53 bits, whatever the order of keys); undefined when the input is no plain JSON or hashing is off. */
  readonly inputHash: number | undefined;
  /**
   * Like `inputHash`, and the same number too for inputs whose texts of up to 256 characters differ in case and surplus white
   * space alone (32 bits); undefined in records of versions that did not tell.
   */
  readonly looseInputHash: number | undefined;
  /** About how many characters the input's text has; 0 when there is no hash. */
  readonly inputSize: number;
  /** Of an agent that called tools: whether its answer took up what they gave. Undefined when that was not looked at. */
  readonly outputUse?: readonly OutputUse[] | undefined;
  /**
   * For each of `writes` a number, the same for values of an agent's answer that are alike, or null where the value cannot be
   * compared, such as a long text. Undefined unless the agent was seen with two models, or the recorder was told to.
   */
  readonly outputHashes: readonly (number | null)[] | undefined;
}

/** One recorded run. */
export interface RunRecord {
  readonly runId: string;
  /** Name of its outermost runnable. */
  readonly name: string;
  readonly kind: RunnableKind;
  readonly tenant: string | undefined;
  /** Milliseconds since 1970 UTC. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly outcome: Outcome;
  readonly code: string | undefined;
  readonly usage: Usage | undefined;
  /** Sum of what is known; undefined when no model call had a known price. */
  readonly costMicroUsd: number | undefined;
  /** In order of their start, the outermost first. */
  readonly calls: readonly CallRecord[];
  /** Calls that were not kept: beyond the limit of one run, or thinned out of old runs. */
  readonly droppedCalls: number;
}

/** The last runs of an environment, in bounded memory. */
export interface RunHistory {
  /** How many runs are kept now. */
  readonly size: number;
  /** Gives finished runs, oldest first; with a name only those whose outermost runnable has it. */
  runs(name?: string): readonly RunRecord[];
  /** Gives the calls of finished runs in order of run and start; with a name only those of that runnable. */
  calls(name?: string): readonly CallRecord[];
  /** Forgets everything. */
  clear(): void;
}

/** Takes finished runs on to where they outlive the process. */
export interface RunSink {
  /** The hashes of agents' answers are wanted from the start, not only once an agent was seen with two models. @default false */
  readonly comparesAnswers?: boolean;
  /** Never throws and never waits. */
  add(run: RunRecord): void;
  /** Settles once what was added is kept, or cannot be. Never rejects. */
  flush(): Promise<void>;
}
