/** Answers calls from memory where that was asked for. What keeps and finds is in cached-calls.ts, imported when first needed. */

import { type CacheChoice, isSharedCache, type LiveCacheConfig, liveCacheChecks } from "../../core/cache-settings.ts";
import { optionError } from "../../core/errors/options.ts";
import type { Json } from "../../core/json/json.ts";
import type { Knob } from "../../core/knob.ts";
import type { CacheFinding, CacheLayer, CacheSlot, LayerCall, LayerHost } from "../../core/layer.ts";
import type { AnyRunnable } from "../../core/runnable.ts";

/** What a cache's knob holds: off, or how entries are kept. */
export type CacheKnobValue = false | Required<Omit<LiveCacheConfig, "enabled">>;

/** The caches that a layer made, by whose they are. */
export type OwnCaches = Map<string, unknown>;

/** What a slot is made of. */
export interface SlotFacts {
  readonly runnable: AnyRunnable;
  readonly host: LayerHost;
  /** What the runnable says itself. */
  readonly own: CacheChoice | undefined;
  /** What holds for it, unless its knob was turned. */
  readonly choice: CacheChoice;
  /** What its knob was turned to. */
  readonly turned: CacheKnobValue | undefined;
  readonly caches: OwnCaches;
}

let code: typeof import("./cached-calls.ts") | undefined;

/**
 * Makes the layer that keeps answers: of whatever asks for it, and of all models and idempotent tools when that is wanted
 * for everything.
 */
export function cacheLayer(wide: CacheChoice = false): CacheLayer {
  const turned = new Map<string, CacheKnobValue>();
  const caches: OwnCaches = new Map();
  return {
    form: "cache",
    name: "cache",
    reason: "outside recovery and permits: a hit takes none, and a failure is never kept",
    slotFor(runnable, host) {
      const { name, kind, identity, policy } = runnable;
      const own = policy?.cache;
      if (own === false) return undefined;
      if (identity === undefined) return isOn(own) ? new RefusingSlot(name) : undefined;
      const isTool = kind === "tool";
      if (own === undefined && (isTool ? policy?.idempotent !== true : policy?.hasEffects === true)) return undefined;
      const isWide = own === true || (own === undefined && (isTool || kind === "model"));
      const choice = isWide && isOn(wide) ? wide : (own ?? false);
      const id = `cache:${name}`;
      host.knobs.register(knobOf(id, choice, turned, host));
      const now = turned.get(id);
      if (now === false || (now === undefined && !isOn(choice))) return undefined;
      return new LateSlot({ runnable, host, own, choice, turned: now, caches });
    },
  };
}

function isOn(choice: CacheChoice | undefined): boolean {
  if (typeof choice !== "object") return choice === true;
  return isSharedCache(choice) || choice.enabled !== false;
}

/** Runnables of one name share the knob; until it is turned each keeps what it declared. */
function knobOf(
  id: string,
  choice: CacheChoice,
  turned: Map<string, CacheKnobValue>,
  host: LayerHost,
): Knob<CacheKnobValue> {
  const turn = (value: CacheKnobValue | undefined) => {
    if (value === undefined) turned.delete(id);
    else turned.set(id, value);
    host.replan();
  };
  return {
    id,
    read: () => turned.get(id) ?? knobValue(choice),
    check: checkKnob,
    change(value) {
      const before = turned.get(id);
      turn(value);
      return () => turn(before);
    },
  };
}

function knobValue(choice: CacheChoice): CacheKnobValue {
  if (!isOn(choice)) return false;
  const {
    maxEntries = 1_000,
    ttlMs = 3_600_000,
    strategy = "lru",
  } = isSharedCache(choice) ? choice.config : Object(choice);
  return { maxEntries, ttlMs, strategy };
}

function checkKnob(value: Json): string | undefined {
  if (value === false) return undefined;
  const { maxEntries, ttlMs, strategy, ...more } = Object(value) as Record<string, unknown>;
  const given = { maxEntries, ttlMs, strategy };
  const isGood = Object.entries(given).every(
    ([key, one]) => liveCacheChecks[key as keyof typeof given](one) === undefined,
  );
  return isGood && Object.keys(more).length === 0 ? undefined : "a cache is false or { maxEntries, ttlMs, strategy }";
}

/** Stands where a cache was asked for that could not tell one answer from another. */
class RefusingSlot implements CacheSlot {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  lookup(): never {
    throw optionError(
      this.#name,
      "cache",
      "absent where there is no `identity` that says what decides the answer",
      true,
    );
  }

  store(): void {}

  abandon(): void {}
}

/** Imports what it stands for at the first call. */
class LateSlot implements CacheSlot {
  readonly #facts: SlotFacts;
  #slot: CacheSlot | undefined;

  constructor(facts: SlotFacts) {
    this.#facts = facts;
  }

  lookup(call: LayerCall): CacheFinding | Promise<CacheFinding> {
    if (this.#slot === undefined && code !== undefined) this.#slot = code.cachedCalls(this.#facts);
    return this.#slot === undefined ? this.#load(call) : this.#slot.lookup(call);
  }

  store(call: LayerCall, value: unknown): void {
    this.#slot?.store(call, value);
  }

  abandon(call: LayerCall, error: unknown): void {
    this.#slot?.abandon(call, error);
  }

  leave(call: LayerCall): void {
    this.#slot?.leave?.(call);
  }

  async #load(call: LayerCall): Promise<CacheFinding> {
    code = await import("./cached-calls.ts");
    return this.lookup(call);
  }
}
