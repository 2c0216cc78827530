/** Says what would heal a group of failures, from what was tried and what the failing calls have in common. */

import { duration, percent } from "../advise/suggestion.ts";
import { shareInterval } from "../measure/statistics.ts";
import type { ErrorGroup, HealingAdvice, LikelyCause } from "./error-report.ts";

const fewestTries = 10;
const oftenHealed = 0.5;
const hardlyHealed = 0.2;
/** What surely heals more than this share is worth another try, and never to be stopped. */
export const hardlyEver = 0.05;

/** Gives the advice that the counts bear out, the cause first; none where they do not. */
export function adviceFor(group: Omit<ErrorGroup, "advice">, now: number): readonly HealingAdvice[] {
  const byCause = group.likelyCause === undefined ? [] : [adviceOnCause(group.likelyCause, now)];
  return [...byCause, ...adviceOnRecoveries(group)];
}

function adviceOnRecoveries(group: Omit<ErrorGroup, "advice">): readonly HealingAdvice[] {
  return group.recoveries.flatMap(({ strategy, tried, healed, share }): HealingAdvice[] => {
    const { low, high } = shareInterval(healed, tried);
    if (tried < fewestTries) return [];
    const counts = { tried, healed };
    if (low > oftenHealed) {
      const { meanMs } = group.healed;
      const after = meanMs === undefined ? "" : `, ${duration(meanMs)} after the first failure on average`;
      const sentence = `${strategy} heals ${percent(share)} of these (${healed} of ${tried})${after}: keep it`;
      return [{ action: "keep-recovering", sentence, counts }];
    }
    if (high >= hardlyHealed || low > hardlyEver) return [];
    const sentence =
      healed === 0
        ? `${strategy} never healed these in ${tried} tries: stop it for ${group.code} and save the time it takes`
        : `${strategy} heals only ${percent(share)} of these (${healed} of ${tried}): stop it for ${group.code}`;
    return [{ action: "stop-retrying", sentence, counts: { ...counts, retries: group.retries } }];
  });
}

function adviceOnCause(cause: LikelyCause, now: number): HealingAdvice {
  const { exposed, others, runnable, value } = cause;
  const counts = {
    ...{ failedWith: exposed.failed, callsWith: exposed.calls },
    ...{ failedWithout: others.failed, callsWithout: others.calls },
  };
  const figures = `${exposed.failed} of ${exposed.calls} calls of ${runnable} failed so, ${others.failed} of ${others.calls} others`;
  const [action, what] = remedies[cause.factor](value, cause, now);
  return { action, sentence: `${what}: ${figures}`, counts };
}

type Remedy = (value: string, cause: LikelyCause, now: number) => readonly [HealingAdvice["action"], string];

const waitOut: Remedy = (value, { to }, now) => [
  "wait-out",
  to !== undefined && to > 48 && to < now
    ? `it came from ${value} and is over; a fallback or a wait would have carried the calls over`
    : `it comes from ${value}; move calls out of that time, or have a fallback for it`,
];

const remedies: Readonly<Record<LikelyCause["factor"], Remedy>> = {
  model: (value) => ["change-model", `with model ${value} it fails more often; fall back to another one`],
  tool: (value) => ["change-tool", `after tool ${value} it fails more often; see what it gives`],
  caller: (value) => ["mend-caller", `called by ${value} it fails more often; see what it is given there`],
  "input-size": (value, { from }) => [
    "shrink-input",
    from === undefined
      ? `it fails with inputs of ${value}; check what is missing in them`
      : `it fails with inputs of ${value}; split or shorten them`,
  ],
  concurrency: (value, { from }) => [
    "limit-concurrency",
    from === undefined
      ? `it fails more often with ${value}; the first calls may find something not ready`
      : `it fails more often with ${value}; allow at most ${from - 1} at once`,
  ],
  time: waitOut,
  "time-of-day": waitOut,
};
