/** What limits need of a client of Redis, and one of our own for who gives an address alone. */

import { loadPackage } from "../../core/runtime/optional-package.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";

/** The part of an `ioredis` client (`Redis` or `Cluster`) that limits use. */
export interface RedisScriptClient {
  evalsha(sha: string, keys: number, ...args: string[]): Promise<unknown>;
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
  /** Makes a second connection, which listens. */
  duplicate(): RedisListener;
}

/** A connection that does nothing but hear what is published. */
export interface RedisListener {
  subscribe(...channels: string[]): Promise<unknown>;
  on(event: "message", listener: (channel: string, message: string) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  disconnect(): void;
}

/** A client that was made here, and is closed here. */
export interface OwnedRedisClient extends RedisScriptClient {
  disconnect(): void;
}

/**
 * Connects to an address, and anew whenever the connection is lost. Commands fail instead of waiting for long.
 *
 * @throws package_missing without the optional package ioredis.
 */
export async function connectRedis(url: string, runtime: Runtime): Promise<OwnedRedisClient> {
  const { Redis } = await loadPackage({
    name: "ioredis",
    purpose: "share limits over Redis",
    load: () => import("ioredis"),
  });
  const client = new Redis(url, {
    connectTimeout: 2_000,
    maxRetriesPerRequest: 1,
    retryStrategy: (times) => Math.ceil(Math.min(2_000, 50 * 2 ** Math.min(times, 6)) * (0.5 + runtime.random() / 2)),
  });
  // Every command tells of it itself; without a listener it would be printed.
  client.on("error", () => {});
  return client as unknown as OwnedRedisClient;
}
