/** A real Redis server for a test, as a child that ends with it. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** Whether this machine has one (Debian: `apt-get install redis-server`). Without it the tests on a real server are skipped. */
export const hasRedis = spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0;

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly child: ChildProcess;
}

/** Starts a server that keeps nothing on disk; waits until it takes connections. */
export async function startRedis(options: readonly string[] = [], wantedPort?: number): Promise<RedisServer> {
  const port = wantedPort ?? (await freePort());
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--daemonize", "no", ...options];
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "ignore"] });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    child.stdout!.on("data", (data) => {
      said += data;
      if (said.includes("Ready to accept connections")) resolve();
    });
    child.once("exit", () => reject(new Error(`redis-server ended: ${said}`)));
    child.once("error", reject);
  });
  return {
    port,
    child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}
