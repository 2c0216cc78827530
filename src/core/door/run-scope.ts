/** What all calls of one run share: identity, events, totals, state and the trail of remarks. */

import type { RunEnvironment } from "../environment.ts";
import type { Breadcrumb } from "../errors/errors.ts";
import { eventBits, type FlockEvent, type Outcome, type Usage } from "../events/event.ts";
import { EventDispatcher, type EventListener } from "../events/event-dispatcher.ts";
import type { Provider } from "../events/provider.ts";
import { listenerOf } from "../events/provider-listener.ts";
import type { JsonObject } from "../json/json.ts";
import type { LayerCall } from "../layer.ts";
import { type LayerPlan, rootPath } from "../layer-plan.ts";
import type { CacheMode } from "../policy.ts";
import type { AnyRunnable, CallCost, ContextState, StateKey } from "../runnable.ts";
import type { Runtime } from "../runtime/runtime.ts";

const keptBreadcrumbs = 100;
const noBreadcrumbs: readonly Breadcrumb[] = Object.freeze([]);
const noMetadata: JsonObject = Object.freeze({});

/** What a run was started with. */
export interface RunScopeOptions {
  readonly tenant?: string | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly timeoutMs?: number | undefined;
  readonly budgetUsd?: number | undefined;
  readonly priority?: number | undefined;
  readonly cache?: CacheMode | undefined;
}

/** The door as a call sees it. */
export interface Door {
  /** Runs a call through its layers. */
  enter(call: LayerCall): Promise<unknown>;
  /** Ends a call with an error, once. */
  end(call: LayerCall, error: unknown): void;
  /** Ends its attempt with an error. */
  endAttempt(call: LayerCall, error: unknown): void;
  /** Runs a further attempt of it. */
  again(call: LayerCall, changes?: Parameters<LayerCall["again"]>[0]): Promise<unknown>;
}

/** One run. */
export class RunScope {
  readonly door: Door;
  readonly id: string;
  readonly environment: RunEnvironment;
  readonly runtime: Runtime;
  /** The environment's listeners, and this run's own on top once there are any. */
  events: EventDispatcher;
  readonly metadata: JsonObject;
  readonly tenant: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly budgetUsd: number | undefined;
  readonly priority: number;
  readonly cacheMode: CacheMode;
  /** When it began, by the monotonic clock; its outermost call began then too. */
  readonly startedAt: number;
  usage: Usage | undefined;
  costMicroUsd: number | undefined;
  breadcrumbs: readonly Breadcrumb[];
  /** Releases what the start of the run took hold of. */
  onFinish: (() => void) | undefined;
  /** Adds to monotonic time to give wall time, so that a run's times never step. */
  readonly #wallOffset: number;
  #state: ContextState | undefined;
  #below: Map<EventListener, ListenerBelow> | undefined;

  constructor(door: Door, environment: RunEnvironment, events: EventDispatcher, options: RunScopeOptions | undefined) {
    const { runtime } = environment;
    this.door = door;
    this.id = runtime.createId();
    this.environment = environment;
    this.runtime = runtime;
    this.events = events;
    this.metadata = options?.metadata === undefined ? noMetadata : Object.freeze({ ...options.metadata });
    this.tenant = options?.tenant;
    this.timeoutMs = options?.timeoutMs;
    this.budgetUsd = options?.budgetUsd;
    this.priority = options?.priority ?? 0;
    this.cacheMode = options?.cache ?? "use";
    this.usage = undefined;
    this.costMicroUsd = undefined;
    this.breadcrumbs = noBreadcrumbs;
    this.onFinish = undefined;
    this.startedAt = runtime.monotonic();
    this.#wallOffset = runtime.now() - this.startedAt;
    this.#state = undefined;
    this.#below = undefined;
  }

  get state(): ContextState {
    this.#state ??= createState();
    return this.#state;
  }

  /** The state, when anything asked for it already. */
  get usedState(): ContextState | undefined {
    return this.#state;
  }

  /** Asks the environment for the layers of a runnable. */
  planFor(runnable: AnyRunnable): LayerPlan {
    return this.environment.planFor(runnable, this.budgetUsd !== undefined);
  }

  /** Turns a monotonic time of this run into milliseconds since 1970. */
  wallTime(monotonic: number): number {
    return monotonic + this.#wallOffset;
  }

  /** Lets providers of a runnable watch the calls at and below a path; nobody is told an event twice. */
  watch(providers: readonly Provider[], path: string, isRoot: boolean): void {
    for (const provider of providers) {
      const listener = listenerOf(provider, this.runtime, this.environment.events);
      if (this.events.has(listener)) continue;
      let below = this.#below?.get(listener);
      if (below === undefined) {
        if (this.events === this.environment.events) this.events = new EventDispatcher(this.environment.events);
        below = isRoot ? undefined : new ListenerBelow(listener);
        this.events.add(below ?? listener);
        this.#below ??= new Map();
        if (below !== undefined) this.#below.set(listener, below);
      }
      below?.paths.add(path);
    }
  }

  addBreadcrumb(breadcrumb: Breadcrumb): void {
    this.breadcrumbs = [...this.breadcrumbs.slice(1 - keptBreadcrumbs), Object.freeze(breadcrumb)];
  }

  /** Tells that the run is over and lets go of what it held. Called once, by the door. */
  finish(name: string, outcome: Outcome, code: string | undefined, endedAt: number, durationMs: number): void {
    this.onFinish?.();
    if ((this.events.mask & eventBits["run-end"]) !== 0) {
      const { id: runId, usage, costMicroUsd } = this;
      const time = this.wallTime(endedAt);
      const path = rootPath;
      this.events.emit({
        v: 1,
        type: "run-end",
        runId,
        path,
        time,
        name,
        outcome,
        durationMs,
        usage,
        costMicroUsd,
        code,
      });
    }
    this.events.drain();
  }

  addCost(cost: CallCost): void {
    if (cost.costMicroUsd !== undefined) this.costMicroUsd = (this.costMicroUsd ?? 0) + cost.costMicroUsd;
    this.usage = this.usage === undefined ? cost.usage : addUsage(this.usage, cost.usage);
  }
}

function addUsage(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cacheReadTokens: one.cacheReadTokens + other.cacheReadTokens,
    cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
  };
}

/** Adds up what two attempts of one call cost; a price that is not known leaves the sum unknown. */
export function addCosts(one: CallCost, other: CallCost): CallCost {
  const known = one.costMicroUsd !== undefined && other.costMicroUsd !== undefined;
  return {
    usage: addUsage(one.usage, other.usage),
    costMicroUsd: known ? one.costMicroUsd! + other.costMicroUsd! : undefined,
  };
}

/** A listener that is told only of what happens at or below some paths. */
class ListenerBelow implements EventListener {
  readonly paths = new Set<string>();
  readonly name: string;
  readonly mask: number;
  readonly priority: number;
  readonly #listener: EventListener;

  constructor(listener: EventListener) {
    this.name = listener.name;
    this.mask = listener.mask;
    this.priority = listener.priority ?? 0;
    this.#listener = listener;
  }

  notify(event: FlockEvent): void {
    if (this.#isBelow(event.path)) this.#listener.notify(event);
  }

  drain(): void {
    this.#listener.drain?.();
  }

  /** Looks up the path and each path above it, so that the number of watched paths does not matter. */
  #isBelow(path: string): boolean {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const above = path.slice(0, end);
      if (this.paths.has(above)) return true;
      const attempt = above.lastIndexOf("@");
      if (attempt > above.lastIndexOf("#") && this.paths.has(above.slice(0, attempt))) return true;
    }
    return false;
  }
}

/** Makes a state, with the values of another to begin with. */
export function createState(from?: ContextState): ContextState {
  const values = new Map<StateKey<unknown>, unknown>(from === undefined ? [] : entriesOf.get(from)!);
  const state: ContextState = {
    get: <Value>(key: StateKey<Value>) => values.get(key) as Value | undefined,
    set: (key, value) => void values.set(key, value),
    has: (key) => values.has(key),
    delete: (key) => values.delete(key),
  };
  entriesOf.set(state, values);
  return state;
}

const entriesOf = new WeakMap<ContextState, Map<StateKey<unknown>, unknown>>();
