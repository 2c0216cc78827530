/** Asks all simulators what recorded runs call for: the one list of them. */

import type { RunEnvironment } from "../../core/environment.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { rankSuggestions } from "./rank-suggestions.ts";
import type { Suggestion, WhatIf, WhatIfInput } from "./suggestion.ts";
import { alikeModels } from "./what-if/alike-models.ts";
import { attemptTimeouts } from "./what-if/attempt-timeouts.ts";
import { tunedCaches } from "./what-if/cache-tuning.ts";
import { cachedAnswers } from "./what-if/cached-answers.ts";
import { cachedPrompts } from "./what-if/cached-prompts.ts";
import { dominatingStep } from "./what-if/dominating-step.ts";
import { failureGroups } from "./what-if/failure-groups.ts";
import { failingTools, frequentFailures } from "./what-if/failures.ts";
import { fallbackOrder } from "./what-if/fallback-order.ts";
import { hedges } from "./what-if/hedges.ts";
import { independentSteps } from "./what-if/independent-steps.ts";
import { raisedLimits } from "./what-if/limits.ts";
import { looseKeys } from "./what-if/loose-keys.ts";
import { retries } from "./what-if/retries.ts";
import { shorterPrompts } from "./what-if/shorter-prompts.ts";

const simulators: readonly WhatIf[] = [
  cachedAnswers,
  tunedCaches,
  looseKeys,
  independentSteps,
  attemptTimeouts,
  retries,
  fallbackOrder,
  hedges,
  raisedLimits,
  alikeModels,
  shorterPrompts,
  cachedPrompts,
  dominatingStep,
  frequentFailures,
  failingTools,
  failureGroups,
];

/**
 * Gives the suggestions, best first, with what an environment can change and what it pays; those of high risk are left out
 * before any stands in the way of another, unless a person is to see them.
 */
export function adviceFrom(
  recorded: Omit<WhatIfInput, "knobs" | "priceOf">,
  environment: Partial<Pick<RunEnvironment, "knobs" | "priceOf">>,
  { forPeople = true }: { readonly forPeople?: boolean } = {},
): readonly Suggestion[] {
  const priceOf = (name: string) => environment.priceOf?.({ kind: "model", name } as AnyRunnable);
  const input = { ...recorded, knobs: environment.knobs, priceOf };
  const found = simulators.flatMap((whatIf) => whatIf(input));
  return rankSuggestions(forPeople ? found : found.filter(({ suggestion }) => suggestion.risk !== "high"));
}
