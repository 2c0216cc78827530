/** A real Redis for a test: started on a free port, gone with the test. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis, type RedisOptions } from "ioredis";

/** Whether the program is there; where it is not, tests that need it are skipped with a line. */
export const hasRedis = spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0;
if (!hasRedis) console.log("skipped: redis-server is not installed (Debian: apt-get install redis-server)");

/** What a test wants of its server. */
export interface RedisServerOptions {
  readonly password?: string;
  /** A folder to keep values in, each before it is acknowledged. @default memory alone */
  readonly folder?: string;
}

/** A server that can be stopped and started anew on the same port. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly #options: RedisServerOptions;
  #child: ChildProcess | undefined;

  constructor(port: number, options: RedisServerOptions) {
    this.port = port;
    this.#options = options;
    this.url = this.urlWith("");
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.up();
    return server;
  }

  /** Gives its address, with what stands before the host, such as `:password@`. */
  urlWith(credentials: string): string {
    return `redis://${credentials}127.0.0.1:${this.port}`;
  }

  /** Starts it and waits until it answers. */
  async up(): Promise<void> {
    const { password, folder } = this.#options;
    const disk = folder === undefined ? ["no"] : ["yes", "--appendfsync", "always", "--dir", folder];
    const args = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", ...disk];
    const secret = password === undefined ? [] : ["--requirepass", password];
    this.#child = spawn("redis-server", [...args, ...secret], { stdio: "ignore" });
    const client = this.client({ maxRetriesPerRequest: null, retryStrategy: () => 20 });
    await client.ping();
    client.disconnect();
  }

  /** Kills it, its memory with it. */
  async down(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Lets it stand still, with its connections open. */
  freeze(): void {
    this.#child!.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child!.kill("SIGCONT");
  }

  client(options: Pick<RedisOptions, "maxRetriesPerRequest" | "retryStrategy"> = {}): Redis {
    const { password } = this.#options;
    const secret = password === undefined ? {} : { password };
    const client = new Redis(this.port, "127.0.0.1", { ...options, ...secret });
    client.on("error", () => {});
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }
}

/** Asks again and again, since a real server's clock cannot be moved, until it holds. */
export async function eventually(holds: () => Promise<boolean> | boolean, withinMs = 5_000): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (performance.now() < end) {
    if (await holds()) return true;
    await sleep(10);
  }
  return holds();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}
