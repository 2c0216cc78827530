/** Reads what vendors say of their limits in the headers of an answer. */

import { retryAfterOf } from "./retry-after.ts";

/** One limit as its vendor tells it. What was not said, or is junk, is absent. */
export interface RateHint {
  readonly limit?: number;
  readonly remaining?: number;
  /** Milliseconds until it is full again, from 0 to a day. */
  readonly resetMs?: number;
}

/** All limits an answer told of. */
export interface RateHints {
  readonly requests?: RateHint;
  readonly tokens?: RateHint;
  readonly inputTokens?: RateHint;
  readonly outputTokens?: RateHint;
  /** Milliseconds to wait before the next call. */
  readonly retryAfterMs?: number;
}

const longestMs = 24 * 60 * 60 * 1000;
const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const families = [
  ["requests", "requests"],
  ["tokens", "tokens"],
  ["inputTokens", "input-tokens"],
  ["outputTokens", "output-tokens"],
] as const;

/**
 * Reads `x-ratelimit-limit-requests`, `-remaining-`, `-reset-` and the same of tokens (OpenAI and those who follow it, resets
 * as `6m0s`), `anthropic-ratelimit-requests-limit` and its like (resets as dates), and `retry-after` in all its forms.
 * Never throws.
 *
 * @param headers with names in any case.
 * @param now wall clock in milliseconds; dates are left out without it.
 */
export function readRateHints(headers: Readonly<Record<string, unknown>>, now?: number): RateHints {
  const plain = lowerCased(headers);
  const hints: { -readonly [Key in keyof RateHints]: RateHints[Key] } = {};
  for (const [key, family] of families) {
    const hint = hintOf(
      plain[`x-ratelimit-limit-${family}`] ?? plain[`anthropic-ratelimit-${family}-limit`],
      plain[`x-ratelimit-remaining-${family}`] ?? plain[`anthropic-ratelimit-${family}-remaining`],
      resetOf(plain[`x-ratelimit-reset-${family}`] ?? plain[`anthropic-ratelimit-${family}-reset`], now),
    );
    if (hint !== undefined) hints[key] = hint;
  }
  const retryAfterMs = retryAfterOf(plain, undefined, now);
  if (retryAfterMs !== undefined) hints.retryAfterMs = retryAfterMs;
  return hints;
}

/** Gives the milliseconds until the last of those limits is full again of which nothing remains; undefined for none. */
export function resetOfUsedUp({ requests, tokens, inputTokens, outputTokens }: RateHints): number | undefined {
  let longest: number | undefined;
  for (const hint of [requests, tokens, inputTokens, outputTokens]) {
    if (hint?.remaining === 0 && hint.resetMs !== undefined) longest = Math.max(longest ?? 0, hint.resetMs);
  }
  return longest;
}

function hintOf(limit: string | undefined, remaining: string | undefined, resetMs: number | undefined) {
  const hint: { -readonly [Key in keyof RateHint]: RateHint[Key] } = {};
  const most = countOf(limit);
  const left = countOf(remaining);
  if (most !== undefined) hint.limit = most;
  if (left !== undefined) hint.remaining = left;
  if (resetMs !== undefined) hint.resetMs = resetMs;
  return Object.keys(hint).length === 0 ? undefined : hint;
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s{0,8}\d{1,15}\s{0,8}$/.test(text)) return undefined;
  return Number(text);
}

/** A plain number means seconds; dates have to be RFC 3339, as `2026-01-01T00:00:00Z`. */
function resetOf(text: string | undefined, now: number | undefined): number | undefined {
  if (text === undefined || text.length > 64) return undefined;
  const trimmed = text.trim();
  if (/^\d{1,15}(?:\.\d{1,15})?$/.test(trimmed)) return clamp(Number(trimmed) * 1000);
  if (/^\d{4}-\d\d-\d\dT/.test(trimmed)) {
    const date = Date.parse(trimmed);
    return now === undefined || Number.isNaN(date) ? undefined : clamp(date - now);
  }
  if (!/^(?:\d{1,12}(?:\.\d{1,12})?(?:ms|s|m|h|d))+$/.test(trimmed)) return undefined;
  let sum = 0;
  for (const [, amount = "", unit = ""] of trimmed.matchAll(/([\d.]+)(ms|s|m|h|d)/g))
    sum += Number(amount) * unitsMs[unit]!;
  return clamp(sum);
}

function lowerCased(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const plain: Record<string, string> = Object.create(null);
  if (typeof headers !== "object" || headers === null) return plain;
  for (const [name, value] of Object.entries(headers)) if (typeof value === "string") plain[name.toLowerCase()] = value;
  return plain;
}

function clamp(ms: number): number {
  return Math.min(longestMs, Math.max(0, Math.ceil(ms)));
}
