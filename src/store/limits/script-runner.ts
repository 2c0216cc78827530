/** Runs scripts in Redis, by hash where it knows them, and turns every way to fail into one bounded, typed error. */

import { createHash } from "node:crypto";
import { FlockError } from "../../core/errors/errors.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import type { RedisScriptClient } from "./redis-client.ts";

/** A script with the hash that names it. */
export interface LimitScript {
  readonly operation: string;
  readonly source: string;
  readonly sha: string;
}

/** Prepares a script. */
export function limitScript(operation: string, source: string): LimitScript {
  return { operation, source, sha: createHash("sha1").update(source).digest("hex") };
}

/** How scripts are run. */
export interface ScriptRunnerOptions {
  readonly client: () => Promise<RedisScriptClient>;
  readonly runtime: Runtime;
  readonly timeoutMs: number;
  /** The key all others begin with. */
  readonly base: string;
}

/** After a connection failed, nobody waits for it again for this long. */
const awayMs = 250;

/** One way to Redis. While it is away, questions fail at once, but for one that tries every quarter of a second. */
export class ScriptRunner {
  readonly #options: ScriptRunnerOptions;
  #awayUntil = Number.NEGATIVE_INFINITY;
  #awayReason = "";
  #isClosed = false;

  constructor(options: ScriptRunnerOptions) {
    this.#options = options;
  }

  /** @throws store_failed for everything that goes wrong; package_missing without ioredis. */
  async run(script: LimitScript, args: readonly (string | number)[]): Promise<unknown> {
    const { runtime, timeoutMs } = this.#options;
    if (this.#isClosed) throw storeFailed(script.operation, "it is closed");
    const now = runtime.monotonic();
    if (now < this.#awayUntil) throw storeFailed(script.operation, this.#awayReason);
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = runtime.setTimer(() => reject(new TooSlow()), timeoutMs);
    try {
      const answer = await Promise.race([this.#send(script, args.map(String)), promise]);
      this.#awayUntil = Number.NEGATIVE_INFINITY;
      return answer;
    } catch (error) {
      if (error instanceof FlockError) throw error;
      const reason = error instanceof TooSlow ? `no answer within ${timeoutMs} ms` : reasonOf(error);
      // A server that answers, even with an error, is not away.
      if (!isReply(error)) {
        this.#awayUntil = runtime.monotonic() + awayMs;
        this.#awayReason = reason;
      }
      throw storeFailed(script.operation, reason);
    } finally {
      timer.cancel();
    }
  }

  close(): void {
    this.#isClosed = true;
  }

  async #send({ sha, source }: LimitScript, args: readonly string[]): Promise<unknown> {
    const client = await this.#options.client();
    try {
      return await client.evalsha(sha, 1, this.#options.base, ...args);
    } catch (error) {
      if (!isReply(error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return await client.eval(source, 1, this.#options.base, ...args);
    }
  }
}

/** Says why without a word of the client's own: its errors carry addresses and the arguments of commands. */
export function storeFailed(operation: string, reason: string): FlockError<"store_failed"> {
  return new FlockError(
    "store_failed",
    `shared limits could not ${operation} in redis: ${reason}; ` +
      'check that the server runs and lets this client in, or set onUnavailable to "local"',
    { details: { store: "redis", operation, reason } },
  );
}

class TooSlow {}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

function reasonOf(error: unknown): string {
  const { code, name, message } = (error ?? {}) as { code?: unknown; name?: unknown; message?: unknown };
  if (isReply(error)) {
    const word = /^[A-Z]{2,24}\b/.exec(String(message))?.[0] ?? "ERR";
    return `the server answered ${word}`;
  }
  if (typeof code === "string" && /^E[A-Z_]{2,32}$/.test(code)) return code;
  if (name === "MaxRetriesPerRequestError") return "the connection was lost";
  return "the connection failed";
}
