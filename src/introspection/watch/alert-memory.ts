/** Keeps which alerts are on where another process finds it, so that a restart tells none twice and forgets none. */

import type { KeyValueStore } from "../../core/key-value-store.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import type { EpisodeState } from "./alert-episode.ts";

const longestWaitMs = 5_000;
const mostPast = 60;

/** The states of alerts in a store. Nothing of it throws or rejects: a store that fails is counted, and what it held is lost. */
export class AlertMemory {
  /** How often the store failed, or held what no monitor wrote. */
  failures = 0;
  readonly #store: KeyValueStore;
  readonly #key: string;
  readonly #runtime: Runtime;
  #saving: Promise<void> | undefined;
  #next: string | undefined;

  constructor(store: KeyValueStore, key: string, runtime: Runtime) {
    this.#store = store;
    this.#key = key;
    this.#runtime = runtime;
  }

  /** Gives what was kept; nothing when the store fails or takes longer than five seconds. */
  async load(): Promise<ReadonlyMap<string, EpisodeState>> {
    const found = await this.#within(async () => (await this.#store.get(this.#key))?.value);
    if (found === undefined) return new Map();
    const states = readStates(found);
    if (states === undefined) this.failures++;
    return states ?? new Map();
  }

  /** Keeps the states in the background. While one save is on its way only the newest waits for it. */
  save(states: Readonly<Record<string, EpisodeState>>): void {
    this.#next = JSON.stringify({ v: 1, states });
    this.#saving ??= this.#saveAll();
  }

  /** Waits until what was given to {@link save} is kept or lost. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  async #saveAll(): Promise<void> {
    while (this.#next !== undefined) {
      const text = this.#next;
      this.#next = undefined;
      await this.#within(() => this.#store.set(this.#key, text));
    }
    this.#saving = undefined;
  }

  /** A store of the user's own may hang, which must not end the alerts. */
  #within<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    return new Promise((resolve) => {
      let isOver = false;
      const end = (value: Value | undefined, failed: boolean): void => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        if (failed) this.failures++;
        resolve(value);
      };
      const timer = this.#runtime.setTimer(() => end(undefined, true), longestWaitMs);
      timer.unref();
      new Promise<Value>((begin) => begin(work())).then(
        (value) => end(value, false),
        () => end(undefined, true),
      );
    });
  }
}

/** Reads what a store held, which anyone may have written; undefined when it is not what a monitor keeps. */
function readStates(text: string): Map<string, EpisodeState> | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { v, states } = (kept ?? {}) as { readonly v?: unknown; readonly states?: unknown };
  if (v !== 1 || typeof states !== "object" || states === null) return undefined;
  const read = new Map<string, EpisodeState>();
  for (const [id, state] of Object.entries(states)) {
    const good = readState(state);
    if (good !== undefined) read.set(id, good);
  }
  return read;
}

function readState(state: unknown): EpisodeState | undefined {
  if (typeof state !== "object" || state === null) return undefined;
  const { firing, clearSince, resolvedAt, lastValue, past } = state as Readonly<Record<keyof EpisodeState, unknown>>;
  if (typeof firing !== "boolean" || !isNumber(lastValue) || !Array.isArray(past)) return undefined;
  return {
    firing,
    clearSince: isNumber(clearSince) ? clearSince : undefined,
    resolvedAt: isNumber(resolvedAt) ? resolvedAt : undefined,
    lastValue,
    past: past.filter(isNumber).slice(-mostPast),
  };
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}
