/** Makes a language model a runnable: the one place where a vendor's model is called. */

import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { type CacheChoice, cacheOption } from "../core/cache-settings.ts";
import { isFlockError } from "../core/errors/errors.ts";
import { checkOptions } from "../core/errors/options.ts";
import type { Usage } from "../core/events/event.ts";
import type { Provider } from "../core/events/provider.ts";
import type { JsonObject } from "../core/json/json.ts";
import { countOf, type ModelPrice } from "../core/model-price.ts";
import type { Policy } from "../core/policy.ts";
import { placeRecovery, type RecoveryChoice, recoveryOption } from "../core/recovery-settings.ts";
import { needsOption, type ResourceNeeds } from "../core/resource-settings.ts";
import type { CallCost, ExecutionContext, Runnable } from "../core/runnable.ts";
import { modelName } from "./model-name.ts";
import { loadedPrices, loadPrices } from "./pricing/load-prices.ts";

/** What a model is asked: the AI SDK's call options without the signal, which the call's context gives. */
export type ModelRequest = Omit<LanguageModelV4CallOptions, "abortSignal">;

/** What a model answers, also when it was streamed. */
export type ModelAnswer = LanguageModelV4GenerateResult;

/** A language model as a runnable. */
export interface ModelRunnable extends Runnable<ModelRequest, ModelAnswer> {
  readonly kind: "model";
  readonly identity: JsonObject;
  /** The model underneath, as the current version of the AI SDK's interface. */
  readonly model: LanguageModelV4;
  /** Gives the tokens of an answer, and their cost where a price is given and all were counted; undefined when none were. */
  costOf(answer: ModelAnswer, price?: ModelPrice): CallCost | undefined;
}

const runnables = new WeakMap<LanguageModelV4, ModelRunnable>();

/** How a model's runnable differs from the plain one. */
export interface CreateModelOptions {
  /** Keep its answers: with the defaults, these settings, or in this `CacheManager`. @default as the Flock says */
  readonly cache?: CacheChoice | undefined;
  /** What to do about its failures; `false` for nothing. @default retries and a breaker */
  readonly recovery?: RecoveryChoice | undefined;
  /** What each call takes of the Flock's `custom` resources while it runs: `{ gpu: 1 }`. @default nothing */
  readonly needs?: ResourceNeeds | undefined;
}

/**
 * Gives the runnable of a model; without options the same one for the same model. Its name is `provider/modelId`. Errors of the vendor
 * come out as `model_failed`, an abort as the signal's own reason. When someone listens for deltas it streams and gives
 * the same answer. `providerOptions.flock` reaches the offline model alone.
 */
export function createModel(model: LanguageModelV4, options?: CreateModelOptions): ModelRunnable {
  if (options !== undefined) return new LanguageModelRunnable(model, options);
  let runnable = runnables.get(model);
  if (runnable === undefined) {
    runnable = new LanguageModelRunnable(model);
    runnables.set(model, runnable);
  }
  return runnable;
}

class LanguageModelRunnable implements ModelRunnable {
  readonly name: string;
  readonly kind = "model";
  readonly identity: JsonObject;
  readonly policy: Policy;
  readonly providers?: readonly Provider[];
  readonly model: LanguageModelV4;
  readonly #offline: boolean;

  constructor(model: LanguageModelV4, options?: CreateModelOptions) {
    if (options !== undefined)
      checkOptions("createModel", options, { cache: cacheOption, recovery: recoveryOption, needs: needsOption });
    const { provider, modelId } = model;
    this.model = model;
    this.name = modelName(model);
    this.identity = { provider, modelId };
    this.policy = { cache: options?.cache, recovery: options?.recovery, needs: options?.needs };
    this.#offline = isOffline(model);
    const listeners = placeRecovery(options?.recovery, { owner: this, model });
    if (listeners.length > 0) this.providers = listeners;
  }

  perform(request: ModelRequest, context: ExecutionContext): Promise<ModelAnswer> {
    const options: LanguageModelV4CallOptions = { ...request, abortSignal: context.signal };
    if (!this.#offline && options.providerOptions?.flock !== undefined) {
      const { flock: _, ...vendorOptions } = options.providerOptions;
      options.providerOptions = vendorOptions;
    }
    // The vendor's promise itself goes out: a frame or handler here would be held by every call in flight.
    const answer = context.wants("delta")
      ? stream(this.model, options, context)
      : (this.model.doGenerate(options) as Promise<ModelAnswer>);
    const loading = this.#offline ? undefined : loadPrices();
    return loading === undefined ? answer : withPrices(answer, loading);
  }

  prepare(): Promise<unknown> | undefined {
    return (this.model as { prepare?(): Promise<unknown> | undefined }).prepare?.();
  }

  explain(error: unknown, context: ExecutionContext): unknown {
    if (context.signal.aborted) return context.signal.reason;
    return isFlockError(error) ? error : explained(error, this.name, context);
  }

  costOf(answer: ModelAnswer, price?: ModelPrice): CallCost | undefined {
    const usage = usageOf(answer.usage);
    if (usage === undefined) return undefined;
    if (price === undefined) return { usage, costMicroUsd: this.#offline ? 0 : undefined };
    return { usage, costMicroUsd: loadedPrices()?.costOfAnswer(answer.usage, usage, price) };
  }
}

/** The first call of a process meanwhile gets the prices, so that even its cost is right. */
async function withPrices(answer: Promise<ModelAnswer>, loading: Promise<void>): Promise<ModelAnswer> {
  return (await Promise.all([answer, loading]))[0];
}

/** Streaming is imported when it is first wanted: most programs never stream. */
async function stream(model: LanguageModelV4, options: LanguageModelV4CallOptions, context: ExecutionContext) {
  const { collectStream } = await import("./collect-stream.ts");
  return collectStream(model, options, context);
}

/** What vendors' errors mean is imported at the first of them. */
async function explained(error: unknown, model: string, context: ExecutionContext) {
  const { modelError } = await import("./vendor/model-error.ts");
  return modelError(error, model, context.runtime);
}

/**
 * Tells whether a model is the package's own offline engine, which costs nothing and reads `providerOptions.flock`. A
 * runnable that a user wrote has none underneath.
 */
export function isOffline(model: { readonly provider: string } | undefined): boolean {
  return model?.provider === "offline";
}

/**
 * Maps the AI SDK's nested token counts to flat ones; what was not reported is 0, a missing total the sum of its parts.
 * Undefined when nothing was reported, and so is a number that cannot be a count.
 */
export function usageOf(usage: LanguageModelV4Usage | undefined): Usage | undefined {
  const input = usage?.inputTokens;
  const output = usage?.outputTokens;
  const totalInput = countOf(input?.total);
  const totalOutput = countOf(output?.total);
  const cacheReadTokens = countOf(input?.cacheRead) ?? 0;
  const cacheWriteTokens = countOf(input?.cacheWrite) ?? 0;
  const reasoningTokens = countOf(output?.reasoning) ?? 0;
  const inputTokens = totalInput ?? (countOf(input?.noCache) ?? 0) + cacheReadTokens + cacheWriteTokens;
  const outputTokens = totalOutput ?? (countOf(output?.text) ?? 0) + reasoningTokens;
  if ((totalInput ?? totalOutput) === undefined && inputTokens + outputTokens === 0) return undefined;
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens };
}
