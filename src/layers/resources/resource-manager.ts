/** The limiter: how many at a time, how much in a window, how much money in all, taken together or not at all. */

import {
  checkOptions,
  functionOption,
  nonEmptyString,
  type OptionCheck,
  objectOption,
  optionError,
  positiveNumber,
  wholeNumber,
} from "../../core/errors/options.ts";
import type { LimitChanges, ResourceLimits } from "../../core/resource-settings.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import type { SharedLimits } from "../../core/shared-limits.ts";
import { HeldLease } from "./held-lease.ts";
import { Hold } from "./hold.ts";
import type { AcquireOptions, Lease, ResourceRequest } from "./lease.ts";
import { Budget } from "./limits/budget.ts";
import {
  concurrencyDimension,
  customDimension,
  type Limit,
  requestsDimension,
  tokensDimension,
  usdDimension,
} from "./limits/limit.ts";
import { Permits } from "./limits/permits.ts";
import { type LimitSpec, readLimits, windowsMs } from "./limits/resource-limits.ts";
import { Scope } from "./limits/scope.ts";
import { SlidingWindow } from "./limits/sliding-window.ts";
import type { LeaseReport } from "./queue/holders.ts";
import { anonymous } from "./queue/waits.ts";
import { checkAcquireOptions, readRequest } from "./read-request.ts";
import { ResourceTree, waitOptionsOf } from "./resource-tree.ts";
import { type LimitUsage, type ResourceUsage, reportOf, usageOf } from "./usage.ts";

/** How a manager behaves. A nested one has clock, ageing and leak reports of the outermost. */
export interface ResourceManagerOptions {
  /** Named in errors and reports. @default "resources" */
  readonly name?: string;
  /** The manager it lies in, or several of one tree: what is acquired here is acquired there as well, atomically. @default none */
  readonly parent?: ResourceManager | readonly ResourceManager[];
  /**
   * Keeps its limits together with managers of the same name in other processes, beside keeping them here. Managers that
   * lie in one another share through the same one; one that says nothing keeps its own limits in this process.
   *
   * @default none
   */
  readonly shared?: SharedLimits;
  /** How many may wait here and in nested managers. @default 10_000 */
  readonly maxQueue?: number;
  /** Milliseconds of waiting that count as one step of priority. @default 5_000 */
  readonly ageingMs?: number;
  /** Age in milliseconds from which a lease is reported as a possible leak. @default 600_000 */
  readonly leakAfterMs?: number;
  /** Hears of leases that grew old or were lost. @default a warning of the process */
  readonly onLeak?: (report: LeaseReport) => void;
  /** @default the system's */
  readonly runtime?: Runtime;
}

/** Names the custom resources that are limited in a manager or above it. */
export let customNamesOf: (manager: ResourceManager) => readonly string[];

const oneCall: ResourceRequest = Object.freeze({ concurrency: 1, requests: 1 });

/**
 * Gives out permits, rates and budgets. What is asked for is taken as a whole or not at all, here and in every manager
 * above. No instant has more leases with a permit than `concurrency`, no interval of a window's length more than its
 * limit, and no budget more than it holds, but for what is settled above its reservation.
 *
 * Who waits is served by priority, owners fairly inside each, and nobody for ever behind others.
 */
export class ResourceManager {
  static {
    customNamesOf = (manager) => manager.#scope.customNames;
  }

  readonly #scope: Scope;
  readonly #tree: ResourceTree;

  /** @throws option_invalid for limits or options that are unknown or wrong. */
  constructor(limits: ResourceLimits = {}, options: ResourceManagerOptions = {}) {
    checkOptions("ResourceManager", options, optionChecks);
    const { parent } = options;
    const parents = parent === undefined ? [] : parent instanceof ResourceManager ? [parent] : parent;
    const name = options.name ?? "resources";
    this.#tree = parents[0] === undefined ? newTree(options) : nestedTree(parents[0].#tree, options);
    if (parents.some((one) => one.#tree !== this.#tree)) {
      throw optionError("ResourceManager", "parent", "managers with one outermost manager", parent);
    }
    const specs = readLimits(name, limits);
    if (options.shared !== undefined) shareTree(this.#tree, options.shared);
    const above = parents.map((one) => one.#scope);
    const placed = { maxQueue: options.maxQueue ?? 10_000, isShared: options.shared !== undefined };
    this.#scope = new Scope(name, above, placed, this.#tree.version);
    this.#apply([{ name: "concurrency", key: "concurrency", part: "", capacity: undefined }, ...specs]);
  }

  get name(): string {
    return this.#scope.name;
  }

  /** How many wait here and in nested managers. */
  get queued(): number {
    return this.#scope.queued;
  }

  /**
   * Takes all that is asked for, or nothing and gives undefined when some of it is not free now or others wait for it.
   * Synchronous, and so always undefined where limits are shared with other processes, which must be asked.
   *
   * @param request what the work needs. Left out: one permit and one request.
   * @throws option_invalid for what cannot be asked.
   */
  tryAcquire(request: ResourceRequest = oneCall, options?: AcquireOptions): Lease | undefined {
    const hold = this.#ask(request, options);
    if (this.#scope.isShared) return undefined;
    const lease = new HeldLease(hold, this.#tree);
    return this.#tree.tryTake(hold) ? lease : undefined;
  }

  /**
   * Takes all that is asked for, waiting its turn if need be. Every failure is a rejection: `limit_exceeded` at once for
   * more than a limit can ever give, or after `timeoutMs`; `budget_exceeded` for more than a budget has left; `queue_full`;
   * `deadlock` when everyone who holds it waits for this owner; the signal's own reason; `store_failed` when shared limits
   * cannot be reached.
   *
   * @param request what the work needs. Left out: one permit and one request.
   */
  acquire(request: ResourceRequest = oneCall, options?: AcquireOptions): Promise<Lease> {
    try {
      const hold = this.#ask(request, options);
      const lease = new HeldLease(hold, this.#tree);
      if (options?.signal?.aborted) return Promise.reject(options.signal.reason);
      const isTaken = this.#tree.tryTake(hold);
      if (isTaken && !this.#scope.isShared) return Promise.resolve(lease);
      const wait = waitOptionsOf(options ?? {});
      const local = isTaken ? Promise.resolve(lease) : this.#tree.take(hold, wait);
      return this.#scope.isShared ? this.#tree.share(hold, local, wait) : local;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Makes a manager inside this one: what is acquired there counts in both. */
  child(limits: ResourceLimits = {}, options: Omit<ResourceManagerOptions, "parent"> = {}): ResourceManager {
    return new ResourceManager(limits, { ...options, parent: this });
  }

  /**
   * Changes limits while they are in use; those left out stay, null takes one away. Raising wakes who waits; lowering lets
   * the present holders finish, and refuses waiters that ask for more than there is now. A new window or budget starts empty.
   *
   * @throws option_invalid for a wrong limit; nothing changes then.
   */
  configure(limits: LimitChanges): void {
    this.#apply(readLimits(this.#scope.name, limits, true));
    if (this.#tree.room.size > 0) this.#tree.room.limitsChanged(this.#tree.runtime.monotonic());
  }

  /** Measures its own limits now. */
  usage(): ResourceUsage {
    const now = this.#tree.runtime.monotonic();
    const parts: Record<string, Record<string, LimitUsage>> = {};
    for (const limit of this.#scope.own) {
      const [key = "", part = ""] = splitName(limit.name);
      parts[key] ??= {};
      parts[key][part] = usageOf(limit, this.#tree.holders, this.#tree.room.waitingFor(limit), now);
    }
    let holding = 0;
    for (const hold of this.#tree.holders) if (hold.scope.isWithin(this.#scope)) holding += 1;
    const { concurrency, requests = {}, tokens = {}, usd = {}, custom = {} } = parts;
    return { concurrency: concurrency![""]!, requests, tokens, usd, custom, holding, queued: this.#scope.queued };
  }

  /** Tells whether a limit here or above counts tokens, or dollars: what needs no estimate need not be estimated. */
  counts(what: "tokens" | "usd"): boolean {
    return this.#scope.counts(what === "usd" ? usdDimension : tokensDimension);
  }

  /** Names the first limit here or above that has no room for a request now, such as `requests.perMinute`; else undefined. */
  shortOf(request: ResourceRequest): string | undefined {
    const hold = this.#ask(request, undefined);
    const now = this.#tree.runtime.monotonic();
    for (const limit of this.#scope.path) {
      const amount = hold.amountOf(limit.dimension);
      if (amount > 0 && amount > limit.room(now)) return limit.name;
    }
    return undefined;
  }

  /** Tells who holds what here and in nested managers, oldest first. */
  holders(): LeaseReport[] {
    const now = this.#tree.runtime.monotonic();
    const reports: LeaseReport[] = [];
    for (const hold of this.#tree.holders) {
      if (hold.scope.isWithin(this.#scope)) reports.push(reportOf(hold, this.#tree.customNames, now));
    }
    return reports;
  }

  /** Tells which leases are older, or lost: collected as garbage without a release. Nothing is taken from them. */
  leaks(olderThanMs: number = this.#tree.leakAfterMs): LeaseReport[] {
    return this.holders().filter((report) => report.lost || report.ageMs >= olderThanMs);
  }

  /** Tells shared limits what was settled and released so far, for some seconds at most. Without any it does nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#tree.flush();
  }

  #ask(request: ResourceRequest, options: AcquireOptions | undefined): Hold {
    if (options !== undefined) checkAcquireOptions(options, this.#scope.name);
    const hold = new Hold(this.#scope, options?.owner ?? anonymous);
    readRequest(request, hold, this.#tree);
    return hold;
  }

  #apply(specs: readonly LimitSpec[]): void {
    const own = new Map(this.#scope.own.map((limit) => [limit.name, limit]));
    for (const spec of specs) {
      const known = own.get(spec.name);
      const isPermits = spec.key === "concurrency" || spec.key === "custom";
      if (known === undefined && (spec.capacity !== undefined || spec.key === "concurrency")) {
        own.set(spec.name, this.#makeLimit(spec));
      } else if (known !== undefined && (spec.capacity !== undefined || isPermits)) {
        known.capacity = spec.capacity ?? Number.POSITIVE_INFINITY;
      } else own.delete(spec.name);
    }
    this.#scope.own = [...own.values()];
  }

  #makeLimit({ name, key, part, capacity = Number.POSITIVE_INFINITY }: LimitSpec): Limit {
    const manager = this.#scope.name;
    const serial = this.#tree.holders.lastSerial;
    if (key === "concurrency") return new Permits(name, manager, concurrencyDimension, capacity, serial);
    if (key === "custom") return new Permits(name, manager, customDimension + this.#numberOf(part), capacity, serial);
    const dimension = { requests: requestsDimension, tokens: tokensDimension, usd: usdDimension }[key];
    const windowMs = windowsMs[part];
    if (windowMs === undefined) return new Budget(name, manager, dimension, capacity, serial);
    return new SlidingWindow(name, manager, dimension, capacity, serial, windowMs);
  }

  #numberOf(customName: string): number {
    const { customNames } = this.#tree;
    const number = customNames.get(customName) ?? customNames.size;
    customNames.set(customName, number);
    return number;
  }
}

const optionChecks: Readonly<Record<string, OptionCheck>> = {
  name: nonEmptyString,
  parent: (value) =>
    [value].flat().every((one) => one instanceof ResourceManager) ? undefined : "a ResourceManager, or a list of them",
  shared: (value) =>
    typeof (value as { acquire?: unknown } | null)?.acquire === "function" ? undefined : "limits such as RedisLimits",
  maxQueue: wholeNumber(0),
  ageingMs: positiveNumber,
  leakAfterMs: (value) =>
    typeof value === "number" && value > 0 ? undefined : "milliseconds above 0, or Infinity for no reports",
  onLeak: functionOption,
  runtime: objectOption,
};

function newTree(options: ResourceManagerOptions): ResourceTree {
  const runtime = options.runtime ?? systemRuntime;
  const tree: ResourceTree = new ResourceTree({
    runtime,
    ageingMs: options.ageingMs ?? 5_000,
    leakAfterMs: options.leakAfterMs ?? 600_000,
    report: (hold) => {
      const report = reportOf(hold, tree.customNames, runtime.monotonic());
      // Whoever listens may use the manager, which is in the middle of something now.
      queueMicrotask(() => tellOf(report, options.onLeak, runtime));
    },
  });
  return tree;
}

function shareTree(tree: ResourceTree, shared: SharedLimits): void {
  tree.shared ??= shared;
  if (tree.shared === shared) return;
  throw optionError("ResourceManager", "shared", "the same for all managers that lie in one another", shared);
}

function tellOf(report: LeaseReport, onLeak: ((report: LeaseReport) => void) | undefined, runtime: Runtime): void {
  if (onLeak !== undefined) {
    try {
      onLeak(report);
    } catch {
      // A listener can never change what it listens to.
    }
    return;
  }
  const what = report.lost ? "was dropped without a release" : `is held for ${Math.round(report.ageMs)} ms`;
  runtime.warn(
    `a lease of ${report.owner} from ${report.manager} ${what}; release it in a finally, or take it with \`using\``,
    "lease_leaked",
  );
}

function nestedTree(tree: ResourceTree, options: ResourceManagerOptions): ResourceTree {
  if (options.runtime !== undefined && options.runtime !== tree.runtime) {
    throw optionError("ResourceManager", "runtime", "that of its parent, or left out", options.runtime);
  }
  for (const key of ["ageingMs", "leakAfterMs", "onLeak"] as const) {
    if (options[key] === undefined) continue;
    throw optionError("ResourceManager", key, "left out in a nested manager: the outermost one decides", options[key]);
  }
  return tree;
}

/** The first dot divides: names of custom resources may have more. */
function splitName(name: string): [string, string] {
  const dot = name.indexOf(".");
  return dot === -1 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
}
