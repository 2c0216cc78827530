/** Takes from an answer what may be kept: of a model's all but the traffic with its vendor. */

import type { RunnableKind } from "../../../core/events/event.ts";

/** What may be kept of an answer. */
export interface CompleteAnswer {
  readonly value: unknown;
  /** False for one that was cut off or refused: it is given to those who wait, and not kept. */
  readonly isComplete: boolean;
}

/** A model's answer, as far as this file looks at it. */
interface ModelAnswer {
  readonly finishReason?: { readonly unified?: unknown };
  readonly request?: unknown;
  readonly response?: { readonly id?: unknown; readonly modelId?: unknown };
}

/** Gives what may be kept. Headers and bodies of vendors' requests and responses are left out: they may hold secrets. */
export function completeAnswer(kind: RunnableKind, value: unknown): CompleteAnswer {
  if (kind !== "model" || typeof value !== "object" || value === null) return { value, isComplete: true };
  const { request: _, response, ...answer } = value as ModelAnswer;
  const { id, modelId } = response ?? {};
  const reason = answer.finishReason?.unified;
  return {
    value: response === undefined ? answer : { ...answer, response: { id, modelId } },
    isComplete: reason === "stop" || reason === "tool-calls",
  };
}
