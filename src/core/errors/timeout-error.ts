/** Says which time limit passed: one sentence and one shape for all of them. */

import { FlockError, type FlockErrorDetails } from "./errors.ts";

/** Makes the error of a limit that passed; `what` is what did not happen within it. */
export function timeoutError(details: FlockErrorDetails["timeout"], path: string, what: string): FlockError<"timeout"> {
  const message = `${what} within ${details.timeoutMs} ms; raise the limit or look at what it waited for`;
  return new FlockError("timeout", message, { details, path });
}
