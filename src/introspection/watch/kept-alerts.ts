/** What a monitor keeps of its alerts, and how it is read back: anyone may have written it. */

import { readWindowContents, type WindowContents } from "../measure/window-contents.ts";
import type { EpisodePlace, EpisodeState } from "./alert-episode.ts";
import type { AlertsState } from "./alerts.ts";

const mostPast = 60;
const longestBody = 20_000;

/** A message that an address has not taken yet. */
export interface KeptMessage {
  /** The same on every try, in every process. */
  readonly id: string;
  readonly body: string;
  readonly tries: number;
  /** When it was sent first, milliseconds since 1970; undefined where nobody wrote it down. */
  readonly at?: number | undefined;
  /** Proves that a monitor with the same secret wrote it; undefined where there is no secret. */
  readonly mac?: string | undefined;
}

/** What outlives the process; messages by address. */
export interface KeptAlerts extends AlertsState {
  readonly v: 1;
  readonly messages: Readonly<Record<string, readonly KeptMessage[]>>;
}

/** What a first process finds. */
export const nothingKept: KeptAlerts = { v: 1, states: {}, windows: {}, messages: {} };

/** Reads what a store held; undefined when it is not what a monitor keeps. What is wrong inside it is left out. */
export function readKeptAlerts(text: string): KeptAlerts | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { v, states, windows, messages } = (kept ?? {}) as Readonly<Record<string, unknown>>;
  if (v !== 1 || typeof states !== "object" || states === null) return undefined;
  return {
    v,
    states: entriesOf(states, readState),
    windows: entriesOf<WindowContents>(windows, readWindowContents),
    messages: entriesOf(messages, (list) => (Array.isArray(list) ? list.filter(isMessage) : undefined)),
  };
}

function entriesOf<Value>(value: unknown, read: (each: unknown) => Value | undefined): Readonly<Record<string, Value>> {
  const entries = Object.entries(typeof value === "object" && value !== null ? value : {});
  const good = entries.flatMap(([key, each]) => {
    const one = read(each);
    return one === undefined ? [] : [[key, one] as const];
  });
  return Object.fromEntries(good);
}

function readState(state: unknown): EpisodeState | undefined {
  if (typeof state !== "object" || state === null) return undefined;
  const { firing, clearSince, resolvedAt, lastValue, past, place } = state as Readonly<
    Record<keyof EpisodeState, unknown>
  >;
  if (typeof firing !== "boolean" || !isNumber(lastValue) || !Array.isArray(past)) return undefined;
  return {
    firing,
    clearSince: isNumber(clearSince) ? clearSince : undefined,
    resolvedAt: isNumber(resolvedAt) ? resolvedAt : undefined,
    lastValue,
    past: past.filter(isNumber).slice(-mostPast),
    place: readPlace(place),
  };
}

function readPlace(place: unknown): EpisodePlace | undefined {
  const { since, seenAt, waits, period } = (place ?? {}) as Readonly<Record<keyof EpisodePlace, unknown>>;
  if (!isNumber(since) || !isNumber(seenAt)) return undefined;
  return { since, seenAt, waits: waits === true, period: isNumber(period) ? period : undefined };
}

/** An id goes into a header. */
function isMessage(message: unknown): message is KeptMessage {
  const { id, body, tries, at, mac } = (message ?? {}) as Readonly<Record<keyof KeptMessage, unknown>>;
  const hasText = typeof id === "string" && /^[\w.:-]{1,100}$/.test(id) && typeof body === "string";
  const isSigned = (mac === undefined || typeof mac === "string") && (at === undefined || isNumber(at));
  return hasText && isSigned && body.length <= longestBody && Number.isSafeInteger(tries) && (tries as number) >= 0;
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}
