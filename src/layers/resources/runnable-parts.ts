/** Finds what counts the calls of a runnable wherever it is called: limits by its name, its own, and its model's pace. */

import { optionError } from "../../core/errors/options.ts";
import type { LayerHost } from "../../core/layer.ts";
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
import { ResourceManager } from "./resource-manager.ts";
import { TokenEstimate } from "./token-estimate.ts";

/** What is the same for all calls of a runnable. */
export interface Parts {
  /** Count its calls. */
  readonly calls: readonly ResourceManager[];
  /** Count the tokens and dollars spent below it. */
  readonly spending: readonly ResourceManager[];
  /** One of its own that a user made: in a tree of its own, maybe. */
  readonly given: ResourceManager | undefined;
  readonly pace: ModelPace | undefined;
  readonly estimate: TokenEstimate | undefined;
}

/** What is learnt of a model, by name. */
interface ModelParts {
  readonly pace: ModelPace;
  readonly estimate: TokenEstimate;
}

/** The parts of all runnables of one Flock; those of one name share what is by name. */
export class PartsOfRunnables {
  readonly #host: LayerHost;
  readonly #settings: FlockResources;
  readonly #total: ResourceManager;
  /** Holds those that count calls of agents and patterns, which the total does not count. */
  readonly #callers: ResourceManager;
  readonly #names = new KeptManagers();
  readonly #models = new Map<string, ModelParts>();
  readonly #parts = new WeakMap<AnyRunnable, Parts>();

  constructor(host: LayerHost, settings: FlockResources, total: ResourceManager) {
    this.#host = host;
    this.#settings = settings;
    this.#total = total;
    this.#callers = new ResourceManager({}, { name: "agents and patterns", runtime: host.runtime });
  }

  of(runnable: AnyRunnable): Parts {
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
    const make = (key: string, limits: ResourceLimits) =>
      (countsItself || key === "spending" ? this.#total : this.#callers).child(limits, { name });
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
      add(ofKind, (key, made) => this.#names.get(`${kind} ${name} ${key}`, () => make(key, made)));
    }
    if (own !== undefined && !isKeeper(own)) add(own, make);
    if (given !== undefined) registerLimitKnobs(this.#host.knobs, name, given);
    if (!isModel) return { calls, spending, given, pace: undefined, estimate: undefined };
    const { pace, estimate } = this.#modelOf(name);
    if (pace.adapting !== undefined) calls.push(pace.adapting.manager);
    return { calls, spending, given, pace, estimate };
  }

  #modelOf(name: string): ModelParts {
    let model = this.#models.get(name);
    if (model === undefined) {
      const adapting = this.#settings.adaptive === true ? this.#adapt(name) : undefined;
      const pace = new ModelPace(name, this.#host.runtime, adapting, apartMsOf(this.#settings.model));
      model = { pace, estimate: new TokenEstimate() };
      this.#models.set(name, model);
    }
    return model;
  }

  #adapt(model: string): Adapting {
    const most = this.#settings.model?.concurrency;
    const limit = new AdaptiveLimit(most === undefined || most < 1 ? {} : { max: most });
    const manager = this.#total.child({ concurrency: limit.limit }, { name: `${model} (adaptive)` });
    return { limit, manager };
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

/**
 * Gives the manager a user passed on.
 *
 * @throws option_invalid for what only looks like one.
 */
export function managerOf(keeper: ResourceKeeper, owner: string): ResourceManager {
  if (keeper instanceof ResourceManager) return keeper;
  throw optionError(owner, "resources", "limits, or a ResourceManager of this package", keeper);
}
