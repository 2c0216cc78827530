/** Puts advice in order and leaves out what contradicts better advice. */

import type { Suggestion, WeighedSuggestion } from "./suggestion.ts";

const riskWeights = { low: 1, medium: 1.25, high: 2 } as const;
/** Half a 95 % interval in standard errors. */
const halfWidth = 1.959964;

/**
 * Gives suggestions by gain for the risk, each with its confidence. Of several that turn one setting, and of those that exclude
 * each other, the best stays; a limit is not raised for a runnable that is refused for going too fast.
 */
export function rankSuggestions(found: readonly WeighedSuggestion[]): readonly Suggestion[] {
  const ranked = withoutExcluded([...found].sort((a, b) => worth(b) - worth(a)));
  const turned = new Set<string>();
  const isHurried = ranked.some(
    ({ evidence }) => evidence.code === "rate_limited" || evidence.advice === "limit-concurrency",
  );
  return ranked.flatMap((suggestion) => {
    const knob = suggestion.action?.knob;
    if (isHurried && /^(concurrency|requests):/.test(suggestion.id)) return [];
    if (knob !== undefined && turned.has(knob)) return [];
    if (knob !== undefined) turned.add(knob);
    return [{ ...suggestion, confidence: confidenceIn(suggestion) }];
  });
}

function withoutExcluded(ranked: readonly WeighedSuggestion[]): readonly Suggestion[] {
  const kept: WeighedSuggestion[] = [];
  const excludes = ({ excludes = [] }: WeighedSuggestion, { suggestion }: WeighedSuggestion): boolean =>
    excludes.includes(suggestion.id);
  for (const one of ranked) if (!kept.some((other) => excludes(other, one) || excludes(one, other))) kept.push(one);
  return kept.map(({ suggestion }) => suggestion);
}

function worth({ value, suggestion }: WeighedSuggestion): number {
  return value / riskWeights[suggestion.risk];
}

/** From how many standard errors the gain is away from none; without a prediction there is little to be sure of. */
function confidenceIn({ predicted }: Suggestion): "low" | "medium" | "high" {
  if (predicted === undefined) return "low";
  const error = (predicted.high - predicted.low) / (2 * halfWidth);
  const away = error === 0 ? Number.POSITIVE_INFINITY : Math.abs(predicted.change) / error;
  return away >= 4 ? "high" : away >= 2.5 ? "medium" : "low";
}
