/** Lets an event point at a live error without carrying its message out of the process. */

import type { FailureDescription } from "./describe-failure.ts";

let describe: ((error: unknown) => FailureDescription) | undefined;
let waiting: (() => void)[] | undefined;

/** Takes the code that describes failures, which no healthy program needs: from whoever has imported it anyway. */
export function describeFailuresWith(describer: typeof describe & {}): void {
  describe = describer;
  for (const tell of waiting?.splice(0) ?? []) tell();
}

/** What failed: read it in process; printed or written as JSON it is only a code and a fingerprint. */
export class FailureReference {
  readonly code: string;
  readonly #error: unknown;

  /** The first one in a process begins to import what makes fingerprints. */
  constructor(error: unknown, code: string) {
    this.#error = error;
    this.code = code;
    if (waiting !== undefined) return;
    waiting = [];
    if (describe !== undefined) return;
    import("./describe-failure.ts").then(
      ({ describeFailure }) => describeFailuresWith(describeFailure),
      () => {
        waiting = undefined;
      },
    );
  }

  /** Gives the error itself. */
  read(): unknown {
    return this.#error;
  }

  /** Tells what the failure looks like: at once, or a few milliseconds after the first failure in the process. */
  describe(listener: (description: FailureDescription) => void): void {
    const tell = (): void => listener(describe!(this.#error));
    if (describe === undefined) waiting?.push(tell);
    else tell();
  }

  /** Gives code and fingerprint; it is `null` for the few milliseconds after the first failure of a process in which nothing analyses failures. */
  toJSON(): { readonly code: string; readonly fingerprint: string | null } {
    return { code: this.code, fingerprint: describe?.(this.#error).fingerprint ?? null };
  }
}
