/** The store of runs on a Redis server, shared by machines. */

import { optionError } from "../../core/errors/options.ts";
import type { RunQuery, RunRetention, RunStore, StoredRun } from "../../core/run-store.ts";
import { Pacer } from "../../core/runtime/pacer.ts";
import type { RedisArgument } from "../redis/redis-connection.ts";
import { RedisSession, type RedisStoreOptions } from "../redis/redis-session.ts";
import { SteadyClock } from "../rows/steady-clock.ts";
import { storeFailed } from "../rows/store-request.ts";
import { appendScript, clearScript, readBackScript, readSomeScript } from "./redis-run-scripts.ts";
import { checkRuns, retentionChecks, retentionOf, wholeQuery } from "./run-request.ts";
import { isBeyond, type ReadPlace, type ReadSlice, type RunRows, walkRuns } from "./run-walk.ts";
import { openRun, sealRun } from "./sealed-run.ts";

/** Which server keeps runs, and how many; bytes are those of the runs as they are sent, and of their keys. */
export interface RedisRunStoreOptions extends RedisStoreOptions, RunRetention {}

/** Runs read or let go of in one step, so that the server serves others in between. */
const slice = 64;
/** What one step can take: a client hands all of it on as arguments. */
const mostRunsAtOnce = 10_000;

/**
 * Keeps runs on a Redis server (5 or later). A run survives what the server's own persistence survives. Every run has a
 * checksum, so that a damaged one is not found. Several stores and processes may share a prefix, each with its own bounds. What
 * the server does not answer in time fails with `store_failed`, and may still be done later; written again, it is passed over.
 * `append` takes up to 10,000 runs at once, and refuses more with `option_invalid`.
 */
export class RedisRunStore implements RunStore {
  readonly name = "redis";
  readonly #session: RedisSession;
  readonly #retention: ReturnType<typeof retentionOf>;
  readonly #clock: SteadyClock;
  readonly #keys: readonly RedisArgument[];
  readonly #rows: RunRows;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: RedisRunStoreOptions) {
    this.#session = new RedisSession("RedisRunStore", options, retentionChecks);
    const { prefix, runtime } = this.#session;
    this.#retention = retentionOf(options);
    this.#clock = new SteadyClock(runtime);
    this.#keys = [`${prefix}:r:rows`, `${prefix}:r:ends`];
    this.#rows = {
      lastId: async () => Number(await this.#session.send("read", "HGET", [this.#keys[0]!, "id"])),
      readSome: (place, lastId, toMs) => this.#slice(readSomeScript, [place, toMs], lastId, 1),
      readBack: (place, lastId, fromMs) => this.#slice(readBackScript, [place, fromMs], lastId, -1),
    };
  }

  async append(runs: readonly StoredRun[]): Promise<void> {
    checkRuns("RedisRunStore.append", runs);
    if (runs.length > mostRunsAtOnce) {
      throw optionError("RedisRunStore.append", "runs", `at most ${mostRunsAtOnce} runs at once`, runs.length);
    }
    const { maxBytes, maxRuns } = this.#retention;
    const rows = runs.map(sealRun).filter(({ key, sealed }) => sealed.length + 2 * key.length <= maxBytes);
    const pacer = new Pacer(this.#session.runtime);
    let added: readonly RedisArgument[] = rows.flatMap(({ key, endMs, sealed }) => [key, `${endMs}`, sealed]);
    for (;;) {
      const bounds = [this.#oldestMs, maxRuns, maxBytes, slice];
      const isMore = await this.#run("append", appendScript, [...bounds, ...added]);
      if (isMore !== 1) return;
      added = [];
      await pacer.pause();
    }
  }

  async *read(query: RunQuery = {}): AsyncGenerator<StoredRun> {
    const whole = wholeQuery("RedisRunStore.read", query);
    yield* walkRuns(this.#rows, { query: whole, oldestMs: this.#oldestMs, runtime: this.#session.runtime });
  }

  async clear(): Promise<void> {
    await this.#run("clear", clearScript, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.close();
  }

  get #oldestMs(): number {
    return this.#clock.now() - this.#retention.maxAgeMs;
  }

  #run(operation: string, script: string, args: readonly RedisArgument[]): Promise<unknown> {
    return this.#session.send(operation, "EVAL", [script, this.#keys.length, ...this.#keys, ...args]);
  }

  async #slice(
    script: string,
    [place, limitMs]: readonly [ReadPlace, number],
    lastId: number,
    direction: 1 | -1,
  ): Promise<ReadSlice> {
    const answer = await this.#run("read", script, [`${place.endMs}`, place.id, `${limitMs}`, slice]);
    if (!Array.isArray(answer)) {
      throw storeFailed({ name: this.name, place: "" }, "read", "the server gave no list of runs");
    }
    const rows = answer.map(rowOf);
    if (direction < 0) rows.reverse();
    let at = place;
    const found = rows.flatMap(({ here, key, sealed }) => {
      // What is damaged may be no number or in a wrong order, and is not told, so that reading comes to an end.
      if (!isBeyond(here, at, direction)) return [];
      at = here;
      const run = here.id <= lastId ? openRun(key, sealed) : undefined;
      return run !== undefined && run.endMs === here.endMs ? { run, place: here } : [];
    });
    return { found, next: rows.length < slice || at === place ? undefined : at };
  }
}

function rowOf(row: unknown): { readonly here: ReadPlace; readonly key: unknown; readonly sealed: unknown } {
  const [endMs, id, key, sealed] = Array.isArray(row) ? row : [];
  return { here: { endMs: Number(`${endMs}`), id: Number(`${id}`) }, key, sealed };
}
