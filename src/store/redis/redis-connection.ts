/** The line to a Redis server: opened when needed, every command bounded in time, no secret in what it says. */

import { loadPackage } from "../../core/runtime/optional-package.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { reasonOf } from "../rows/store-request.ts";

/** What is sent with a command. */
export type RedisArgument = string | Buffer | number;

/** What is used of a client of the package ioredis. */
export interface RedisClient {
  callBuffer(command: string, ...args: RedisArgument[]): Promise<unknown>;
}

/** A client that is ours to open and close. */
interface OwnClient extends RedisClient {
  readonly stream?: { unref?(): unknown };
  connect(): Promise<unknown>;
  disconnect(): void;
  on(event: string, listener: (error: unknown) => void): unknown;
}

/** Where the server is, and how long a command may take. */
export interface RedisConnectionOptions {
  readonly client: RedisClient | undefined;
  readonly url: string | undefined;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
}

const longestReason = 200;

/**
 * Sends commands. A client that was handed in is used as it is and never closed. Its own one connects with the first
 * command, and again with the next after a failure, never in the background; only commands under way hold the process.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  readonly #secrets: readonly string[];
  #own: Promise<OwnClient> | undefined = undefined;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#secrets = secretsOf(options);
  }

  /** Sends a command; rejects with an Error that says why, after `timeoutMs` at the latest. */
  send(command: string, args: readonly RedisArgument[]): Promise<unknown> {
    const { runtime, timeoutMs, client } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = runtime.setTimer(() => {
        // The line may be dead without having been closed.
        if (client === undefined) this.close();
        reject(new Error(`no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      void this.#call(command, args)
        .then(resolve, (error) => reject(error instanceof MissingPackage ? error.cause : new Error(this.#say(error))))
        .then(() => timer.cancel());
    });
  }

  close(): void {
    const own = this.#own;
    this.#own = undefined;
    void own?.then(
      (client) => client.disconnect(),
      () => undefined,
    );
  }

  async #call(command: string, args: readonly RedisArgument[]): Promise<unknown> {
    const client = this.#options.client ?? (await this.#connected());
    return client.callBuffer(command, ...args);
  }

  #connected(): Promise<OwnClient> {
    if (this.#own !== undefined) return this.#own;
    const own = this.#connect(() => {
      if (this.#own === own) this.#own = undefined;
    });
    this.#own = own;
    own.catch(() => undefined);
    return own;
  }

  /** `onEnd` is called when the line is closed or could not be opened. */
  async #connect(onEnd: () => void): Promise<OwnClient> {
    let fault: unknown;
    try {
      const client = await this.#createClient();
      client.on("error", (error) => {
        fault = error;
      });
      client.on("end", onEnd);
      await client.connect();
      client.stream?.unref?.();
      return client;
    } catch (error) {
      onEnd();
      // The server's own words say more than "Connection is closed".
      throw fault ?? error;
    }
  }

  async #createClient(): Promise<OwnClient> {
    const { url, timeoutMs } = this.#options;
    const { Redis } = await loadPackage({
      name: "ioredis",
      purpose: "keep values on a Redis server",
      load: () => import("ioredis"),
    }).catch((error) => {
      throw new MissingPackage("", { cause: error });
    });
    return new Redis(url!, {
      lazyConnect: true,
      connectTimeout: timeoutMs,
      disconnectTimeout: 100,
      retryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      enableReadyCheck: false,
      disableClientInfo: true,
    });
  }

  /** A server's message can repeat the command it refuses, whose arguments are keys, values and passwords. */
  #say(error: unknown): string {
    let text = reasonOf(error).split(/\r?\n|, with args/, 1)[0]!;
    for (const secret of this.#secrets) text = text.replaceAll(secret, "***");
    return text.slice(0, longestReason);
  }
}

/** An error that is told as it is. */
class MissingPackage extends Error {}

function secretsOf({ client, url }: RedisConnectionOptions): readonly string[] {
  const found: unknown[] = [];
  if (url !== undefined) {
    const { password, username } = new URL(url);
    found.push(url, password, decoded(password), username, decoded(username));
  }
  const options = (client as { readonly options?: { readonly password?: unknown } } | undefined)?.options;
  found.push(options?.password);
  return found.filter((each) => typeof each === "string" && each !== "" && each !== "default") as string[];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
