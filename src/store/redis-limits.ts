/** Limits that processes share over Redis: every question is one script on the server's own clock. */

import {
  checkOptions,
  nonEmptyString,
  objectOption,
  oneOf,
  optionError,
  positiveNumber,
} from "../core/errors/options.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { systemRuntime } from "../core/runtime/system-runtime.ts";
import type {
  SharedAnswer,
  SharedAsk,
  SharedChange,
  SharedLease,
  SharedLimit,
  SharedLimits,
  SharedUsage,
} from "../core/shared-limits.ts";
import { acquireScript, changeScript, renewScript, usageScript } from "./limits/limit-scripts.ts";
import {
  connectRedis,
  type OwnedRedisClient,
  type RedisListener,
  type RedisScriptClient,
} from "./limits/redis-client.ts";
import { limitScript, ScriptRunner } from "./limits/script-runner.ts";

/** Where the limits are kept, and how long. One of `client` and `url`. */
export interface RedisLimitsOptions {
  /** A client of the package `ioredis`; it stays open. */
  readonly client?: RedisScriptClient;
  /** Address such as `redis://localhost:6379`; a client of its own is opened at first use and closed with this. */
  readonly url?: string;
  /** What its keys begin with. Processes with the same one share limits. @default "flock:limits" */
  readonly prefix?: string;
  /** Milliseconds after which permits of a process that ended are free again. @default 30_000 */
  readonly leaseMs?: number;
  /** Longest wait for an answer, in milliseconds. @default 1_000 */
  readonly commandTimeoutMs?: number;
  /** Milliseconds a `total` is remembered after its last use. @default 30 days */
  readonly keepTotalsMs?: number;
  /**
   * What to do while Redis cannot be reached: `refuse` with `store_failed`, or go by the limits of this process alone.
   *
   * @default "refuse"
   */
  readonly onUnavailable?: "refuse" | "local";
  /** @default the system's */
  readonly runtime?: Runtime;
}

/** A place in line is lost when nobody asks from it for this long. */
const lineMs = 3_000;
/** What a lease took is remembered this much longer than its permits, so that it can still be settled. */
const recordMs = 3_600_000;

/**
 * Keeps limits in Redis 6 or later. The server's clock alone counts, so that a process whose clock is wrong changes
 * nothing. All keys have an expiry and lie on one node of a cluster.
 */
export class RedisLimits implements SharedLimits {
  readonly name = "redis";
  readonly leaseMs: number;
  readonly onUnavailable: "refuse" | "local";
  readonly #runtime: Runtime;
  readonly #keepTotalsMs: number;
  readonly #url: string | undefined;
  readonly #base: string;
  readonly #runner: ScriptRunner;
  readonly #listeners = new Set<(id: string) => void>();
  #client: Promise<RedisScriptClient> | undefined;
  #owned: OwnedRedisClient | undefined;
  #ear: RedisListener | undefined;
  #isOpening = false;
  #isClosed = false;

  /** @throws option_invalid for options that are unknown or wrong, or without exactly one of `client` and `url`. */
  constructor(options: RedisLimitsOptions) {
    checkOptions("RedisLimits", options, optionChecks);
    const { client, url } = options;
    if ((client === undefined) === (url === undefined)) {
      throw optionError("RedisLimits", "client", 'given, or "url" in its place, not both', client);
    }
    this.leaseMs = options.leaseMs ?? 30_000;
    this.onUnavailable = options.onUnavailable ?? "refuse";
    this.#runtime = options.runtime ?? systemRuntime;
    this.#keepTotalsMs = options.keepTotalsMs ?? 30 * 86_400_000;
    this.#url = url;
    this.#client = client === undefined ? undefined : Promise.resolve(client);
    this.#base = `{${options.prefix ?? "flock:limits"}}`;
    this.#runner = new ScriptRunner({
      client: () => this.#connect(),
      runtime: this.#runtime,
      timeoutMs: options.commandTimeoutMs ?? 1_000,
      base: this.#base,
    });
  }

  async acquire(id: string, asks: readonly SharedAsk[], stands: boolean): Promise<SharedAnswer> {
    const times = [this.leaseMs, this.leaseMs + recordMs, this.#keepTotalsMs, stands ? 1 : 0, lineMs];
    const told = asks.flatMap(({ kind, name, capacity, amount, windowMs }) => [
      letters[kind],
      name,
      capacity,
      amount,
      windowMs ?? 0,
    ]);
    const answer = (await this.#runner.run(acquire, [id, ...times, ...told])) as (number | string)[];
    if (Number(answer[0]) === 1) return { granted: true };
    const [, index, used, reserved, waitUs, isFinal] = answer.map(Number);
    return {
      granted: false,
      limit: asks[index! - 1]?.name ?? "",
      used: used!,
      reserved: reserved!,
      freesUpInMs: waitUs! < 0 ? undefined : waitUs! / 1_000,
      isFinal: isFinal === 1,
    };
  }

  async change(changes: readonly SharedChange[]): Promise<void> {
    const told = changes.flatMap(({ id, end, used = {} }) => {
      const entries = Object.entries(used);
      return [id, end ?? "", entries.length, ...entries.flat()];
    });
    await this.#runner.run(change, [this.leaseMs, this.#keepTotalsMs, ...told]);
  }

  async renew(leases: readonly SharedLease[]): Promise<void> {
    const told = leases.flatMap(({ id, asks }) => {
      const kept = asks.filter(({ kind }) => kind !== "window");
      return [id, kept.length, ...kept.flatMap(({ kind, name, amount }) => [letters[kind], name, amount])];
    });
    await this.#runner.run(renew, [this.leaseMs, this.leaseMs + recordMs, this.#keepTotalsMs, ...told]);
  }

  async usage(limits: readonly SharedLimit[]): Promise<SharedUsage[]> {
    const told = limits.flatMap(({ kind, name, capacity, windowMs }) => [letters[kind], name, capacity, windowMs ?? 0]);
    const figures = ((await this.#runner.run(usage, told)) as (number | string)[]).map(Number);
    return limits.map(({ name }, index) => {
      const [used, reserved, waiting, waitUs] = figures.slice(index * 4, index * 4 + 4);
      return {
        name,
        used: used!,
        reserved: reserved!,
        waiting: waiting!,
        freesUpInMs: waitUs! < 0 ? undefined : waitUs! / 1_000,
      };
    });
  }

  watch(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    void this.#listen();
    return () => void this.#listeners.delete(listener);
  }

  /** Closes what it opened; a client that was handed in stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#runner.close();
    this.#listeners.clear();
    this.#ear?.disconnect();
    this.#ear = undefined;
    this.#owned?.disconnect();
  }

  #connect(): Promise<RedisScriptClient> {
    this.#client ??= this.#open();
    return this.#client;
  }

  async #open(): Promise<RedisScriptClient> {
    const client = await connectRedis(this.#url!, this.#runtime);
    if (this.#isClosed) client.disconnect();
    this.#owned = client;
    return client;
  }

  /** Waiting works without it as well, only later: who waits asks again in any case. */
  async #listen(): Promise<void> {
    if (this.#isOpening || this.#isClosed) return;
    this.#isOpening = true;
    try {
      const ear = (await this.#connect()).duplicate();
      ear.on("error", () => {});
      if (this.#isClosed) return ear.disconnect();
      this.#ear = ear;
      ear.on("message", (_, id) => {
        for (const listener of this.#listeners) listener(id);
      });
      await ear.subscribe(`${this.#base}:wake`);
    } catch {
      this.#ear?.disconnect();
      this.#isOpening = false;
    }
  }
}

const letters = { permits: "p", window: "w", budget: "b" } as const;
const acquire = limitScript("acquire", acquireScript);
const change = limitScript("settle and release", changeScript);
const renew = limitScript("renew leases", renewScript);
const usage = limitScript("read usage", usageScript);

/** Braces would move the hash tag, which keeps all keys on one node. */
function keyPrefix(value: unknown): string | undefined {
  return typeof value === "string" && /^[^{}]+$/.test(value) ? undefined : "a non-empty string without braces";
}

const optionChecks = {
  client: objectOption,
  url: nonEmptyString,
  prefix: keyPrefix,
  leaseMs: positiveNumber,
  commandTimeoutMs: positiveNumber,
  keepTotalsMs: positiveNumber,
  onUnavailable: oneOf("refuse", "local"),
  runtime: objectOption,
};
