/** Reads plain data that may be anything into a run's record: checked field by field, copied, with nothing else in it. */

import { FlockError } from "../../core/errors/errors.ts";
import { describeValue } from "../../core/errors/options.ts";
import type {
  AttemptRecord,
  CacheState,
  Outcome,
  OutputUse,
  RunnableKind,
  StreamTiming,
  Usage,
} from "../../core/events/event.ts";
import type { CallRecord, FailureRecord, RunRecord } from "../../core/events/run-history.ts";

const kinds: readonly RunnableKind[] = ["agent", "pattern", "model", "tool"];
const outcomes: readonly Outcome[] = ["ok", "error", "cancelled"];
const cacheStates: readonly CacheState[] = ["hit", "miss", "stale", "joined", "bypass", "refresh"];
const usageParts = ["inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens"] as const;
const streamParts = ["firstTokenMs", "meanGapMs", "longestGapMs", "pieces"] as const;

/** A call has no more of its attempts recorded. */
const mostTried = 32;

/** Makes the error for what is no run's record. */
export function historyInvalid(
  line: number,
  pointer: string,
  expected: string,
  received: string,
): FlockError<"history_invalid"> {
  const place = pointer === "" ? `line ${line}` : `line ${line} at ${pointer}`;
  const message = `${place} of the recorded runs must be ${expected}, not ${received}; export them again, or skip the line with onInvalid`;
  return new FlockError("history_invalid", message, { details: { line, pointer, expected, received } });
}

/** Reads one record. @throws history_invalid with the line and the place in it. */
export function readRun(value: unknown, line: number): RunRecord {
  const run = new ObjectReader(value, "", line);
  const runId = run.text("runId");
  return {
    runId,
    name: run.text("name"),
    kind: run.word("kind", kinds),
    tenant: run.optional("tenant", () => run.text("tenant")),
    startMs: run.number("startMs"),
    durationMs: run.number("durationMs"),
    outcome: run.word("outcome", outcomes),
    code: run.optional("code", () => run.text("code")),
    usage: run.optional("usage", () => readNumbers(run.object("usage"), usageParts)) as Usage | undefined,
    costMicroUsd: run.optional("costMicroUsd", () => run.number("costMicroUsd")),
    calls: run.list("calls", (call) => readCall(call, runId)),
    droppedCalls: run.number("droppedCalls"),
  };
}

function readCall(call: ObjectReader, runId: string): CallRecord {
  return {
    runId,
    path: call.text("path"),
    name: call.text("name"),
    kind: call.word("kind", kinds),
    startMs: call.number("startMs"),
    durationMs: call.number("durationMs"),
    queueMs: call.number("queueMs"),
    outcome: call.word("outcome", outcomes),
    ended: call.flag("ended"),
    code: call.optional("code", () => call.text("code")),
    failure: call.optional("failure", () => readFailure(call.object("failure"))),
    usage: call.optional("usage", () => readNumbers(call.object("usage"), usageParts)) as Usage | undefined,
    costMicroUsd: call.optional("costMicroUsd", () => call.number("costMicroUsd")),
    attempts: call.count("attempts"),
    tried: call.optional("tried", () => call.list("tried", readAttempt, mostTried)),
    cacheState: call.optional("cacheState", () => call.word("cacheState", cacheStates)),
    answeredBy: call.optional("answeredBy", () => call.text("answeredBy")),
    stream: call.optional("stream", () => readNumbers(call.object("stream"), streamParts)) as StreamTiming | undefined,
    reads: call.texts("reads"),
    writes: call.texts("writes"),
    inputHash: call.optional("inputHash", () => call.number("inputHash")),
    looseInputHash: call.optional("looseInputHash", () => call.number("looseInputHash")),
    inputSize: call.number("inputSize"),
    outputUse: call.optional("outputUse", () => call.list("outputUse", readUse)),
    outputHashes: call.optional("outputHashes", () => call.hashes("outputHashes")),
  };
}

function readAttempt(attempt: ObjectReader): AttemptRecord {
  return {
    name: attempt.text("name"),
    outcome: attempt.word("outcome", outcomes),
    code: attempt.optional("code", () => attempt.text("code")),
    beganMs: attempt.number("beganMs"),
    endedMs: attempt.number("endedMs"),
    costMicroUsd: attempt.optional("costMicroUsd", () => attempt.number("costMicroUsd")),
  };
}

function readFailure(failure: ObjectReader): FailureRecord {
  return { code: failure.text("code"), fingerprint: failure.text("fingerprint"), title: failure.text("title") };
}

function readUse(use: ObjectReader): OutputUse {
  return { tool: use.text("tool"), used: use.number("used"), of: use.number("of") };
}

function readNumbers(holder: ObjectReader, parts: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(parts.map((part) => [part, holder.number(part)]));
}

/** One object of foreign data: only its own fields are looked at, and what is not asked for is passed over. */
class ObjectReader {
  readonly #fields: object;
  readonly #pointer: string;
  readonly #line: number;

  constructor(value: unknown, pointer: string, line: number) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw historyInvalid(line, pointer, "an object", describeValue(value));
    }
    this.#fields = value;
    this.#pointer = pointer;
    this.#line = line;
  }

  text(key: string): string {
    const value = this.#get(key);
    return typeof value === "string" ? value : this.#refuse(key, "a string");
  }

  number(key: string): number {
    const value = this.#get(key);
    if (typeof value !== "number" || !Number.isFinite(value)) return this.#refuse(key, "a finite number");
    // Sums and squares of greater ones would have no end.
    return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : this.#refuse(key, "a number within ±2^53");
  }

  count(key: string): number {
    const value = this.number(key);
    return Number.isInteger(value) && value >= 0 ? value : this.#refuse(key, "a whole number, 0 or more");
  }

  flag(key: string): boolean {
    const value = this.#get(key);
    return typeof value === "boolean" ? value : this.#refuse(key, "true or false");
  }

  word<Word extends string>(key: string, words: readonly Word[]): Word {
    const value = this.#get(key) as Word;
    return words.includes(value) ? value : this.#refuse(key, `one of ${words.join(", ")}`);
  }

  texts(key: string): readonly string[] {
    const value = this.#get(key);
    const isGood = Array.isArray(value) && value.every((text) => typeof text === "string");
    return isGood ? [...value] : this.#refuse(key, "a list of strings");
  }

  hashes(key: string): readonly (number | null)[] {
    const value = this.#get(key);
    const isGood = Array.isArray(value) && value.every((hash) => hash === null || Number.isFinite(hash));
    return isGood ? [...value] : this.#refuse(key, "a list of numbers and nulls");
  }

  list<Item>(key: string, read: (item: ObjectReader) => Item, most = Number.POSITIVE_INFINITY): readonly Item[] {
    const value = this.#get(key);
    if (!Array.isArray(value)) return this.#refuse(key, "a list");
    if (value.length > most) return this.#refuse(key, `a list of ${most} at most`);
    return value.map((item, index) => read(new ObjectReader(item, `${this.#pointer}/${key}/${index}`, this.#line)));
  }

  object(key: string): ObjectReader {
    return new ObjectReader(this.#get(key), `${this.#pointer}/${key}`, this.#line);
  }

  /** Fields that are undefined in a record are not there as JSON. */
  optional<Value>(key: string, read: () => Value): Value | undefined {
    return this.#get(key) === undefined ? undefined : read();
  }

  #get(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? (this.#fields as Readonly<Record<string, unknown>>)[key] : undefined;
  }

  #refuse(key: string, expected: string): never {
    throw historyInvalid(this.#line, `${this.#pointer}/${key}`, expected, describeValue(this.#get(key)));
  }
}
