/** Makes calls take permits, rates and money before they go out; what it needs for that is loaded at the first one. */

import type { Guard, GuardLayer, LayerHost } from "../../core/layer.ts";
import { type FlockResources, isKeeper } from "../../core/resource-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import type { ResourceDesk } from "./resource-desk.ts";
import type { Stay } from "./stay.ts";

/** Makes the layer that takes what an attempt needs and gives it back. On for what some limit counts, off for the rest. */
export function resourceLayer(): GuardLayer {
  let desk: ResourceDesk | undefined;
  let loading: Promise<ResourceDesk> | undefined;
  // What agents and patterns may spend is counted at the models below them, once there is such a limit.
  let countsBelow = false;
  const guardOf = (host: LayerHost): Guard => {
    const load = (): Promise<ResourceDesk> => {
      loading ??= import("./resource-desk.ts").then((module) => {
        desk = new module.ResourceDesk(host, settingsOf(host));
        return desk;
      });
      return loading;
    };
    return {
      enter(call, slot) {
        if (desk !== undefined) return desk.enter(call, slot);
        const { signal } = call.context;
        return load().then((loaded) => {
          signal.throwIfAborted();
          return loaded.enter(call, slot);
        });
      },
      leave: (call, slot, error) => (call.getSlot(slot) as Stay | undefined)?.end(call, error),
    };
  };
  return {
    form: "attempt-guard",
    name: "resources",
    reason: "inside recovery, so that a waiting retry holds nothing and every attempt counts; the wait is no attempt's time",
    guardFor(runnable, host) {
      const settings = settingsOf(host);
      if (!countsBelow && limitsSpending(runnable, settings)) {
        countsBelow = true;
        host.replan();
      }
      return isCounted(runnable, settings, countsBelow || host.isBudgeted === true) ? guardOf(host) : undefined;
    },
  };
}

function settingsOf({ resources }: LayerHost): FlockResources {
  return isKeeper(resources) ? { total: resources } : (resources ?? {});
}

function isCounted({ kind, policy }: AnyRunnable, settings: FlockResources, atModels: boolean): boolean {
  if (policy?.resources !== undefined || settings[kind] !== undefined) return true;
  const { run, tenant, total } = settings;
  const isWork = kind === "model" || kind === "tool";
  return isWork && ((atModels && kind === "model") || (run ?? tenant ?? total) !== undefined);
}

/** Tells whether tokens or dollars spent below a runnable count for it. */
function limitsSpending({ kind, policy }: AnyRunnable, settings: FlockResources): boolean {
  if (kind !== "agent" && kind !== "pattern") return false;
  return [policy?.resources, settings[kind]].some(
    (limits) => limits !== undefined && (isKeeper(limits) || (limits.tokens ?? limits.usd) !== undefined),
  );
}
