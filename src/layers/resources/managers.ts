/** Finds the managers that count a call: its name's, its own, those of who called it, and its run's, tenant's and Flock's. */

import type { LayerCall, LayerHost, RunFacts } from "../../core/layer.ts";
import { type FlockResources, isKeeper, type ResourceLimits } from "../../core/resource-settings.ts";
import { KeptManagers } from "./kept-managers.ts";
import type { ModelPace } from "./pace/model-pace.ts";
import { ownersAbove } from "./queue/waits.ts";
import { ResourceManager } from "./resource-manager.ts";
import { managerOf, type Parts, PartsOfRunnables } from "./runnable-parts.ts";
import type { TokenEstimate } from "./token-estimate.ts";

/** A manager to ask, and what it counts of a call. */
export interface CountingManager {
  readonly manager: ResourceManager;
  /** All of it; what is spent, for an agent or pattern above; or custom units, of an agent or pattern for the whole Flock. */
  readonly counts: "calls" | "spending" | "units";
}

/** What counts one call. */
export interface Counted {
  /** The run's id and the call's path. */
  readonly owner: string;
  /** Asked in this order; managers of one tree are one here. */
  readonly managers: readonly CountingManager[];
  readonly pace: ModelPace | undefined;
  readonly estimate: TokenEstimate | undefined;
  /** Lets what is spent below the call be counted by it, until the function it gives is called. */
  readonly open: (() => () => void) | undefined;
}

/** Where a call stands: what counts the models and tools called there, beside their own limits. */
interface Place {
  readonly above: readonly ResourceManager[];
  readonly given: readonly ResourceManager[];
  /** Count the custom units of agents and patterns. */
  readonly units: readonly ResourceManager[];
  /** Managers made of those above and a runnable's own. */
  readonly joined: WeakMap<Parts, readonly CountingManager[]>;
}

/** All managers of one Flock. Those of a run live as long as it does. */
export class Managers {
  readonly #settings: FlockResources;
  readonly #total: ResourceManager;
  readonly #tenants = new KeptManagers();
  readonly #parts: PartsOfRunnables;
  readonly #runs = new WeakMap<RunFacts, Place>();
  readonly #anywhere: Place;
  /** Where custom units of agents and patterns count, by the managers above. */
  readonly #units = new WeakMap<readonly ResourceManager[], Place>();
  /** Agents and patterns at work whose spending is limited, by owner. */
  readonly #open = new Map<string, Place>();

  constructor(host: LayerHost, settings: FlockResources) {
    this.#settings = settings;
    const { total } = settings;
    this.#total = isKeeper(total)
      ? managerOf(total, "Flock resources")
      : new ResourceManager(total ?? {}, { name: "total", runtime: host.runtime });
    this.#parts = new PartsOfRunnables(host, settings, this.#total);
    this.#anywhere = placeOf([this.#total]);
  }

  countedFor(call: LayerCall): Counted {
    const { runnable, run } = call;
    const parts = this.#parts.of(runnable);
    const { pace, estimate } = parts;
    const owner = `${run.id}${call.path.slice(rootLength)}`;
    if (runnable.kind === "model" || runnable.kind === "tool") {
      return { owner, managers: this.#join(parts, this.#placeOf(owner, run)), pace, estimate, open: undefined };
    }
    const managers = this.#join(parts, runnable.policy?.needs === undefined ? nowhere : this.#unitsOf(run));
    const counts = parts.spending.length > 0 || parts.given !== undefined;
    return { owner, managers, pace, estimate, open: counts ? () => this.#openFor(owner, run, parts) : undefined };
  }

  #join(parts: Parts, place: Place): readonly CountingManager[] {
    let joined = place.joined.get(parts);
    if (joined === undefined) {
      const above = [...parts.calls, ...place.above];
      const ofTree = above.length > 1 ? [this.#joinedManager(above)] : above;
      joined = [
        ...place.given.map((manager) => ({ manager, counts: "spending" as const })),
        ...(parts.given === undefined ? ofTree : [parts.given, ...ofTree]).map((manager) => ({
          manager,
          counts: "calls" as const,
        })),
        ...place.units.map((manager) => ({ manager, counts: "units" as const })),
      ];
      place.joined.set(parts, joined);
    }
    return joined;
  }

  #joinedManager(parent: readonly ResourceManager[]): ResourceManager {
    return new ResourceManager({}, { name: parent[0]!.name, parent });
  }

  #placeOf(owner: string, run: RunFacts): Place {
    if (this.#open.size > 0) {
      let nearest: Place | undefined;
      for (const above of ownersAbove(owner)) nearest = this.#open.get(above) ?? nearest;
      if (nearest !== undefined) return nearest;
    }
    return this.#placeOfRun(run);
  }

  #placeOfRun(run: RunFacts): Place {
    const { run: ofRun, tenant: ofTenant } = this.#settings;
    const { tenant, budgetUsd } = run;
    const hasTenant = ofTenant !== undefined && tenant !== undefined;
    if (ofRun === undefined && budgetUsd === undefined && !hasTenant) return this.#anywhere;
    let place = this.#runs.get(run);
    if (place === undefined) {
      const outer = hasTenant
        ? this.#tenants.get(tenant, () => this.#total.child(ofTenant, { name: `tenant ${tenant}` }))
        : this.#total;
      const limits = budgetUsd === undefined ? ofRun : withBudget(ofRun, budgetUsd);
      place = placeOf([limits === undefined ? outer : outer.child(limits, { name: "run" })]);
      this.#runs.set(run, place);
    }
    return place;
  }

  /** Where the custom units of agents and patterns count: as those of models and tools, in run, tenant and total. */
  #unitsOf(run: RunFacts): Place {
    const { above } = this.#placeOfRun(run);
    const place = this.#units.get(above) ?? { ...placeOf([]), units: above };
    this.#units.set(above, place);
    return place;
  }

  #openFor(owner: string, run: RunFacts, parts: Parts): () => void {
    const outer = this.#placeOf(owner, run);
    const above = [...parts.spending, ...outer.above];
    const given = parts.given === undefined ? outer.given : [parts.given, ...outer.given];
    this.#open.set(owner, placeOf(above, given));
    return () => this.#open.delete(owner);
  }
}

/** Length of `run`, with which every path begins. */
const rootLength = 3;
const nowhere: Place = placeOf([]);

function placeOf(above: readonly ResourceManager[], given: readonly ResourceManager[] = []): Place {
  return { above, given, units: [], joined: new WeakMap() };
}

function withBudget(limits: ResourceLimits | undefined, budgetUsd: number): ResourceLimits {
  return { ...limits, usd: { ...limits?.usd, total: Math.min(limits?.usd?.total ?? budgetUsd, budgetUsd) } };
}
