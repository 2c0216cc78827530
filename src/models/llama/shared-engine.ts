/** Keeps one model in memory for all its callers: loaded at the first call, freed when idle or disposed. */

import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { orEnded } from "../../core/runtime/or-ended.ts";
import type { Runtime, Timer } from "../../core/runtime/runtime.ts";
import type { LlamaEngine } from "./llama-engine.ts";
import { Slots } from "./slots.ts";

/** What a shared engine is made of. */
export interface SharedEngineOptions {
  readonly load: () => Promise<LlamaEngine>;
  readonly slots: number;
  readonly idleMs: number;
  readonly runtime: Pick<Runtime, "setTimer">;
}

/** What one call has while it works. */
export interface EngineLease {
  readonly engine: LlamaEngine;
  readonly slot: number;
  /** Keeps the slot from others until this settles too, since a native step cannot be stopped. */
  hold(last: Promise<unknown>): void;
}

type Parts = AsyncGenerator<LanguageModelV4StreamPart, void, void>;

/** A model that is in memory while it is used. */
export class SharedEngine {
  readonly #options: SharedEngineOptions;
  readonly #slots: Slots;
  #engine: Promise<LlamaEngine> | undefined;
  #users = 0;
  #idle: Timer | undefined;
  #freed = Promise.resolve();
  #whenUnused: (() => void)[] = [];

  constructor(options: SharedEngineOptions) {
    this.#options = options;
    this.#slots = new Slots(options.slots);
  }

  /** Runs work on the loaded model in a slot of its own. Waiting heeds the signal. */
  async *use(signal: AbortSignal | undefined, work: (lease: EngineLease) => Parts): Parts {
    this.#enter();
    const last: Promise<unknown>[] = [];
    let slot: number | undefined;
    try {
      slot = await this.#slots.acquire(signal);
      const engine = await orEnded(this.#loaded(), signal);
      yield* work({ engine, slot, hold: (promise) => void last.push(promise) });
    } finally {
      void Promise.allSettled(last).then(() => this.#leave(slot));
    }
  }

  /** Frees the memory when the calls in hand and in line have ended. A later call loads the model again. */
  async unload(): Promise<void> {
    if (this.#users > 0) await new Promise<void>((resolve) => this.#whenUnused.push(resolve));
    await this.#free();
  }

  #enter(): void {
    this.#users += 1;
    this.#idle?.cancel();
    this.#idle = undefined;
  }

  #leave(slot: number | undefined): void {
    if (slot !== undefined) this.#slots.release(slot);
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const resolve of this.#whenUnused.splice(0)) resolve();
    this.#idle = this.#options.runtime.setTimer(() => void this.#free().catch(ignore), this.#options.idleMs);
    this.#idle.unref();
  }

  /** A load that failed is tried again by the next call. */
  #loaded(): Promise<LlamaEngine> {
    if (this.#engine !== undefined) return this.#engine;
    const loading = this.#freed.then(this.#options.load);
    this.#engine = loading;
    loading.catch(() => {
      if (this.#engine === loading) this.#engine = undefined;
    });
    return loading;
  }

  #free(): Promise<void> {
    const engine = this.#engine;
    if (engine === undefined || this.#users > 0) return this.#freed;
    this.#engine = undefined;
    this.#idle?.cancel();
    this.#idle = undefined;
    const freeing = engine.then((loaded) => loaded.dispose());
    this.#freed = freeing.catch(ignore);
    return freeing;
  }
}

function ignore(): void {}
