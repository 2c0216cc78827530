/** The store on a Redis server, shared by machines. */

import type { KeepOptions, KeyValueStore, StoredValue, StoreFilter } from "../../core/key-value-store.ts";
import { keyBytes, tagBytes, tagWord } from "../rows/key-bytes.ts";
import { checksumBytes, openRow, remainingMs, sealRow } from "../rows/row-envelope.ts";
import { SteadyClock } from "../rows/steady-clock.ts";
import { checkFilter, checkKey, checkSet } from "../rows/store-request.ts";
import type { RedisArgument } from "./redis-connection.ts";
import { deleteScript, dropScript, setScript } from "./redis-scripts.ts";
import { RedisSession, type RedisStoreOptions } from "./redis-session.ts";

const noOptions: KeepOptions = {};
/** Keys one command looks at or deletes, so that the server serves others in between. */
const slice = 500;
/** More than 250 years; a server refuses times its clock cannot hold. */
const longestTtlMs = 2 ** 43;

/**
 * Keeps texts on a Redis server (5 or later). A value survives what the server's own persistence survives. It leaves when it
 * has expired by the server's clock or by ours; every value has a checksum, so that a damaged one is not found. What the
 * server does not answer in time fails with `store_failed`, and may still be done later.
 */
export class RedisStore implements KeyValueStore {
  readonly name = "redis";
  readonly #session: RedisSession;
  readonly #values: string;
  readonly #tags: string;
  readonly #clock: SteadyClock;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: RedisStoreOptions) {
    this.#session = new RedisSession("RedisStore", options);
    const { prefix, runtime } = this.#session;
    this.#values = `${prefix}:v:`;
    this.#tags = `${prefix}:t:`;
    this.#clock = new SteadyClock(runtime);
  }

  async get(key: string): Promise<StoredValue | undefined> {
    checkKey("RedisStore.get", key);
    const sealed = await this.#session.send("get", "HGET", [this.#nameOf(key), "b"]);
    if (sealed === null) return undefined;
    const row = openRow(keyBytes(key), sealed);
    if (row === undefined) {
      await this.#drop(key, sealed);
      return undefined;
    }
    const remaining = remainingMs(row, this.#clock.now());
    if (remaining <= 0) return undefined;
    return { value: row.value, remainingMs: Number.isFinite(remaining) ? remaining : undefined };
  }

  async set(key: string, value: string, options: KeepOptions = noOptions): Promise<void> {
    checkSet("RedisStore.set", key, value, options);
    const { ttlMs = Number.POSITIVE_INFINITY } = options;
    const tags = (options.tags ?? []).map(tagWord);
    const now = this.#clock.now();
    const expiresAt = now + ttlMs;
    const sealed = sealRow(keyBytes(key), { value, writtenAt: now, expiresAt }, tags);
    const serverTtl = Number.isFinite(ttlMs) ? Math.ceil(Math.min(ttlMs, longestTtlMs)) : "";
    const facts = [sealed, serverTtl, `${expiresAt}`, this.#tags, Buffer.concat(tags), tagBytes];
    await this.#session.send("set", "EVAL", [setScript, 1, this.#nameOf(key), ...facts]);
  }

  async delete(key: string): Promise<boolean> {
    checkKey("RedisStore.delete", key);
    return (await this.#delete("delete", [this.#nameOf(key)])) > 0;
  }

  /** Walks over the tag's keys, or over all keys of the server for a prefix, some hundred at a time. */
  async deleteWhere(filter: StoreFilter): Promise<number> {
    checkFilter("RedisStore.deleteWhere", filter);
    if ("prefix" in filter) return this.#deleteWhere("deleteWhere", filter.prefix);
    const tag = this.#tagKey(filter.tag);
    return this.#walk("deleteWhere", "ZSCAN", [tag], (found) =>
      // Keys and scores in turn.
      this.#delete(
        "deleteWhere",
        found.filter((_, index) => index % 2 === 0),
        tag,
      ),
    );
  }

  /** Deletes all of its own prefix, nothing else. */
  async clear(): Promise<void> {
    await this.#deleteWhere("clear", "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.close();
  }

  #deleteWhere(operation: string, prefix: string): Promise<number> {
    const match = ["MATCH", Buffer.concat([escapePattern(this.#nameOf(prefix)), Buffer.from("*")])];
    return this.#walk(operation, "SCAN", [], (found) => this.#delete(operation, found), match);
  }

  /** Goes through a collection of the server; what is there from start to end is found, perhaps twice. */
  async #walk(
    operation: string,
    command: "SCAN" | "ZSCAN",
    before: readonly RedisArgument[],
    visit: (found: readonly Buffer[]) => Promise<number>,
    after: readonly RedisArgument[] = [],
  ): Promise<number> {
    let total = 0;
    let cursor = "0";
    do {
      const answer = await this.#session.send(operation, command, [...before, cursor, ...after, "COUNT", slice]);
      const [next, found] = answer as [unknown, readonly Buffer[]];
      cursor = `${next}`;
      if (found.length > 0) total += await visit(found);
    } while (cursor !== "0");
    return total;
  }

  async #delete(operation: string, names: readonly Buffer[], tag: RedisArgument = ""): Promise<number> {
    let live = 0;
    for (let start = 0; start < names.length; start += slice) {
      const some = names.slice(start, start + slice);
      const facts = [this.#clock.now(), this.#tags, tagBytes, tag];
      live += Number(await this.#session.send(operation, "EVAL", [deleteScript, some.length, ...some, ...facts]));
    }
    return live;
  }

  /** A miss must not become an error because it cannot be cleaned up. */
  async #drop(key: string, sealed: unknown): Promise<void> {
    if (!Buffer.isBuffer(sealed)) return;
    const beginning = sealed.subarray(0, checksumBytes);
    await this.#session.send("get", "EVAL", [dropScript, 1, this.#nameOf(key), beginning]).catch(() => undefined);
  }

  #nameOf(key: string): Buffer {
    return Buffer.concat([Buffer.from(this.#values), keyBytes(key)]);
  }

  #tagKey(tag: string): Buffer {
    return Buffer.concat([Buffer.from(this.#tags), tagWord(tag)]);
  }
}

/** Writes a name such that a pattern of Redis means exactly it. */
function escapePattern(name: Buffer): Buffer {
  const special = new Set(Buffer.from("*?[]\\^-"));
  return Buffer.from([...name].flatMap((byte) => (special.has(byte) ? [0x5c, byte] : [byte])));
}
