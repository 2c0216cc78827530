/** Follows a runnable that works inside runs nobody shows us: its own calls, and what was used inside them. */

import type { CallEndEvent, CallStartEvent, Usage } from "../../core/events/event.ts";
import { callerPath } from "../record/run-entry.ts";

/** A call that is followed, with what was used inside it so far. */
export interface FollowedCall {
  readonly startedAt: number;
  /** Sum over it and the calls inside; undefined when none told any. */
  usage: Usage | undefined;
  /** Sum of what is known. */
  costMicroUsd: number | undefined;
}

/** The outermost calls among those it is told of. A call inside another is part of it. */
export class NestedCalls {
  readonly #runs = new Map<string, Map<string, FollowedCall>>();

  /** Follows a call that began; false when it is part of one that is followed already. */
  begin({ runId, path, time }: CallStartEvent): boolean {
    const run = this.#runs.get(runId);
    if (run !== undefined && outermost(run, path) !== undefined) return false;
    const call = { startedAt: time, usage: undefined, costMicroUsd: undefined };
    if (run === undefined) this.#runs.set(runId, new Map([[path, call]]));
    else run.set(path, call);
    return true;
  }

  /** Counts a call that ended; gives the followed call when it was that itself. */
  end({ runId, path, usage, costMicroUsd }: CallEndEvent): FollowedCall | undefined {
    const run = this.#runs.get(runId);
    const call = run && outermost(run, path);
    if (run === undefined || call === undefined) return undefined;
    if (usage !== undefined) call.usage = call.usage === undefined ? usage : sumOf(call.usage, usage);
    if (costMicroUsd !== undefined) call.costMicroUsd = (call.costMicroUsd ?? 0) + costMicroUsd;
    if (run.get(path) !== call) return undefined;
    run.delete(path);
    if (run.size === 0) this.#runs.delete(runId);
    return call;
  }
}

/** Looks up a path and each path above it, so that the number of followed calls does not matter. */
function outermost(run: ReadonlyMap<string, FollowedCall>, path: string): FollowedCall | undefined {
  for (let above: string | undefined = path; above !== undefined; above = callerPath(above)) {
    const call = run.get(above);
    if (call !== undefined) return call;
  }
  return undefined;
}

function sumOf(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  };
}
