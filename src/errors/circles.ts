/** Finds fallbacks that lead back to where they began, when they are declared. */

import { FlockError } from "../core/errors/errors.ts";
import { type AnswerStep, type RecoveryPlace, stepsOf } from "../core/recovery-settings.ts";
import type { AnyRunnable } from "../core/runnable.ts";

/**
 * Refuses a step whose targets are, or lead to, what declares it, or for models the model that it names.
 *
 * @throws option_invalid with the way round.
 */
export function refuseCircles({ at, targets = [] }: Pick<AnswerStep, "at" | "targets">, place: RecoveryPlace): void {
  const start = identify(at === "models" ? (place.model ?? place.owner) : place.owner);
  const seen = new Set<unknown>();
  const visit = (target: unknown, way: readonly string[]): void => {
    const one = identify(target);
    const walked = [...way, nameOf(target)];
    if (one === start) throw circleError(walked);
    if (seen.has(one)) return;
    seen.add(one);
    const { policy } = Object(target) as Partial<AnyRunnable>;
    for (const step of stepsOf(policy?.recovery)) {
      if (step.step === "answer" && (step.at === at || at === "models")) {
        for (const next of step.targets ?? []) visit(next, walked);
      }
    }
  };
  for (const target of targets) visit(target, [nameOf(start)]);
}

/** A model is the same whether it is named, given as it is, or as a runnable. */
export function identify(target: unknown): unknown {
  return (Object(target) as { readonly model?: unknown }).model !== undefined &&
    (target as AnyRunnable).kind === "model"
    ? (target as { readonly model: unknown }).model
    : target;
}

/** Gives what people call a target by. */
export function nameOf(target: unknown): string {
  if (typeof target === "string") return target;
  const { name, provider, modelId } = Object(target) as { name?: string; provider?: string; modelId?: string };
  return name ?? (modelId === undefined ? "the Flock" : `${provider}/${modelId}`);
}

function circleError(way: readonly string[]): FlockError<"option_invalid"> {
  const walked = way.join(" → ");
  const message = `fallback: ${walked} leads back to where it began; a fallback must be something else`;
  return new FlockError("option_invalid", message, {
    details: { option: "recovery", expected: "fallbacks without a circle", received: walked },
  });
}
