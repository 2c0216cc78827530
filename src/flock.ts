/** The composition root: puts layers, models and recording together into the house that runs take place in. */

import { type CacheChoice, cacheOption } from "./core/cache-settings.ts";
import { executeRun, type OutputOf, type RunInput, streamRun } from "./core/door/run.ts";
import type { RunOptions } from "./core/door/run-options.ts";
import type { RunStream } from "./core/door/run-stream.ts";
import type { RunEnvironment } from "./core/environment.ts";
import { installDefaultEnvironment } from "./core/environment.ts";
import { checkOptions, functionOption, objectOption, optionError } from "./core/errors/options.ts";
import { EventDispatcher } from "./core/events/event-dispatcher.ts";
import { type Provider, providersOption } from "./core/events/provider.ts";
import { disposeProviders, listenerOf } from "./core/events/provider-listener.ts";
import type { RunHistory, RunSink } from "./core/events/run-history.ts";
import type { Json } from "./core/json/json.ts";
import { type KnobChange, Knobs } from "./core/knob.ts";
import type { Layer, LayerHost } from "./core/layer.ts";
import { checkLayerOrder, type LayerPlan, planLayers } from "./core/layer-plan.ts";
import type { ModelPrice } from "./core/model-price.ts";
import { placeRecovery, type RecoveryChoice, recoveryOption, stepsOf } from "./core/recovery-settings.ts";
import { type FlockResources, flockResourcesOption, type ResourceKeeper } from "./core/resource-settings.ts";
import type { AnyRunnable, ApprovalRequest } from "./core/runnable.ts";
import type { Runtime } from "./core/runtime/runtime.ts";
import { systemRuntime } from "./core/runtime/system-runtime.ts";
import { LateRecorder } from "./introspection/record/late-recorder.ts";
import { defaultStack } from "./layers/default-stack.ts";
import type { AnyLanguageModel } from "./models/adapt-model.ts";
import type { ModelRunnable } from "./models/model.ts";
import { loadedPrices, loadPrices } from "./models/pricing/load-prices.ts";
import type { PriceBook } from "./models/pricing/price-book.ts";
import { checkPrices, type PriceOverrides } from "./models/pricing/price-options.ts";
import { chooseModel, resolveModel } from "./models/resolve-model.ts";

/** How a Flock differs from the default one. */
export interface FlockOptions {
  /** The model of agents that name none: a language model, or a string such as `openai/gpt-5-mini` or `offline`. @default the variable FLOCK_MODEL, else `offline` */
  readonly model?: string | AnyLanguageModel | ModelRunnable | undefined;
  /** Listeners of every run. @default none */
  readonly providers?: readonly Provider[] | undefined;
  /** Keep answers of all models and idempotent tools: with the defaults, these settings, or in this `CacheManager`. @default false */
  readonly cache?: CacheChoice | undefined;
  /** Gives the layers, from the built-in ones; put your own before them. @default the built-in stack */
  readonly layers?: ((stack: readonly Layer[]) => readonly Layer[]) | undefined;
  /** Says whether a sensitive tool call may happen. @default it may not */
  readonly approve?: ((request: ApprovalRequest) => boolean | Promise<boolean>) | undefined;
  /** What models cost, by `vendor/model id` or `vendor/*`, in dollars for a million tokens; goes before the package's own table. @default the table alone */
  readonly prices?: PriceOverrides | undefined;
  /** Limits of everything in it; a `ResourceManager` is the same as `{ total }`. @default none */
  readonly resources?: FlockResources | ResourceKeeper | undefined;
  /** What to do about failures of all models and idempotent tools, and of each run as a whole; `false` for nothing. @default retries and a breaker for each model */
  readonly recovery?: RecoveryChoice | undefined;
  /** Keep records of the last 1,000 runs for introspection; with a `RunLog`, of all runs in its store too. @default true */
  readonly record?: boolean | RunSink | undefined;
  /** @default the system's */
  readonly runtime?: Runtime | undefined;
}

/**
 * A house for runs: its model, its listeners, its layers, its memory of past runs. Agents need none to run: there is a
 * default one. Make your own for other settings, and dispose it with `await using`.
 *
 * @throws option_invalid for an unknown option, a wrong value, or layers in an order without meaning; model_unknown,
 * model_key_missing or model_package_missing for a model string that cannot be used.
 */
export class Flock implements RunEnvironment, AsyncDisposable {
  readonly runtime: Runtime;
  readonly knobs = new Knobs();
  readonly events = new EventDispatcher();
  readonly history: RunHistory | undefined;
  readonly approve: ((request: ApprovalRequest) => boolean | Promise<boolean>) | undefined;
  readonly #recorder: LateRecorder | undefined;
  readonly #sink: RunSink | undefined;
  readonly #model: string | AnyLanguageModel | ModelRunnable | undefined;
  readonly #layers: readonly Layer[];
  readonly #providers: readonly Provider[];
  readonly #host: LayerHost;
  readonly #budgetedHost: LayerHost;
  readonly #ownPrices: PriceOverrides | undefined;
  #prices: PriceBook | undefined;
  #plans = new WeakMap<AnyRunnable, LayerPlan>();
  #budgetedPlans = new WeakMap<AnyRunnable, LayerPlan>();
  #closed = false;

  constructor(options: FlockOptions = {}) {
    checkOptions("Flock", options, {
      model: (value) => (typeof value === "string" || objectOption(value) === undefined ? undefined : "a model"),
      providers: providersOption,
      cache: cacheOption,
      layers: functionOption,
      approve: functionOption,
      prices: objectOption,
      resources: flockResourcesOption,
      recovery: recoveryOption,
      record: (value) =>
        typeof value === "boolean" || typeof (value as RunSink | null)?.add === "function"
          ? undefined
          : "true, false or a RunLog",
      runtime: objectOption,
    });
    this.runtime = options.runtime ?? systemRuntime;
    this.approve = options.approve;
    // A name that cannot work is told now, not in the first run.
    if (options.model !== undefined) resolveModel(options.model, { runtime: this.runtime });
    this.#model = options.model;
    const { model, recovery } = options;
    for (const step of stepsOf(recovery)) {
      for (const target of step.step === "answer" ? (step.targets ?? []) : []) {
        if (typeof target === "string") resolveModel(target, { runtime: this.runtime });
      }
    }
    this.#providers = [...(options.providers ?? []), ...placeRecovery(recovery, { owner: this, model })];
    if (options.prices !== undefined) checkPrices(options.prices);
    this.#ownPrices = options.prices;
    this.#layers = stackFrom(options.layers);
    this.#host = {
      runtime: this.runtime,
      knobs: this.knobs,
      replan: () => this.#replan(),
      modelIdentity: () => this.#modelIdentity(),
      cache: options.cache,
      resources: options.resources,
      recovery: options.recovery,
      priceOf: (runnable) => this.priceOf(runnable),
      loadPrices: () => this.loadPrices(),
      refresh: (runnable, input, tenant) =>
        executeRun(runnable, input, { flock: this, cache: "refresh", ...(tenant === undefined ? {} : { tenant }) }),
    };
    this.#budgetedHost = { ...this.#host, isBudgeted: true };
    if (options.record !== false) {
      this.#sink = typeof options.record === "object" ? options.record : undefined;
      this.#recorder = new LateRecorder({ runtime: this.runtime, sink: this.#sink });
      this.events.add(this.#recorder);
      this.history = this.#recorder;
    }
    this.knobs.watch((change) => this.#tellKnob(change));
    for (const provider of this.#providers) this.events.add(listenerOf(provider, this.runtime, this.events));
  }

  /** Runs an agent, pattern, tool or model in this house. A bare value is taken where the input has one plain field. */
  run<R extends AnyRunnable>(runnable: R, input: RunInput<R>, options?: RunOptions): Promise<OutputOf<R>> {
    return executeRun(runnable, input, { ...options, flock: this }) as Promise<OutputOf<R>>;
  }

  /** Like {@link Flock.run}, with events and partial answers on the way. */
  stream<R extends AnyRunnable>(runnable: R, input: RunInput<R>, options?: RunOptions): RunStream<OutputOf<R>> {
    return streamRun(runnable, input, { ...options, flock: this }) as RunStream<OutputOf<R>>;
  }

  planFor(runnable: AnyRunnable, isBudgeted = false): LayerPlan {
    let plan = (isBudgeted ? this.#budgetedPlans : this.#plans).get(runnable);
    if (plan === undefined) {
      plan = planLayers(this.#layers, runnable, isBudgeted ? this.#budgetedHost : this.#host);
      // Planning may change a setting, which makes the plans anew.
      (isBudgeted ? this.#budgetedPlans : this.#plans).set(runnable, plan);
    }
    return plan;
  }

  resolveModel(model: unknown, agent: string): AnyRunnable {
    return chooseModel({ agentModel: model, flockModel: this.#model, runtime: this.runtime, agent });
  }

  priceOf(runnable: AnyRunnable): ModelPrice | undefined {
    const Book = loadedPrices()?.PriceBook;
    if (Book !== undefined) this.#prices ??= new Book(this.#ownPrices, this.runtime);
    return this.#prices?.priceOf(runnable);
  }

  loadPrices(): Promise<void> | undefined {
    return loadPrices();
  }

  complainOfPrice(runnable: AnyRunnable): string | undefined {
    return this.#prices?.complain(runnable);
  }

  recording(): Promise<void> | undefined {
    return this.#recorder?.loading;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Lets providers finish, each bounded to a second, has recorded runs written, and takes no further runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await disposeProviders(this.#providers);
    await this.#recorder?.loading;
    await this.#sink?.flush();
  }

  /** A setting belongs to no run: its event has no run id, and the path "flock". */
  #tellKnob({ knob, from, to }: KnobChange): void {
    const time = this.runtime.now();
    this.events.emit({ v: 1, type: "knob-changed", runId: "", path: "flock", time, knob, from, to });
  }

  /** The model may only be named when the first agent asks for it, so this asks for none. */
  #modelIdentity(): Json {
    const model = this.#model ?? this.runtime.variable("FLOCK_MODEL") ?? "offline";
    return typeof model === "string"
      ? model
      : ((resolveModel(model, { runtime: this.runtime }).identity as Json) ?? null);
  }

  #replan(): void {
    this.#plans = new WeakMap();
    this.#budgetedPlans = new WeakMap();
  }
}

function stackFrom(change: FlockOptions["layers"]): readonly Layer[] {
  const layers = change === undefined ? defaultStack() : change(defaultStack());
  if (!Array.isArray(layers)) throw optionError("Flock", "layers", "a function that gives a list of layers", layers);
  checkLayerOrder(layers);
  return layers;
}

installDefaultEnvironment(() => new Flock());
