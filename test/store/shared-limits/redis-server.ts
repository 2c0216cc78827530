/** A real Redis for a test: started on a free port, kept in memory, gone with the test. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis, type RedisOptions } from "ioredis";

/** Whether the program is there; where it is not, tests that need it are skipped with a line. */
export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;
if (!hasRedisServer) console.log("skipped: redis-server is not installed (Debian: apt-get install redis-server)");

/** A server that can be stopped and started anew on the same port. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly #password: string | undefined;
  #child: ChildProcess | undefined;

  constructor(port: number, password?: string) {
    this.port = port;
    this.#password = password;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async start(password?: string): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), password);
    await server.up();
    return server;
  }

  /** Starts it and waits until it answers. */
  async up(): Promise<void> {
    const args = ["--port", `${this.port}`, "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"];
    const secret = this.#password === undefined ? [] : ["--requirepass", this.#password];
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
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  client(options: Pick<RedisOptions, "maxRetriesPerRequest" | "retryStrategy"> = {}): Redis {
    const secret = this.#password === undefined ? {} : { password: this.#password };
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
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
