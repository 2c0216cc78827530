/** Makes the events of whole runs from a short description, as the door would send them. */

import { codeOf } from "../../src/core/errors/errors.ts";
import type {
  AttemptRecord,
  CacheState,
  FlockEvent,
  Outcome,
  RunnableKind,
  StreamTiming,
  Usage,
} from "../../src/core/events/event.ts";
import { FailureReference } from "../../src/core/events/failure-reference.ts";
import { InputReference } from "../../src/core/events/input-reference.ts";

/** One call of a described run; times are milliseconds from the start of its caller. */
export interface DescribedCall {
  readonly name: string;
  readonly kind?: RunnableKind;
  /** @default right after the call before it */
  readonly at?: number;
  /** Milliseconds; by default as long as the calls inside take. */
  readonly ms?: number;
  readonly input?: unknown;
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  readonly outcome?: Outcome;
  readonly code?: string;
  /** What it failed with, or an attempt before it succeeded. */
  readonly error?: unknown;
  /** @default one more than those that failed before the end */
  readonly attempts?: number;
  /** Attempts that failed; the last of them, when the call fails too, fails as it does. */
  readonly failedAttempts?: readonly { readonly error: unknown; readonly ms: number }[];
  /** How its attempts ended. @default not known */
  readonly tried?: readonly AttemptRecord[];
  readonly queueMs?: number;
  readonly tokens?: number;
  /** Tokens by their kind, in the place of `tokens`. */
  readonly usage?: Partial<Usage>;
  /** What answered in its place. */
  readonly answeredBy?: string;
  /** What it gave. */
  readonly output?: unknown;
  readonly costMicroUsd?: number;
  readonly cacheState?: CacheState;
  readonly stream?: StreamTiming;
  readonly calls?: readonly DescribedCall[];
}

/** Where and when a described run happens. */
export interface RunPlace {
  readonly runId: string;
  readonly time?: number;
  readonly tenant?: string;
}

export const startOfTime = Date.UTC(2026, 0, 1);

const outputs = new WeakMap<FlockEvent, unknown>();

/** Gives what a call gave, as parts of the framework are told with its end. */
export function outputOf(event: FlockEvent): unknown {
  return outputs.get(event);
}

const noTokens: Usage = {
  ...{ inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
};

/** Gives the tokens of a call, a quarter of them output. */
export function usageOf(tokens: number): Usage {
  const outputTokens = Math.floor(tokens / 4);
  const inputTokens = tokens - outputTokens;
  return { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
}

/** Gives the events of a run in order of time. */
export function eventsOf(root: DescribedCall, { runId, time = startOfTime, tenant }: RunPlace): FlockEvent[] {
  const events: FlockEvent[] = [];
  let tokens = 0;
  let cost: number | undefined;
  const send = (call: DescribedCall, path: string, startMs: number): number => {
    const { name, kind = call.calls === undefined ? "model" : "agent" } = call;
    const head = { v: 1, runId, path, name, kind } as const;
    const { reads = [], writes = [], failedAttempts = [], queueMs = 0, cacheState } = call;
    events.push({
      ...head,
      time: startMs,
      type: "call-start",
      input: new InputReference(call.input ?? {}),
      reads,
      writes,
      attempt: 1,
    });
    let cursor = startMs;
    let last = startMs;
    const ordinals = call.calls ?? [];
    for (const [index, inner] of ordinals.entries()) {
      const at = inner.at === undefined ? cursor : startMs + inner.at;
      cursor = send(inner, `${path}/${inner.name}#${index}`, at);
      last = Math.max(last, cursor);
    }
    const durationMs = call.ms ?? last - startMs;
    const failsToo = call.outcome === "error";
    const { attempts = Math.max(1, failedAttempts.length + (failsToo ? 0 : 1)) } = call;
    let failedAt = startMs;
    for (const [index, { error, ms }] of failedAttempts.entries()) {
      failedAt += ms;
      const failure = new FailureReference(error, codeOf(error));
      const place = index === 0 ? path : `${path}@${index + 1}`;
      const ended = { attempt: index + 1, outcome: "error", durationMs: ms, code: codeOf(error), failure } as const;
      events.push({ ...head, path: place, time: failedAt, type: "attempt-end", ...ended });
    }
    const failed = call.error ?? failedAttempts.at(-1)?.error;
    tokens += call.tokens ?? 0;
    if (call.costMicroUsd !== undefined) cost = (cost ?? 0) + call.costMicroUsd;
    const end: FlockEvent = {
      ...{
        ...head,
        time: startMs + durationMs,
        type: "call-end",
        outcome: call.outcome ?? "ok",
        durationMs,
        queueMs,
        attempts,
      },
      tried: call.tried,
      usage: usageIn(call),
      ...{ costMicroUsd: call.costMicroUsd, cacheState, stream: call.stream, code: call.code },
      answeredBy: call.answeredBy,
      failure: failed === undefined ? undefined : new FailureReference(failed, codeOf(failed)),
    };
    outputs.set(end, call.output);
    events.push(end);
    return startMs + durationMs;
  };
  const kind = root.kind ?? (root.calls === undefined ? "model" : "agent");
  const end = send(root, `run/${root.name}#0`, time);
  events.sort((a, b) => a.time - b.time);
  return [
    { v: 1, type: "run-start", runId, path: "run", time, name: root.name, kind, tenant },
    ...events,
    {
      ...{ v: 1, type: "run-end", runId, path: "run", time: end, name: root.name, outcome: root.outcome ?? "ok" },
      ...{
        durationMs: end - time,
        usage: tokens === 0 ? undefined : usageOf(tokens),
        costMicroUsd: cost,
        code: root.code,
      },
    } as FlockEvent,
  ];
}

function usageIn({ usage, tokens }: DescribedCall): Usage | undefined {
  if (usage !== undefined) return { ...noTokens, ...usage };
  return tokens === undefined ? undefined : usageOf(tokens);
}
