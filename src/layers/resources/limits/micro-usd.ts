/** Money as whole micro-dollars, so that sums are exact. */

/** The error of one product of doubles, relative to it; what is closer to a whole number is that number. */
const rounding = 2 ** -50;

/** Turns dollars into micro-dollars, rounded up: what is reserved or charged is never less than what is paid. */
export function microUsdUp(usd: number): number {
  const exact = usd * 1e6;
  const nearest = Math.round(exact);
  return Math.abs(exact - nearest) <= exact * rounding ? nearest : Math.ceil(exact);
}

/** Turns dollars into micro-dollars, rounded down: a limit is never more than what was written. */
export function microUsdDown(usd: number): number {
  const exact = usd * 1e6;
  const nearest = Math.round(exact);
  return Math.abs(exact - nearest) <= exact * rounding ? nearest : Math.floor(exact);
}
