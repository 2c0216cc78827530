/** Says which time limit passed: one sentence and one shape for all of them. */

import { FlockError, type FlockErrorDetails } from "./errors.ts";

/** Makes the error of a limit that passed. */
export function timeoutError(details: FlockErrorDetails["timeout"], path: string): FlockError<"timeout"> {
  const { limit, timeoutMs, name } = details;
  const what = limit === "deadline" ? `${name} did not finish` : `an attempt of ${name} ${told(limit)}`;
  return new FlockError("timeout", `${what} within ${timeoutMs} ms; raise the limit or look at what it waited for`, {
    details,
    path,
  });
}

function told(limit: string): string {
  return limit === "between-tokens" ? "said nothing more" : limit === "attempt" ? "did not answer" : "said nothing";
}
