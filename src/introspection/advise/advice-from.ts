/** Asks all simulators what recorded runs call for: the one list of them. */

import { rankSuggestions } from "./rank-suggestions.ts";
import type { Suggestion, WhatIf, WhatIfInput } from "./suggestion.ts";
import { attemptTimeouts } from "./what-if/attempt-timeouts.ts";
import { cachedAnswers } from "./what-if/cached-answers.ts";
import { dominatingStep } from "./what-if/dominating-step.ts";
import { failureGroups } from "./what-if/failure-groups.ts";
import { failingTools, frequentFailures } from "./what-if/failures.ts";
import { fallbackOrder } from "./what-if/fallback-order.ts";
import { hedges } from "./what-if/hedges.ts";
import { independentSteps } from "./what-if/independent-steps.ts";
import { raisedLimits } from "./what-if/limits.ts";
import { retries } from "./what-if/retries.ts";

const simulators: readonly WhatIf[] = [
  cachedAnswers,
  independentSteps,
  attemptTimeouts,
  retries,
  fallbackOrder,
  hedges,
  raisedLimits,
  dominatingStep,
  frequentFailures,
  failingTools,
  failureGroups,
];

/** Gives the suggestions, best first. */
export function adviceFrom(input: WhatIfInput): readonly Suggestion[] {
  return rankSuggestions(simulators.flatMap((whatIf) => whatIf(input)));
}
