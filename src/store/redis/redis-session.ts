/** What every store on a Redis server is told of it, and one way to ask it whose every failure is typed. */

import { isFlockError } from "../../core/errors/errors.ts";
import {
  checkOptions,
  nameString,
  type OptionCheck,
  objectOption,
  optionError,
  wholeNumber,
} from "../../core/errors/options.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { reasonOf, storeFailed } from "../rows/store-request.ts";
import { type RedisArgument, type RedisClient, RedisConnection } from "./redis-connection.ts";

/** Which server a store uses, and what of it is its own. Needs `client` or `url`. */
export interface RedisStoreOptions {
  /** A client of the package ioredis; it is not closed. */
  readonly client?: RedisClient;
  /** `redis://user:password@host:port/database`, or `rediss://` for TLS; needs the package ioredis. */
  readonly url?: string;
  /** Begins all its keys, with a colon after it. Stores of different prefixes share a server. @default "flock" */
  readonly prefix?: string;
  /** Milliseconds a command may take, connecting included. @default 2,000 */
  readonly timeoutMs?: number;
  /** Clock and timers. @default the system's */
  readonly runtime?: Runtime;
}

const urlOption: OptionCheck = (value) =>
  typeof value === "string" && /^rediss?:\/\//.test(value) && URL.canParse(value)
    ? undefined
    : "an address redis://… or rediss://…";

/** What scans or names keys must not pass through a client that adds a prefix to some, or spreads them over servers. */
const clientOption: OptionCheck = (value) => {
  if (typeof (value as RedisClient | null)?.callBuffer !== "function") return "a client of the package ioredis";
  const { isCluster, options } = value as { isCluster?: unknown; options?: { keyPrefix?: unknown } };
  if (isCluster === true) return "a client of one server, not of a cluster";
  return options?.keyPrefix ? 'a client without "keyPrefix"; give the store a "prefix"' : undefined;
};

/** A line to a server, until the store is disposed. */
export class RedisSession {
  readonly prefix: string;
  readonly runtime: Runtime;
  readonly #connection: RedisConnection;
  #isClosed = false;

  /** @throws option_invalid for an unknown option or a wrong value; `checks` are those of the store's own options. */
  constructor(owner: string, options: RedisStoreOptions, checks: Readonly<Record<string, OptionCheck>> = {}) {
    checkOptions(owner, options, {
      ...checks,
      client: clientOption,
      url: urlOption,
      prefix: nameString,
      timeoutMs: wholeNumber(1),
      runtime: objectOption,
    });
    const { client, url, prefix = "flock", timeoutMs = 2_000, runtime = systemRuntime } = options;
    if ((client === undefined) === (url === undefined)) {
      throw optionError(owner, "client", 'given, or "url", and not both', client);
    }
    this.prefix = prefix;
    this.runtime = runtime;
    this.#connection = new RedisConnection({ client, url, timeoutMs, runtime });
  }

  /** @throws store_failed for everything that goes wrong; package_missing without ioredis. */
  async send(operation: string, command: string, args: readonly RedisArgument[]): Promise<unknown> {
    if (this.#isClosed) throw redisFailed(operation, "it is closed; make a new one");
    try {
      return await this.#connection.send(command, args);
    } catch (error) {
      if (isFlockError(error)) throw error;
      throw redisFailed(operation, reasonOf(error));
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#connection.close();
  }
}

function redisFailed(operation: string, reason: string): Error {
  return storeFailed({ name: "redis", place: "" }, operation, reason);
}
