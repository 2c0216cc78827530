/** Tells of recorded calls how each of their attempts went, apart from what was called instead of them. */

import type { AttemptRecord } from "../../../core/events/event.ts";
import type { CallNode } from "../../record/call-tree.ts";
import { servedMs } from "./recorded-calls.ts";
import { type Backoff, waitsMs } from "./retry-waits.ts";

/** Attempts that a record keeps of one call. */
const mostKept = 32;

/** A call and its attempts. */
export interface AttemptStory {
  readonly node: CallNode;
  /** Those of the runnable itself, oldest first; more than 32 are not all kept. */
  readonly own: readonly AttemptRecord[];
  /** How many of those there were. */
  readonly tries: number;
  /** One of them answered; else something was called instead, or the call failed. */
  readonly isHealed: boolean;
  /** Milliseconds from the start of the call to the end of the last of them. */
  readonly endedMs: number;
}

/** The recorded calls of one runnable whose attempts can be set. */
export interface RetriedCalls {
  readonly name: string;
  /** Attempts at most, as they are set. */
  readonly most: number;
  readonly stories: readonly AttemptStory[];
  readonly backoff: Backoff;
}

/**
 * Gives the stories of calls that were not cancelled and that no cache answered. Records of before attempts were kept have
 * their number alone: there each took an equal part of the time, less the waits as they are expected.
 */
export function storiesOf(nodes: readonly CallNode[], backoff: Backoff): readonly AttemptStory[] {
  return nodes
    .filter(({ call }) => call.attempts > 0 && call.outcome !== "cancelled")
    .map((node) => storyOf(node, node.call.tried ?? guessed(node, backoff)));
}

function storyOf(node: CallNode, tried: readonly AttemptRecord[]): AttemptStory {
  const { name, attempts } = node.call;
  const own = tried.filter((attempt) => attempt.name === name && attempt.outcome !== "cancelled");
  return {
    node,
    own,
    tries: own.length + Math.max(0, attempts - tried.length),
    isHealed: own.some(({ outcome }) => outcome === "ok"),
    endedMs: own.reduce((latest, { endedMs }) => Math.max(latest, endedMs), 0),
  };
}

function guessed(node: CallNode, backoff: Backoff): readonly AttemptRecord[] {
  const { name, attempts, outcome, durationMs } = node.call;
  // What failed is left open: of calls that were healed it may not be known, and then would seem to be another kind.
  const failed = { name, outcome: "error", code: undefined, costMicroUsd: undefined } as const;
  const last = { ...failed, outcome };
  // Of more than are kept of any call, nothing but the end is known.
  if (attempts > mostKept) return [{ ...last, beganMs: 0, endedMs: durationMs }];
  const each = Math.max(0, servedMs(node) - waitsMs(backoff, attempts)) / attempts;
  return Array.from({ length: attempts }, (_, index) => {
    const isLast = index === attempts - 1;
    const beganMs = Math.min(durationMs, each * index + waitsMs(backoff, index + 1));
    return { ...(isLast ? last : failed), beganMs, endedMs: isLast ? durationMs : beganMs + each };
  });
}
