/** Answers a question with the answer to one that means the same, where a person has said that this is good enough. */

import { ttlOption } from "../../../core/cache-settings.ts";
import type { Embedder } from "../../../core/embedder.ts";
import {
  checkOptions,
  functionOption,
  numberBetween,
  type OptionCheck,
  optionError,
  wholeNumber,
} from "../../../core/errors/options.ts";
import { canonicalText, digestOf } from "../../../core/json/canonical-key.ts";
import type { LayerCall, WrapperLayer } from "../../../core/layer.ts";
import type { AnyRunnable } from "../../../core/runnable.ts";
import { keyText } from "../calls/call-key.ts";
import { packageVersion } from "../calls/package-version.ts";
import { copyIn, copyOut, NotPlainJson } from "../memory/private-copy.ts";
import { readQuestion } from "./question.ts";
import { type SimilarAnswer, SimilarAnswers, unitVector } from "./similar-answers.ts";

/** How questions are compared, and answers kept. */
export interface SemanticCacheOptions {
  /** Gives the vector of a question: an embedding model of the AI SDK, or a function. */
  readonly embedder: Embedder;
  /** The cosine from which two questions count as one. @default 0.92 */
  readonly threshold?: number;
  /** Answers at most, in each Flock. @default 1,000 */
  readonly maxEntries?: number;
  /** Milliseconds for which an answer is given; null for ever. @default 3,600,000: one hour */
  readonly ttlMs?: number | null;
  /** Milliseconds until the embedder is not waited for any more. @default 2,000 */
  readonly embedTimeoutMs?: number;
  /** Which agents it is for; never those with tools. @default all */
  readonly appliesTo?: (runnable: AnyRunnable) => boolean;
}

const embedderOption: OptionCheck = (value) =>
  typeof value === "function" || typeof Object(value).doEmbed === "function"
    ? undefined
    : "an embedding model, or a function from texts to vectors";

/** What the layer keeps for one environment. */
interface Kept {
  readonly answers: SimilarAnswers;
  readonly scopes: WeakMap<AnyRunnable, string>;
  hasWarned: boolean;
}

/**
 * Makes a layer that answers questions which mean the same as one answered before. It is for agents without tools, within
 * one agent and tenant; numbers and all that is no text must be equal. What was found is told by a `semantic-cache` event.
 * Failures are never kept, and an embedder that fails only costs the comparison.
 *
 * @example
 * ```ts
 * import { DeclarativeAgent, Flock } from "flock-ts";
 * import { semanticCacheLayer } from "flock-ts/cache";
 * import { lexicalEmbedder } from "flock-ts/models";
 *
 * const semantic = semanticCacheLayer({ embedder: lexicalEmbedder(), threshold: 0.8 });
 * await using flock = new Flock({ model: "offline", layers: (stack) => [semantic, ...stack] });
 * const agent = new DeclarativeAgent({ name: "teller", input: "text: str", output: "summary: str" });
 * console.log(await flock.run(agent, "Bees dance to tell each other where flowers are."));
 * ```
 * @throws option_invalid for an unknown option or a wrong value.
 */
export function semanticCacheLayer(options: SemanticCacheOptions): WrapperLayer {
  checkOptions("semanticCacheLayer", options, {
    embedder: embedderOption,
    threshold: numberBetween(0, 1),
    maxEntries: wholeNumber(1),
    ttlMs: ttlOption,
    embedTimeoutMs: wholeNumber(1),
    appliesTo: functionOption,
  });
  if (options.embedder === undefined) throw optionError("semanticCacheLayer", "embedder", "given", undefined);
  const { maxEntries = 1_000, appliesTo } = options;
  const houses = new WeakMap<object, Kept>();
  return {
    form: "wrapper",
    name: "semantic-cache",
    appliesTo: (runnable) => isSingleShot(runnable) && (appliesTo === undefined || appliesTo(runnable)),
    wrap(call, next) {
      const { environment } = call.run;
      const kept = houses.get(environment) ?? {
        answers: new SimilarAnswers(maxEntries),
        scopes: new WeakMap(),
        hasWarned: false,
      };
      houses.set(environment, kept);
      return answerAlike(call, next, options, kept);
    },
  };
}

/** One question, one answer, by nothing but its declared words: what tools find may be another thing each time. */
function isSingleShot({ kind, identity, policy }: AnyRunnable): boolean {
  return kind === "agent" && identity !== undefined && policy?.hasOwnCode !== true && policy?.hasEffects !== true;
}

async function answerAlike(
  call: LayerCall,
  next: (call: LayerCall) => Promise<unknown>,
  options: SemanticCacheOptions,
  kept: Kept,
): Promise<unknown> {
  const { cacheMode } = call.run;
  const question = keyText(call.input) === undefined ? undefined : readQuestion(call.input);
  if (cacheMode === "bypass" || question === undefined) return next(call);
  const { threshold = 0.92, ttlMs = 3_600_000 } = options;
  const scope = scopeOf(call, question.fixed, kept);
  const { words } = question;
  const now = call.runtime.monotonic();
  const same = cacheMode === "refresh" ? undefined : kept.answers.exact(scope, words, now);
  if (same !== undefined) return given(call, same, 1);
  const vector = await vectorOf(words, call, options, kept);
  if (vector === undefined) return next(call);
  const found = cacheMode === "refresh" ? undefined : kept.answers.nearest(scope, vector, threshold, now);
  if (found !== undefined) return given(call, found.answer, found.similarity);
  const value = await next(call);
  const endsAt = ttlMs === null ? Number.POSITIVE_INFINITY : call.runtime.monotonic() + ttlMs;
  const copy = plainCopyOf(value);
  if (copy !== undefined) kept.answers.keep({ scope, question: words, vector, value: copy, endsAt });
  return value;
}

function given(call: LayerCall, { question, value }: SimilarAnswer, similarity: number): unknown {
  call.context.emit("semantic-cache", { question, similarity });
  return copyOut(value);
}

function scopeOf({ runnable, run }: LayerCall, fixed: string, { scopes }: Kept): string {
  let agent = scopes.get(runnable);
  if (agent === undefined) {
    agent = digestOf(packageVersion, runnable.name, canonicalText(runnable.identity));
    scopes.set(runnable, agent);
  }
  return `${agent}${run.tenant === undefined ? "-" : JSON.stringify(run.tenant)}${fixed}`;
}

async function vectorOf(
  text: string,
  call: LayerCall,
  { embedder, embedTimeoutMs = 2_000 }: SemanticCacheOptions,
  kept: Kept,
): Promise<Float64Array | undefined> {
  const { signal } = call.context;
  try {
    const vectors = await within(call, embedTimeoutMs, async (stop) =>
      typeof embedder === "function"
        ? embedder([text], stop)
        : (await embedder.doEmbed({ values: [text], abortSignal: stop })).embeddings,
    );
    const vector = unitVector(vectors?.[0]);
    if (vector !== undefined) return vector;
    throw new Error("it gave no vector of numbers with a direction");
  } catch (error) {
    signal.throwIfAborted();
    if (!kept.hasWarned) {
      kept.hasWarned = true;
      const why = error instanceof Error ? error.message : String(error);
      call.context.warn("semantic_cache", `questions are not compared while the embedder fails: ${why}`);
    }
    return undefined;
  }
}

/** Works for so long and no longer, and no longer than its call. */
function within<T>(call: LayerCall, timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const { signal } = call.context;
  return new Promise<T>((resolve, reject) => {
    const release = () => {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
    };
    const end = (reason: unknown) => {
      release();
      stop.abort(reason);
      reject(reason);
    };
    const onAbort = () => end(signal.reason);
    const timer = call.runtime.setTimer(() => end(new Error(`it gave no answer within ${timeoutMs} ms`)), timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    void work(stop.signal).then(resolve, reject).finally(release);
  });
}

function plainCopyOf(value: unknown): unknown {
  try {
    return copyIn(value).value;
  } catch (error) {
    if (error instanceof NotPlainJson) return undefined;
    throw error;
  }
}
