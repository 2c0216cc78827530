/** Declares how long an attempt may take, and how long it may be silent. */

import { checkOptions, optionError, positiveNumber } from "../../core/errors/options.ts";
import type { TimeoutStep } from "../../core/recovery-settings.ts";

/** The limits of {@link timeout}, in milliseconds. */
export interface TimeoutOptions {
  /** Most that one attempt may take. @default as without this step */
  readonly attemptMs?: number | undefined;
  /** Most until the first piece of a streamed answer. @default no limit */
  readonly firstTokenMs?: number | undefined;
  /** Most between two pieces of a streamed answer. @default no limit */
  readonly betweenTokensMs?: number | undefined;
}

/**
 * Cuts attempts that hang, so that they can be tried again. The whole call has its own limit, `timeoutMs`.
 *
 * @throws option_invalid for unknown options, wrong values, or none at all.
 */
export function timeout(options: TimeoutOptions): TimeoutStep {
  const checks = { attemptMs: positiveNumber, firstTokenMs: positiveNumber, betweenTokensMs: positiveNumber };
  checkOptions("timeout", options, checks);
  const { attemptMs, firstTokenMs, betweenTokensMs } = options;
  if ((attemptMs ?? firstTokenMs ?? betweenTokensMs) === undefined) {
    throw optionError(
      "timeout",
      "options",
      `an object with at least one of ${Object.keys(checks).join(", ")}`,
      options,
    );
  }
  return Object.freeze({ step: "timeout", attemptMs, firstTokenMs, betweenTokensMs });
}
