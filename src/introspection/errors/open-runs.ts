/** The runs and calls that are open, so that a failure is counted where it began and known by what came before it. */

import type { CallStartEvent } from "../../core/events/event.ts";
import { InputReference, liveInput } from "../../core/events/input-reference.ts";
import { fingerprintOf } from "../record/input-fingerprint.ts";
import { callerPath } from "../record/run-entry.ts";
import type { FailedCall, GroupRecord } from "./error-group.ts";

const mostRuns = 4_096;
const mostCalls = 1_024;
const mostKinds = 16;
const nothing: readonly GroupRecord[] = Object.freeze([]);

/** A call that has begun and not ended. */
export interface OpenCall extends FailedCall {
  readonly parent: OpenCall | undefined;
  model: string | undefined;
  tool: string | undefined;
  /** The groups of its failed attempts, in order; and of those that began in itself. */
  failed: readonly GroupRecord[];
  begun: readonly GroupRecord[];
  lastKind: { readonly fingerprint: string; readonly code: string } | undefined;
  firstFailedAt: number | undefined;
  /** Failures of calls inside, which may be passed on. */
  inner: Map<string, GroupRecord> | undefined;
  /** What was tried on it, and whether it healed it. */
  answers: readonly { readonly strategy: string; readonly group: GroupRecord; readonly healed: boolean }[];
  /** Spent in it so far, and how much of that failed attempts were charged with. */
  tokens: number;
  costMicroUsd: number;
  chargedTokens: number;
  chargedMicroUsd: number;
}

/** A run that has begun and not ended. */
export interface OpenRun {
  readonly id: string;
  /** False when its beginning was not seen: it ends with the outermost call that was. */
  readonly announced: boolean;
  readonly calls: Map<string, OpenCall>;
  /** Kinds of failures it met. */
  readonly groups: GroupRecord[];
  lostTo: GroupRecord | undefined;
}

/** The open runs, at most 4,096 of up to 1,024 open calls; the oldest is let go of first. */
export class OpenRuns {
  readonly #runs = new Map<string, OpenRun>();
  readonly #onDrop: (call: OpenCall) => void;

  /** @param onDrop is told each call whose end will not be seen. */
  constructor(onDrop: (call: OpenCall) => void) {
    this.#onDrop = onDrop;
  }

  get(runId: string): OpenRun | undefined {
    return this.#runs.get(runId);
  }

  open(id: string, announced: boolean): OpenRun {
    const known = this.#runs.get(id);
    if (known !== undefined) return known;
    if (this.#runs.size >= mostRuns) for (const oldest of this.#runs.keys()) if (this.close(oldest)) break;
    const run: OpenRun = { id, announced, calls: new Map(), groups: [], lostTo: undefined };
    this.#runs.set(id, run);
    return run;
  }

  close(id: string): boolean {
    const run = this.#runs.get(id);
    if (run === undefined) return false;
    for (const call of run.calls.values()) this.#onDrop(call);
    return this.#runs.delete(id);
  }
}

/** Opens a call; undefined when there are too many, or it is open already. */
export function openCall(run: OpenRun, event: CallStartEvent, concurrency: number): OpenCall | undefined {
  if (run.calls.size >= mostCalls || run.calls.has(event.path)) return undefined;
  const above = callerPath(event.path);
  const parent = above === undefined ? undefined : run.calls.get(above);
  const { name, kind } = event;
  if (parent !== undefined && kind === "model") parent.model = name;
  if (parent !== undefined && kind === "tool") parent.tool = name;
  // A prompt follows from its caller's input, and is by far the largest.
  const input = kind === "model" && parent !== undefined ? undefined : lookAt(event.input);
  const call: OpenCall = {
    name,
    kind,
    parent,
    root: parent?.root ?? name,
    caller: parent?.name,
    concurrency,
    agent: kind === "agent" ? name : parent?.agent,
    inputHash: input === undefined ? parent?.inputHash : input.hash,
    inputSize: input === undefined ? parent?.inputSize : input.size,
    model: undefined,
    tool: undefined,
    failed: nothing,
    begun: nothing,
    lastKind: undefined,
    firstFailedAt: undefined,
    inner: undefined,
    answers: [],
    tokens: 0,
    costMicroUsd: 0,
    chargedTokens: 0,
    chargedMicroUsd: 0,
  };
  run.calls.set(event.path, call);
  return call;
}

/** Notes that a run met a kind of failure. */
export function meet(run: OpenRun, group: GroupRecord): void {
  if (run.groups.includes(group) || run.groups.length >= mostKinds) return;
  run.groups.push(group);
  group.runs++;
}

/** Gives hash and size of an input: of the live one, or as they were written down. */
function lookAt(input: unknown): { readonly hash: number | undefined; readonly size: number | undefined } {
  if (input instanceof InputReference) return fingerprintOf(liveInput(input)) ?? { hash: undefined, size: undefined };
  const { hash, size } = (input ?? {}) as { readonly hash?: unknown; readonly size?: unknown };
  return {
    hash: typeof hash === "number" ? hash : typeof hash === "string" ? fingerprintOf(hash)?.hash : undefined,
    size: typeof size === "number" && size > 0 ? size : undefined,
  };
}
