/** Resolves the list of layers once for each runnable, so that a call only meets what is on. */

import { FlockError } from "./errors/errors.ts";
import type { CacheSlot, Guard, Layer, LayerHost, RecoverySlot, WrapperLayer } from "./layer.ts";
import type { AnyRunnable } from "./runnable.ts";

/** The path of a run itself; calls are below it. */
export const rootPath = "run";

/** The layers that are on for one runnable. */
export interface LayerPlan {
  /** The runnable's name as a step of a path, where a slash begins the next step: `openai:gpt-5`. */
  readonly step: string;
  /** Where a run stands that begins with it. */
  readonly rootPath: string;
  readonly wrappers: readonly WrapperLayer[];
  /** Guards of the whole call, then guards of each attempt; the index is the guard's slot. */
  readonly guards: readonly Guard[];
  readonly callGuardCount: number;
  readonly cache: CacheSlot | undefined;
  readonly recovery: RecoverySlot | undefined;
  /** The same without wrappers: what a wrapper's `next` runs. */
  readonly withoutWrappers: LayerPlan;
  /** The guards of an attempt alone: what a retry runs. */
  readonly attemptOnly: LayerPlan;
}

/** Asks each layer for its part in calls of a runnable. */
export function planLayers(layers: readonly Layer[], runnable: AnyRunnable, host: LayerHost): LayerPlan {
  const wrappers: WrapperLayer[] = [];
  const callGuards: Guard[] = [];
  const attemptGuards: Guard[] = [];
  let cache: CacheSlot | undefined;
  let recovery: RecoverySlot | undefined;
  for (const layer of layers) {
    if (layer.form === "wrapper") {
      if (layer.appliesTo?.(runnable) ?? true) wrappers.push(layer);
    } else if (layer.form === "cache") cache = layer.slotFor(runnable, host);
    else if (layer.form === "recovery") recovery = layer.slotFor(runnable, host);
    else {
      const guard = layer.guardFor(runnable, host);
      if (guard !== undefined) (layer.form === "call-guard" ? callGuards : attemptGuards).push(guard);
    }
  }
  const step = runnable.name.replaceAll("/", ":");
  const inner = createPlan(step, callGuards, attemptGuards, cache, recovery);
  return wrappers.length === 0 ? inner : { ...inner, wrappers, withoutWrappers: inner };
}

function createPlan(
  step: string,
  callGuards: readonly Guard[],
  attemptGuards: readonly Guard[],
  cache: CacheSlot | undefined,
  recovery: RecoverySlot | undefined,
): LayerPlan {
  const plan: { -readonly [Key in keyof LayerPlan]?: LayerPlan[Key] } = {
    step,
    rootPath: `${rootPath}/${step}#0`,
    wrappers: [],
    guards: [...callGuards, ...attemptGuards],
    callGuardCount: callGuards.length,
    cache,
    recovery,
  };
  const made = plan as LayerPlan;
  plan.withoutWrappers = made;
  const plain = callGuards.length === 0 && cache === undefined && recovery === undefined;
  plan.attemptOnly = plain ? made : createPlan(step, [], attemptGuards, undefined, undefined);
  return made;
}

const order = ["wrapper", "call-guard", "cache", "recovery", "attempt-guard"] as const;

/**
 * Checks that a list of layers keeps the order that gives them meaning: wrappers, guards of the call, cache, recovery,
 * guards of each attempt; one cache and one recovery at most; no two of one name.
 *
 * @throws option_invalid naming the first layer that stands wrong.
 */
export function checkLayerOrder(layers: readonly Layer[]): void {
  const names = new Set<string>();
  let reached = 0;
  for (const layer of layers) {
    const rank = order.indexOf(layer?.form);
    if (rank < 0) throw layerError(String(layer?.name), `its form must be one of ${order.join(", ")}`);
    if (names.has(layer.name)) throw layerError(layer.name, "another layer has this name");
    names.add(layer.name);
    if (rank < reached)
      throw layerError(layer.name, `a ${layer.form} stands outside every ${order[reached]}; put it before`);
    const single = layer.form === "cache" || layer.form === "recovery";
    reached = single ? rank + 1 : rank;
  }
}

function layerError(name: string, reason: string): FlockError<"option_invalid"> {
  return new FlockError("option_invalid", `layer "${name}" cannot stand there: ${reason}`, {
    details: { option: "layers", expected: `the order ${order.join(" > ")}`, received: name },
  });
}
