/** Counts, by what a call failed with, how often trying again healed it. */

import { shareInterval } from "../../measure/statistics.ts";
import { listOf, percent } from "../suggestion.ts";
import type { AttemptStory } from "./attempt-stories.ts";

/** Below so many calls a code says nothing of its own. */
const fewestCalls = 5;
const mostNamed = 3;

/** What became of the calls that failed with one code and were tried again. */
export interface HealedCode {
  readonly code: string;
  readonly calls: number;
  readonly healed: number;
}

/** Counts calls that were tried again by the code of their last attempt that failed, the most frequent first. */
export function healedCodes(stories: readonly AttemptStory[]): readonly HealedCode[] {
  const byCode = Map.groupBy(
    stories.filter(({ tries }) => tries > 1),
    lastCode,
  );
  return [...byCode]
    .map(([code, calls]) => ({ code, calls: calls.length, healed: calls.filter(({ isHealed }) => isHealed).length }))
    .filter(({ calls }) => calls >= fewestCalls)
    .sort((a, b) => b.calls - a.calls);
}

/** What the last attempt of a call that failed failed with. */
export function lastCode({ own }: AttemptStory): string {
  return own.findLast(({ outcome }) => outcome === "error")?.code ?? "unknown";
}

/** Says it for people; empty where there is but one code, of which other figures tell. */
export function sayHealed(codes: readonly HealedCode[]): string {
  if (codes.length < 2) return "";
  const named = codes.slice(0, mostNamed).map(({ code, calls, healed }) => `${percent(healed / calls)} of ${code}`);
  return `Retries heal ${listOf(named)}. `;
}

/** The figures for evidence. */
export function healedEvidence(codes: readonly HealedCode[]): readonly string[] {
  return codes.map(({ code, calls, healed }) => `${code}: ${healed} of ${calls}`);
}

/** Tells whether trying again surely heals less than this share. */
export function isHopeless({ calls, healed }: HealedCode, share: number): boolean {
  return healed === 0 && shareInterval(healed, calls).high <= share;
}
