/** Reads how long a vendor asks to wait, in every form that vendors write it. */

/** A vendor that asks for more than a day is not believed beyond it. */
const longestMs = 24 * 60 * 60 * 1000;

/**
 * Gives the wait a vendor asked for, in whole milliseconds from 0 to a day: header `retry-after-ms`, then `retry-after` in
 * seconds (fractions too) or as an HTTP date, then Google's `retryDelay` in the body. Undefined when there is none or it
 * is junk.
 *
 * @param headers with lower-case names.
 * @param now wall clock in milliseconds; dates are left out without it.
 */
export function retryAfterOf(
  headers: Readonly<Record<string, string>>,
  body: unknown,
  now: number | undefined,
): number | undefined {
  return (
    clamp(plainNumber(headers["retry-after-ms"])) ?? secondsOrDate(headers["retry-after"], now) ?? retryDelayIn(body)
  );
}

function secondsOrDate(value: string | undefined, now: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = plainNumber(value);
  if (seconds !== undefined) return clamp(seconds * 1000);
  if (now === undefined || !/^[A-Za-z]{3,9},? /.test(value.trim())) return undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : clamp(date - now);
}

function retryDelayIn(body: unknown): number | undefined {
  const details = (body as { error?: { details?: unknown } } | null | undefined)?.error?.details;
  if (!Array.isArray(details)) return undefined;
  for (const detail of details) {
    const delay: unknown = (detail as { retryDelay?: unknown } | null)?.retryDelay;
    const seconds = typeof delay === "string" && delay.endsWith("s") ? plainNumber(delay.slice(0, -1)) : undefined;
    if (seconds !== undefined) return clamp(seconds * 1000);
  }
  return undefined;
}

function plainNumber(value: string | undefined): number | undefined {
  if (value === undefined || !/^\s{0,8}[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})\s{0,8}$/.test(value))
    return undefined;
  return Number(value);
}

function clamp(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.min(longestMs, Math.max(0, Math.ceil(ms)));
}
