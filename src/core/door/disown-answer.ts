/** Takes a model's answer out of the caches that have it, when whoever asked finds it to be no good. */

import type { ExecutionContext } from "../runnable.ts";
import type { Call } from "./execution-context.ts";

/**
 * Says that the last answer of a model called in a context is wrong: nobody is given it again, also where a further attempt
 * or another model gave it. Costs nothing before it is called, and does nothing where no cache had to do with the answer.
 */
export function disownAnswer(context: ExecutionContext): void {
  let call = (context as Call).lastKept;
  for (; call?.runnable.kind === "model"; call = call.lastKept) call.plan.cache?.disown?.(call);
}
