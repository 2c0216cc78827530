/** Makes calls take permits, rates and money before they go out; what it needs for that is loaded at the first one. */

import type { GuardLayer, LayerHost } from "../../core/layer.ts";
import { type FlockResources, isKeeper } from "../../core/resource-settings.ts";
import type { ResourceDesk } from "./resource-desk.ts";
import type { Stay } from "./stay.ts";

/** Makes the layer that takes what an attempt needs and gives it back. On for what some limit counts, off for the rest. */
export function resourceLayer(): GuardLayer {
  let desk: ResourceDesk | undefined;
  let loading: Promise<ResourceDesk> | undefined;
  // What is spent below agents and patterns with limits is counted at the models, once there are such.
  let countsBelow = false;
  const load = async (host: LayerHost): Promise<ResourceDesk> => {
    const module = await import("./resource-desk.ts");
    desk = new module.ResourceDesk(host, settingsOf(host));
    return desk;
  };
  return {
    form: "attempt-guard",
    name: "resources",
    reason:
      "inside recovery: a waiting retry holds nothing, every attempt counts, and no attempt is timed while it waits",
    guardFor({ kind, policy }, host) {
      const { run, tenant, total, adaptive, ...byKind } = settingsOf(host);
      const own = policy?.resources ?? byKind[kind];
      const works = kind === "model" || kind === "tool";
      if (own !== undefined && !works && !countsBelow) {
        countsBelow = true;
        host.replan();
      }
      const atModels = kind === "model" && (countsBelow || host.isBudgeted || adaptive) === true;
      const isCounted = works || policy?.needs !== undefined;
      if (!atModels && (own ?? (isCounted ? (run ?? tenant ?? total) : undefined)) === undefined) return undefined;
      return {
        enter(call, slot) {
          if (desk !== undefined) return desk.enter(call, slot);
          loading ??= load(host);
          const { signal } = call.context;
          return loading.then((loaded) => loaded.enterLate(call, slot, signal));
        },
        leave: (call, slot, error) => (call.getSlot(slot) as Stay | undefined)?.end(call, error),
      };
    },
  };
}

function settingsOf({ resources }: LayerHost): FlockResources {
  return isKeeper(resources) ? { total: resources } : (resources ?? {});
}
