/** The arithmetic of cost, which loses no part of a cent; apart, because only who knows a price needs it. */

import type { Usage } from "./events/event.ts";
import type { highestRate, ModelPrice, mostTokens } from "./model-price.ts";

const million = 1_000_000;

/**
 * Gives what tokens cost in whole micro-dollars, rounded up once. Exact for counts up to {@link mostTokens} at rates up to
 * {@link highestRate}: whole millions and the rest are summed apart, each below 2^53.
 */
export function costOfTokens(price: ModelPrice, usage: Usage): number {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const { longContext } = price;
  const isLong = longContext !== undefined && inputTokens > longContext.aboveInputTokens;
  const { input, output, cacheRead, cacheWrite } = isLong ? longContext.microUsdPerMillion : price.microUsdPerMillion;
  const fresh = Math.max(0, inputTokens - cacheReadTokens - cacheWriteTokens);
  const whole =
    Math.floor(fresh / million) * input +
    Math.floor(outputTokens / million) * output +
    Math.floor(cacheReadTokens / million) * cacheRead +
    Math.floor(cacheWriteTokens / million) * cacheWrite;
  const rest =
    (fresh % million) * input +
    (outputTokens % million) * output +
    (cacheReadTokens % million) * cacheRead +
    (cacheWriteTokens % million) * cacheWrite;
  const under = rest % million;
  return whole + (rest - under) / million + (under > 0 ? 1 : 0);
}
