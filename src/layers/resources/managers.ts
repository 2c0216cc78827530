/** Finds the managers that count a call: its name's, its own, those of who called it, and its run's, tenant's and Flock's. */

import { optionError } from "../../core/errors/options.ts";
import type { LayerCall, LayerHost, RunFacts } from "../../core/layer.ts";
import {
  type FlockResources,
  isKeeper,
  type ResourceKeeper,
  type ResourceLimits,
} from "../../core/resource-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import { KeptManagers } from "./kept-managers.ts";
import { registerLimitKnobs } from "./limit-knobs.ts";
import { windowsMs } from "./limits/resource-limits.ts";
import { AdaptiveLimit } from "./pace/adaptive-limit.ts";
import { type Adapting, ModelPace } from "./pace/model-pace.ts";
import { ownersAbove } from "./queue/waits.ts";
import { ResourceManager } from "./resource-manager.ts";
import { TokenEstimate } from "./token-estimate.ts";

/** A manager to ask, and whether it counts only what is spent: it is that of an agent or pattern above. */
export interface CountingManager {
  readonly manager: ResourceManager;
  readonly spendingOnly: boolean;
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

/** What is the same for all calls of a runnable. */
interface Parts {
  /** Count its calls. */
  readonly calls: readonly ResourceManager[];
  /** Count the tokens and dollars spent below it. */
  readonly spending: readonly ResourceManager[];
  /** One of its own that a user made: in a tree of its own, maybe. */
  readonly given: ResourceManager | undefined;
  readonly pace: ModelPace | undefined;
  readonly estimate: TokenEstimate | undefined;
}

/** Where a call stands: what counts the models and tools called there, beside their own limits. */
interface Place {
  readonly above: readonly ResourceManager[];
  readonly given: readonly ResourceManager[];
  /** Managers made of those above and a runnable's own. */
  readonly joined: WeakMap<Parts, readonly CountingManager[]>;
}

/** All managers of one Flock. Those of a run live as long as it does. */
export class Managers {
  readonly #host: LayerHost;
  readonly #settings: FlockResources;
  readonly #total: ResourceManager;
  readonly #tenants = new KeptManagers();
  readonly #names = new KeptManagers();
  readonly #adapting = new Map<string, Adapting>();
  readonly #estimates = new Map<string, TokenEstimate>();
  readonly #parts = new WeakMap<AnyRunnable, Parts>();
  readonly #runs = new WeakMap<RunFacts, Place>();
  readonly #anywhere: Place;
  /** Agents and patterns at work whose spending is limited, by owner. */
  readonly #open = new Map<string, Place>();

  constructor(host: LayerHost, settings: FlockResources) {
    this.#host = host;
    this.#settings = settings;
    const { total } = settings;
    this.#total = isKeeper(total)
      ? managerOf(total, "Flock resources")
      : new ResourceManager(total ?? {}, { name: "total", runtime: host.runtime });
    this.#anywhere = placeOf([this.#total]);
  }

  countedFor(call: LayerCall): Counted {
    const { runnable, run } = call;
    const parts = this.#partsOf(runnable);
    const { pace, estimate } = parts;
    const owner = `${run.id}${call.path.slice(rootLength)}`;
    if (runnable.kind === "model" || runnable.kind === "tool") {
      return { owner, managers: this.#join(parts, this.#placeOf(owner, run)), pace, estimate, open: undefined };
    }
    const managers = this.#join(parts, nowhere);
    const counts = parts.spending.length > 0 || parts.given !== undefined;
    return { owner, managers, pace, estimate, open: counts ? () => this.#openFor(owner, run, parts) : undefined };
  }

  #join(parts: Parts, place: Place): readonly CountingManager[] {
    let joined = place.joined.get(parts);
    if (joined === undefined) {
      const above = [...parts.calls, ...place.above];
      const ofTree = above.length > 1 ? [this.#joinedManager(above)] : above;
      joined = [
        ...place.given.map((manager) => ({ manager, spendingOnly: true })),
        ...(parts.given === undefined ? ofTree : [parts.given, ...ofTree]).map((manager) => ({
          manager,
          spendingOnly: false,
        })),
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

  #openFor(owner: string, run: RunFacts, parts: Parts): () => void {
    const outer = this.#placeOf(owner, run);
    const above = [...parts.spending, ...outer.above];
    const given = parts.given === undefined ? outer.given : [parts.given, ...outer.given];
    this.#open.set(owner, placeOf(above, given));
    return () => this.#open.delete(owner);
  }

  #partsOf(runnable: AnyRunnable): Parts {
    let parts = this.#parts.get(runnable);
    if (parts === undefined) {
      parts = this.#makeParts(runnable);
      this.#parts.set(runnable, parts);
    }
    return parts;
  }

  #makeParts(runnable: AnyRunnable): Parts {
    const { name, kind, policy } = runnable;
    const own = policy?.resources;
    const given = isKeeper(own) ? managerOf(own, `${kind} ${name}`) : undefined;
    const ofKind = this.#settings[kind];
    const isModel = kind === "model";
    const countsItself = isModel || kind === "tool";
    const calls: ResourceManager[] = [];
    const spending: ResourceManager[] = [];
    const add = (declared: ResourceLimits, find: (key: string, made: ResourceLimits) => ResourceManager): void => {
      const counted = countsItself ? declared : callsOf(declared);
      if (counted !== undefined) {
        const manager = find("calls", counted);
        calls.push(manager);
        registerLimitKnobs(this.#host.knobs, name, manager);
      }
      const spent = countsItself ? undefined : spendingOf(declared);
      if (spent !== undefined) spending.push(find("spending", spent));
    };
    if (ofKind !== undefined) {
      add(ofKind, (key, made) => this.#names.get(`${kind} ${name} ${key}`, () => this.#total.child(made, { name })));
    }
    if (own !== undefined && !isKeeper(own)) add(own, (_, made) => this.#total.child(made, { name }));
    if (given !== undefined) registerLimitKnobs(this.#host.knobs, name, given);
    if (!isModel) return { calls, spending, given, pace: undefined, estimate: undefined };
    const adapting = this.#settings.adaptive === true ? this.#adaptingFor(name) : undefined;
    if (adapting !== undefined) calls.push(adapting.manager);
    const pace = new ModelPace(name, this.#host.runtime, adapting, apartMsOf(ofKind));
    return { calls, spending, given, pace, estimate: this.#estimateFor(name) };
  }

  #adaptingFor(model: string): Adapting {
    let adapting = this.#adapting.get(model);
    if (adapting === undefined) {
      const most = this.#settings.model?.concurrency;
      const limit = new AdaptiveLimit(most === undefined || most < 1 ? {} : { max: most });
      const name = `${model} (adaptive)`;
      adapting = { limit, manager: this.#total.child({ concurrency: limit.limit }, { name }) };
      this.#adapting.set(model, adapting);
    }
    return adapting;
  }

  #estimateFor(model: string): TokenEstimate {
    let estimate = this.#estimates.get(model);
    if (estimate === undefined) {
      estimate = new TokenEstimate();
      this.#estimates.set(model, estimate);
    }
    return estimate;
  }
}

/**
 * How far apart calls of a model with a rate go out: 5 ms, or a third of what an even use would be. Sent in one moment they
 * come to the vendor in one, or in a hundred milliseconds; then its window and ours differ for all of them.
 */
function apartMsOf(limits: ResourceLimits | undefined): number {
  const { total: _, ...rates } = limits?.requests ?? {};
  const even = Object.entries(rates).map(([part, most]) => (most > 0 ? windowsMs[part]! / most : 0));
  return even.length === 0 ? 0 : Math.min(5, Math.min(...even) / 3);
}

/** Length of `run`, with which every path begins. */
const rootLength = 3;
const nowhere: Place = placeOf([]);

function placeOf(above: readonly ResourceManager[], given: readonly ResourceManager[] = []): Place {
  return { above, given, joined: new WeakMap() };
}

/** Calls of agents and patterns count by number; the rest is counted where it is spent. */
function callsOf({ concurrency, requests, custom }: ResourceLimits): ResourceLimits | undefined {
  const limits = {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(requests === undefined ? {} : { requests }),
    ...(custom === undefined ? {} : { custom }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}

function spendingOf({ tokens, usd }: ResourceLimits): ResourceLimits | undefined {
  if (tokens === undefined && usd === undefined) return undefined;
  return { ...(tokens === undefined ? {} : { tokens }), ...(usd === undefined ? {} : { usd }) };
}

function withBudget(limits: ResourceLimits | undefined, budgetUsd: number): ResourceLimits {
  return { ...limits, usd: { ...limits?.usd, total: Math.min(limits?.usd?.total ?? budgetUsd, budgetUsd) } };
}

function managerOf(keeper: ResourceKeeper, owner: string): ResourceManager {
  if (keeper instanceof ResourceManager) return keeper;
  throw optionError(owner, "resources", "limits, or a ResourceManager of this package", keeper);
}
