/** Says which suggestion is meant, and why one cannot be applied. */

import { FlockError } from "../../core/errors/errors.ts";
import { nearestName } from "../../core/errors/nearest-name.ts";
import { describeValue } from "../../core/errors/options.ts";
import type { Forecast, Suggestion } from "./suggestion.ts";

/**
 * Finds a suggestion by its id.
 *
 * @throws option_invalid when there is none, with the nearest.
 */
export function findSuggestion(id: string, known: readonly Suggestion[]): Suggestion {
  const suggestion = known.find((one) => one.id === id);
  if (suggestion !== undefined) return suggestion;
  const ids = known.map((one) => one.id);
  const near = nearestName(id, ids);
  const hint = near
    ? `did you mean "${near}"?`
    : ids.length === 0
      ? "there is none at present"
      : `there are ${ids.join(", ")}`;
  throw new FlockError("option_invalid", `no suggestion has the id "${id.slice(0, 128)}"; ${hint}`, {
    details: {
      ...{ option: "suggestion", expected: "the id of a present suggestion", received: describeValue(id) },
      ...(near ? { suggestion: near } : {}),
    },
  });
}

/** Makes the error for advice that no setting can follow. */
export function cannotApply({ id, action }: Suggestion): FlockError<"option_invalid"> {
  const [received, why] =
    action === undefined
      ? ["a suggestion without an action", "no live setting does what it says, so it takes a person to change the code"]
      : ["an environment without knobs", "the environment has no live settings to change"];
  return new FlockError("option_invalid", `"${id}" cannot be applied: ${why}`, {
    details: { option: "suggestion", expected: "a suggestion with an action", received },
  });
}

/** Tells whether a value from outside can be applied, or told why not. */
export function isSuggestion(value: unknown): value is Suggestion {
  const { id, action, forecasts = [] } = Object(value) as Partial<Suggestion>;
  if (typeof id !== "string" || !Array.isArray(forecasts)) return false;
  const numbers = forecasts.flatMap((one) => {
    const { runs, before, after, low, high } = Object(one) as Forecast;
    return [runs, before, after, low, high];
  });
  return numbers.every(Number.isFinite) && (action === undefined || typeof Object(action).knob === "string");
}
