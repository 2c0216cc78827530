/** Declares when a second request is sent because the first is slow. */

import { checkOptions, numberBetween, positiveNumber, wholeNumber } from "../../core/errors/options.ts";
import type { HedgeStep } from "../../core/recovery-settings.ts";

/** When {@link hedge} asks a second time. */
export interface HedgeOptions {
  /** After so many milliseconds. @default learnt from earlier answers */
  readonly afterMs?: number | undefined;
  /** How many of the earlier answers came faster, in percent, while `afterMs` is learnt. @default 95 */
  readonly percentile?: number | undefined;
  /** Most further requests of one call. @default 1 */
  readonly maxExtra?: number | undefined;
}

/**
 * Sends a second request when the first is slow, and takes what answers first; the other is cancelled. Both are paid for.
 *
 * @throws option_invalid for unknown options and wrong values.
 */
export function hedge(options: HedgeOptions = {}): HedgeStep {
  checkOptions("hedge", options, {
    afterMs: positiveNumber,
    percentile: numberBetween(1, 99.99),
    maxExtra: wholeNumber(1),
  });
  const { afterMs, percentile = 95, maxExtra = 1 } = options;
  return Object.freeze({ step: "hedge", afterMs, percentile, maxExtra });
}
