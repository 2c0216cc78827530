/** Makes the results of past runs searchable: what agents answered is remembered, and found again by meaning. */

import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { codeOf, FlockError } from "../core/errors/errors.ts";
import { checkOptions, describeValue, nonEmptyString, objectOption, wholeNumber } from "../core/errors/options.ts";
import type { FlockEvent, OutputEvent } from "../core/events/event.ts";
import type { Provider, ProviderHost } from "../core/events/provider.ts";
import { digestOf } from "../core/json/canonical-key.ts";
import { copyJson } from "../core/json/copy-json.ts";
import type { Json } from "../core/json/json.ts";
import { orEnded } from "../core/runtime/or-ended.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { systemRuntime } from "../core/runtime/system-runtime.ts";
import type { VectorStore } from "../core/vector-store.ts";
import { embedderId, embedderOption, embeddingBatchSize, embedTexts } from "../models/embed/embed-texts.ts";
import type { AnyEmbeddingModel } from "../models/embed/embedding-model.ts";
import { embeddingModel } from "../models/embed/resolve-embedder.ts";
import { lexicalEmbedder } from "../models/offline/lexical-embedder.ts";
import { MemoryVectorStore } from "../store/memory-vectors.ts";
import { BackgroundQueue } from "./background-queue.ts";
import { textOfAnswer } from "./text-of-answer.ts";

/** How answers are remembered. */
export interface VectorStoreProviderOptions {
  /** Turns answers and questions into vectors: a string, or a model of the AI SDK. @default "offline/lexical": words alone */
  readonly embedder?: string | AnyEmbeddingModel;
  /** Where vectors lie; one that lasts keeps answers between processes. @default a MemoryVectorStore */
  readonly store?: VectorStore;
  /** Answers remembered at most; the oldest leave first. @default 10,000 */
  readonly maxEntries?: number;
  /** Answers that may wait to be embedded; what comes when it is full is not remembered, and counted. @default 1,000 */
  readonly maxWaiting?: number;
  /** @default the runtime of the Flock it watches */
  readonly runtime?: Runtime;
}

/** An answer found again. */
export interface RememberedAnswer {
  /** The answer's text: all strings and numbers in it, one a line, at most 20,000 characters. */
  readonly text: string;
  /** The answer as the agent gave it. */
  readonly value: Json;
  /** The agent or pattern that gave it. */
  readonly name: string;
  /** The run it was given in, the latest one if it was given more than once. */
  readonly runId: string;
  /** Where in that run. */
  readonly path: string;
  /** Cosine similarity with what was asked, up to 1. */
  readonly score: number;
}

/** How to search for answers. */
export interface AnswerSearchOptions {
  /** Most answers to give. @default 5 */
  readonly limit?: number;
  /** Only answers of the agent or pattern of this name. @default of all */
  readonly agent?: string;
  readonly signal?: AbortSignal;
}

/** An answer as it lies in the store. */
interface Answer {
  readonly id: string;
  readonly metadata: {
    readonly text: string;
    readonly value: Json;
    readonly name: string;
    readonly runId: string;
    readonly path: string;
  };
}

/** How long disposal waits for answers that are being embedded. */
const closingMs = 1_000;

/**
 * Remembers what agents answered, so that later runs, tools or people can ask "has somebody found this out before?".
 *
 * Give it to an agent, a pattern or a Flock as one of its `providers`. Every answer is copied, turned into a vector in the
 * background and stored; `search` finds the nearest ones. Same text from the same agent is kept once, with its latest run.
 * It never changes, delays or fails a run: when the embedder or the store fails, the answer is lost, counted in
 * `failed`, and the first failure is told once as a process warning.
 *
 * @example
 * ```ts
 * import { DeclarativeAgent } from "flock-ts";
 * import { VectorStoreProvider } from "flock-ts/providers";
 *
 * const memory = new VectorStoreProvider();
 * const agent = new DeclarativeAgent({ name: "reader", input: "text: str", output: "summary: str", providers: [memory] });
 * await agent.execute("The ferry from Oslo was late. Ice on the fjord had held it up for three hours.");
 * const [earlier] = await memory.search("ice on the water");
 * ```
 */
export class VectorStoreProvider implements Provider {
  readonly name = "vector-store";
  readonly events = ["output"] as const;
  readonly #embedder: EmbeddingModelV4;
  readonly #store: VectorStore;
  readonly #maxEntries: number;
  readonly #queue: BackgroundQueue<Answer>;
  readonly #closing = new AbortController();
  #runtime: Runtime | undefined;
  /** Ids of what this provider stored, oldest first. */
  readonly #stored = new Set<string>();
  #dropped = 0;
  #failed = 0;
  #closed = false;

  constructor(options: VectorStoreProviderOptions = {}) {
    checkOptions("VectorStoreProvider", options, {
      embedder: embedderOption,
      store: objectOption,
      maxEntries: wholeNumber(1),
      maxWaiting: wholeNumber(1),
      runtime: objectOption,
    });
    this.#embedder = embedderFrom(options);
    this.#store = options.store ?? new MemoryVectorStore();
    this.#maxEntries = options.maxEntries ?? 10_000;
    this.#queue = new BackgroundQueue({
      maxWaiting: options.maxWaiting ?? 1_000,
      batchSize: 16,
      work: (answers) => this.#remember(answers),
      onFailure: (answers, error) => this.#fail(answers.length, error),
    });
    this.#runtime = options.runtime;
  }

  /** How many answers of this provider can be found; ones that still wait are not counted. */
  get size(): number {
    return this.#stored.size;
  }

  /** How many answers were not remembered because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many answers were lost because the embedder or the store failed. */
  get failed(): number {
    return this.#failed;
  }

  start(host: ProviderHost): void {
    this.#runtime ??= host.runtime;
  }

  handle(event: FlockEvent): void {
    if (event.type !== "output" || this.#closed) return;
    if (this.#queue.full) {
      this.#dropped++;
      return;
    }
    const answer = answerOf(event);
    if (answer !== undefined) this.#queue.offer(answer);
  }

  /** Waits until everything answered before this call can be found, or is lost. */
  drain(): Promise<void> {
    return this.#queue.drain();
  }

  /**
   * Finds the answers nearest to a text, best first, those of runs that just ended included. The same text given by several
   * agents comes once.
   *
   * @throws input_invalid for anything but a string; model_failed when the embedder fails; store_mismatch when the store
   *   holds vectors of another model; the signal's own reason.
   */
  async search(text: string, options: AnswerSearchOptions = {}): Promise<RememberedAnswer[]> {
    checkText(text);
    checkOptions("VectorStoreProvider.search", options, {
      limit: wholeNumber(1),
      agent: nonEmptyString,
      signal: objectOption,
    });
    const { limit = 5, agent, signal } = options;
    await orEnded(this.drain(), signal);
    if (text.trim() === "") return [];
    const [vector] = await embedTexts(this.#embedder, [textOfAnswer(text)], signal);
    await this.#claim(vector!);
    // An agent's answer is often its pattern's too: ask for more, since the second one goes.
    const found = await this.#store.search(vector!, {
      limit: limit * 4,
      ...(agent === undefined ? {} : { filter: { name: agent } }),
    });
    const answers = new Map<string, RememberedAnswer>();
    for (const { metadata, score } of found) {
      const answer = { ...(metadata as unknown as Answer["metadata"]), score };
      if (score > 0 && !answers.has(answer.text)) answers.set(answer.text, answer);
    }
    return [...answers.values()].slice(0, limit);
  }

  /** Stores what waits, for at most a second, then stops. A store that was given stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const ended = new AbortController();
    const limit = (this.#runtime ?? systemRuntime).sleep(closingMs, ended.signal).catch(() => {});
    await Promise.race([this.drain(), limit]);
    ended.abort();
    this.#closing.abort();
    this.#queue.clear();
  }

  async #remember(answers: readonly Answer[]): Promise<void> {
    const size = await embeddingBatchSize(this.#embedder);
    for (let start = 0; start < answers.length; start += size) {
      await this.#embedAndAdd(answers.slice(start, start + size));
    }
    await this.#forgetOldest();
  }

  async #embedAndAdd(batch: readonly Answer[]): Promise<void> {
    const texts = batch.map(({ metadata }) => metadata.text);
    const vectors = await embedTexts(this.#embedder, texts, this.#closing.signal);
    await this.#claim(vectors[0]!);
    await this.#store.add(batch.map((answer, index) => ({ ...answer, vector: vectors[index]! })));
    for (const { id } of batch) {
      this.#stored.delete(id);
      this.#stored.add(id);
    }
  }

  async #claim(vector: readonly number[]): Promise<void> {
    await this.#store.claim({ embedder: embedderId(this.#embedder), dimension: vector.length });
  }

  async #forgetOldest(): Promise<void> {
    const surplus = this.#stored.size - this.#maxEntries;
    if (surplus <= 0) return;
    const oldest = [...this.#stored].slice(0, surplus);
    for (const id of oldest) this.#stored.delete(id);
    await this.#store.delete(oldest);
  }

  #fail(count: number, error: unknown): void {
    if (this.#closing.signal.aborted) return;
    if (this.#failed === 0) {
      const message = error instanceof Error ? error.message : String(error);
      const text = `VectorStoreProvider could not remember an answer and goes on without: ${message}`;
      (this.#runtime ?? systemRuntime).warn(text, codeOf(error));
    }
    this.#failed += count;
  }
}

function embedderFrom({ embedder, runtime = systemRuntime }: VectorStoreProviderOptions): EmbeddingModelV4 {
  return embedder === undefined ? lexicalEmbedder() : embeddingModel(embedder, { runtime });
}

/** The same text of the same agent has the same id, so the newer one takes the older one's place. */
function answerOf(event: OutputEvent): Answer | undefined {
  const { name, runId, path } = event;
  const text = textOfAnswer(event.value);
  if (text === "") return undefined;
  const value = copyJson(event.value) as Json;
  return { id: digestOf(name, text), metadata: { text, value, name, runId, path } };
}

function checkText(text: unknown): void {
  if (typeof text === "string") return;
  const received = describeValue(text);
  const message = `VectorStoreProvider.search: the text must be a string, not ${received}`;
  throw new FlockError("input_invalid", message, {
    details: { pointer: "/text", issues: [{ pointer: "/text", message, expected: "a string", received }] },
  });
}
