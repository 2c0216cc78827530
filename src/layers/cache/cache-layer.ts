/** Answers calls from memory where that was asked for. What keeps and finds is in calls/cached-calls.ts, imported when first needed. */

import { type CacheChoice, isSharedCache, type LiveCacheConfig, liveCacheChecks } from "../../core/cache-settings.ts";
import { checkOptions } from "../../core/errors/options.ts";
import type { Knob } from "../../core/knob.ts";
import type { CacheFinding, CacheLayer, CacheSlot, LayerCall, LayerHost } from "../../core/layer.ts";
import type { CacheKnobValue, SlotFacts } from "./calls/slot-facts.ts";

let code: typeof import("./calls/cached-calls.ts") | undefined;

/**
 * Makes the layer that keeps answers: of whatever asks for it, and of all models and idempotent tools where the environment
 * asks for that.
 */
export function cacheLayer(): CacheLayer {
  const turned = new Map<string, CacheKnobValue>();
  const caches = new Map<string, unknown>();
  return {
    form: "cache",
    name: "cache",
    reason: "outside recovery and permits: a hit takes none, and a failure is never kept",
    slotFor(runnable, host) {
      const { name, kind, identity, policy } = runnable;
      const own = policy?.cache;
      const { cache: wide = false } = host;
      const isTool = kind === "tool";
      const isClosed = isTool ? policy?.idempotent !== true : policy?.hasEffects === true;
      if (own === false || (own === undefined && (isClosed || identity === undefined))) return undefined;
      const isWide = own === true || (own === undefined && (isTool || kind === "model"));
      const choice = isWide && isOn(wide) ? wide : (own ?? false);
      const id = `cache:${name}`;
      host.knobs.register(knobOf(id, { own, choice }, turned, host));
      const now = turned.get(id);
      return isOn(now ?? choice) ? lateSlot({ runnable, host, own, choice, turned: now, caches }) : undefined;
    },
  };
}

function isOn(choice: CacheChoice): boolean {
  return typeof choice === "object" ? isSharedCache(choice) || choice.enabled !== false : choice;
}

/** Runnables of one name share the knob; until it is turned each keeps what it declared. */
function knobOf(
  id: string,
  { own, choice }: Pick<SlotFacts, "own" | "choice">,
  turned: Map<string, CacheKnobValue>,
  host: LayerHost,
): Knob {
  const turn = (value: CacheKnobValue | undefined) => {
    if (value === undefined) turned.delete(id);
    else turned.set(id, value);
    host.replan();
  };
  return {
    id,
    read() {
      const now = turned.get(id) ?? choice;
      // What is not said when it is turned stays as the runnable declared it.
      const settings = { ...plainSettings(turned.has(id) || !isOn(now) ? own : undefined), ...plainSettings(now) };
      if (!isOn(now) && Object.keys(settings).length === 0) return false;
      const shared = isSharedCache(now) ? now.config : settings;
      const { maxEntries = 1_000, ttlMs = 3_600_000, strategy = "lru" } = shared;
      return { ...(isOn(now) ? {} : { enabled: false }), maxEntries, ttlMs, strategy };
    },
    check(value) {
      try {
        if (typeof value !== "boolean") checkOptions("cache", value, liveCacheChecks);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
    change(value) {
      const before = turned.get(id);
      turn(typeof value === "object" ? ownCopy(value as LiveCacheConfig) : (value as boolean));
      return () => turn(before);
    },
    leavesBehind: () => !turned.has(id) && isOn(choice) && (choice !== own || isSharedCache(choice)),
  };
}

function plainSettings(choice: CacheChoice | CacheKnobValue | undefined): LiveCacheConfig {
  return typeof choice === "object" && !isSharedCache(choice) ? choice : {};
}

/** Copies settings, so that nobody changes them unchecked; one that is undefined is one not said. */
function ownCopy(settings: LiveCacheConfig): LiveCacheConfig {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** Imports what it stands for at the first call. */
function lateSlot(facts: SlotFacts): CacheSlot {
  let slot: CacheSlot | undefined;
  const load = async (call: LayerCall): Promise<CacheFinding> => {
    code = await import("./calls/cached-calls.ts");
    return late.lookup(call);
  };
  const late: CacheSlot = {
    lookup(call) {
      slot ??= code?.cachedCalls(facts);
      return slot === undefined ? load(call) : slot.lookup(call);
    },
    store: (call, value) => slot?.store(call, value),
    abandon: (call, error) => slot?.abandon(call, error),
    leave: (call) => slot?.leave?.(call),
    disown: (call) => slot?.disown?.(call),
  };
  return late;
}
