/** Keeps what alerts know where another process finds it, so that a restart tells none twice and forgets none. */

import type { KeyValueStore } from "../../core/key-value-store.ts";
import type { Runtime, Timer } from "../../core/runtime/runtime.ts";
import { type KeptAlerts, nothingKept, readKeptAlerts } from "./kept-alerts.ts";

const longestWaitMs = 5_000;
/** What was counted in so long is lost in a crash. */
const saveWithinMs = 1_000;

/** What alerts know, in a store. Nothing of it throws or rejects: a store that fails is counted, and what it held is lost. */
export class AlertMemory {
  /** How often the store failed, or held what no monitor wrote. */
  failures = 0;
  readonly #store: KeyValueStore;
  readonly #key: string;
  readonly #runtime: Runtime;
  readonly #describe: () => KeptAlerts;
  #saving: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isLoaded = false;
  #isEnding = false;

  /** `describe` gives what is to be kept, whenever it is about to be. */
  constructor(place: { store: KeyValueStore; key: string; runtime: Runtime }, describe: () => KeptAlerts) {
    this.#store = place.store;
    this.#key = place.key;
    this.#runtime = place.runtime;
    this.#describe = describe;
  }

  /** Gives what was kept; nothing when the store fails or takes longer than five seconds, for which the process lives. */
  async load(): Promise<KeptAlerts> {
    const found = await this.#within(async () => ({ entry: await this.#store.get(this.#key) }), true);
    this.#isLoaded = found !== undefined || !this.#isEnding;
    if (found?.entry === undefined) return nothingKept;
    const kept = readKeptAlerts(found.entry.value);
    if (kept === undefined) this.failures++;
    return kept ?? nothingKept;
  }

  /**
   * Keeps what is known now, in the background; settles once that is kept or lost, whatever is to be kept later. While one
   * save is on its way, the next waits for it. What an earlier process knew is left as it is until it was read.
   */
  async save(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!this.#isLoaded) return;
    this.#next ??= this.#saving.then(() => {
      this.#next = undefined;
      this.#saving = this.#saveNow();
      return this.#saving;
    });
    await this.#next;
  }

  /** Leaves what cannot be read any more to the next process, instead of going on without it. */
  end(): void {
    this.#isEnding = true;
  }

  /** Keeps within a second what is known then. The timer keeps no process alive. */
  saveSoon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#runtime.setTimer(() => void this.save(), saveWithinMs);
    this.#timer.unref();
  }

  async #saveNow(): Promise<void> {
    const text = JSON.stringify(this.#describe());
    await this.#within(() => this.#store.set(this.#key, text), false);
  }

  /** A store of the user's own may hang, which must not end the alerts. */
  #within<Value>(work: () => Promise<Value>, keepsAlive: boolean): Promise<Value | undefined> {
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
      if (!keepsAlive) timer.unref();
      new Promise<Value>((begin) => begin(work())).then(
        (value) => end(value, false),
        () => end(undefined, true),
      );
    });
  }
}
