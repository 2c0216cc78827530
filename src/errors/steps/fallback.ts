/** Declares what is called instead of something that failed. */

import type { ErrorMatcher } from "../../core/errors/error-matcher.ts";
import { checkOptions, optionError } from "../../core/errors/options.ts";
import type { Failure } from "../../core/failure.ts";
import type { AnswerStep } from "../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { identify, nameOf, refuseCircles } from "../circles.ts";
import { readMatchers } from "../known-codes.ts";
import { mayBeReplaced } from "../never-replaced.ts";

/** A language model as the AI SDK has it, of any version. */
export interface LanguageModelLike {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
}

/** What may be called instead: a model by its string, a language model, or any runnable of the same types. */
export type FallbackTarget = string | LanguageModelLike | AnyRunnable;

/** When a {@link fallback} answers. */
export interface FallbackOptions {
  /** For which failures. @default all but a cancelled call, a wrong input, a used up budget, a refused approval and a deadline */
  readonly on?: ErrorMatcher | readonly ErrorMatcher[] | undefined;
}

/**
 * Calls something else when something failed for good: what it lists, in that order, until one answers. Models stand in for
 * each model of whatever declares it; anything else for what declares it, with the same input, unless a tool that may not
 * be called twice acted in it. What answered instead is in no cache.
 *
 * @throws option_invalid for no target, models among other runnables, the same one twice, unknown options, and a fallback
 * that leads back to what declares it.
 */
export function fallback(
  target: FallbackTarget | readonly FallbackTarget[],
  options: FallbackOptions = {},
): AnswerStep {
  checkOptions("fallback", options, { on: () => undefined });
  const on = readMatchers("fallback", options.on);
  const targets = readTargets(target);
  const at = isModel(targets[0]) ? "models" : "here";
  return Object.freeze({
    step: "answer",
    name: "fallback",
    at,
    targets,
    answer: (failure: Failure) => callFirst(targets, failure, on),
    checkPlace: (place) => refuseCircles({ at, targets }, place),
  } satisfies AnswerStep);
}

async function callFirst(
  targets: readonly FallbackTarget[],
  failure: Failure,
  on: readonly ErrorMatcher[] | undefined,
): Promise<unknown> {
  const { runnable, context, signal, error } = failure;
  if (!mayBeReplaced(on, error)) return undefined;
  if (failure.hasActed && runnable.kind !== "tool") return undefined;
  let last: unknown;
  for (const target of targets) {
    const before = failure.attempt;
    try {
      const isRunnable = typeof target === "string" || "perform" in target;
      const instead = isRunnable ? target : context.resolveModel(target, runnable.name);
      const value = await failure.callInstead(instead as AnyRunnable | string);
      if (value !== undefined) return value;
    } catch (failed) {
      signal.throwIfAborted();
      if (failure.attempt === before) failure.note(nameOf(target), failed);
      last = failed;
    }
  }
  throw last;
}

function readTargets(given: FallbackTarget | readonly FallbackTarget[]): readonly FallbackTarget[] {
  const targets = Array.isArray(given) ? [...(given as readonly FallbackTarget[])] : [given as FallbackTarget];
  if (targets.length === 0) throw optionError("fallback", "target", "at least one target", given);
  for (const target of targets) {
    if (isModel(target) || isRunnable(target)) continue;
    throw optionError("fallback", "target", "a model string, a language model, an agent, a pattern or a tool", target);
  }
  if (targets.some(isModel) !== targets.every(isModel)) {
    const expected = "models alone, or agents, patterns and tools alone; write two fallbacks";
    throw optionError("fallback", "target", expected, given);
  }
  const double = targets.find(
    (target, index) => targets.findIndex((one) => identify(one) === identify(target)) < index,
  );
  if (double !== undefined) {
    throw optionError("fallback", "target", `a list without a target twice (${nameOf(double)} is)`, given);
  }
  return Object.freeze(targets);
}

function isModel(target: unknown): boolean {
  if (typeof target === "string") return target.trim() !== "";
  const { specificationVersion, modelId, kind } = Object(target) as { [key: string]: unknown };
  return (typeof specificationVersion === "string" && typeof modelId === "string") || kind === "model";
}

function isRunnable(target: unknown): boolean {
  const { name, perform } = Object(target) as Partial<AnyRunnable>;
  return typeof name === "string" && typeof perform === "function";
}
