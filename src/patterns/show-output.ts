/** Shows what a pattern has so far, when somebody streams; only then what it takes is imported, and no agent waits for it. */

import type { ExecutionContext } from "../core/runnable.ts";
import type { OutputMember } from "./partial-output.ts";

/** How a pattern tells of its members. */
export interface ShownOutput {
  /** Hears the calls that a context starts for a member, from now on. */
  hear(context: ExecutionContext, member: number): void;
  /** Takes the whole output of a member. */
  wrote(member: number, output: unknown): void;
}

/** Gives what shows a pattern's output on its context, or undefined when nobody streams. */
export function showOutput(context: ExecutionContext, members: () => readonly OutputMember[]): ShownOutput | undefined {
  if (!context.wants("delta")) return undefined;
  const loading = import("./partial-output.ts").then(({ PartialOutput }) => new PartialOutput(context, members()));
  loading.catch(() => {});
  return {
    hear(inside, member) {
      inside.hearDeltas((delta) => void loading.then((shown) => shown.hear(member, delta)));
    },
    wrote(member, output) {
      void loading.then((shown) => shown.wrote(member, output));
    },
  };
}
