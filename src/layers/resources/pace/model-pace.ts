/** Keeps calls of a model off while it asks for rest, and finds how many at a time it bears. */

import { modelFailureOf } from "../../../core/errors/errors.ts";
import type { LayerCall } from "../../../core/layer.ts";
import { Cooldown } from "../../../core/runtime/cooldown.ts";
import { readRateHints } from "../../../core/runtime/rate-hints.ts";
import type { Runtime } from "../../../core/runtime/runtime.ts";
import type { ResourceManager } from "../resource-manager.ts";
import type { AdaptiveLimit } from "./adaptive-limit.ts";

/** A limit that is found out, and the manager it holds in. */
export interface Adapting {
  readonly limit: AdaptiveLimit;
  readonly manager: ResourceManager;
}

/** What all attempts of one model have in common. The rest it asks for holds for every caller on the runtime. */
export class ModelPace {
  readonly adapting: Adapting | undefined;
  readonly #model: string;
  readonly #runtime: Runtime;
  readonly #cooldown: Cooldown;
  readonly #apartMs: number;
  /** Monotonic milliseconds from which the next one may go out. */
  #nextAt = 0;
  #inFlight = 0;

  /** @param apartMs how far apart attempts go out at least; 0 where no rate of the model is known. */
  constructor(model: string, runtime: Runtime, adapting: Adapting | undefined, apartMs = 0) {
    this.#apartMs = apartMs;
    this.#model = model;
    this.#runtime = runtime;
    this.adapting = adapting;
    // Recovery paces no model whose rate is declared.
    if (apartMs > 0) runtime.shared("flock.declared-rates", () => new Set<string>()).add(model);
    this.#cooldown = runtime.shared("flock.cooldown", () => new Cooldown({ runtime }));
  }

  /** The model asked for rest, and it is not over. */
  get rests(): boolean {
    return this.#cooldown.remainingMs(this.#model) > 0;
  }

  rest(signal: AbortSignal): Promise<void> {
    return this.#cooldown.wait(this.#model, signal);
  }

  /**
   * Gives the milliseconds until it is the turn of who holds all it needs. Going out in turn keeps every window: each goes
   * out at least as long after the one a window before it as it was counted after that.
   */
  turnMs(): number {
    if (this.#apartMs === 0) return 0;
    const now = this.#runtime.monotonic();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + this.#apartMs;
    return at - now;
  }

  began(): void {
    this.#inFlight += 1;
  }

  /** Learns from an attempt that went out. */
  ended(call: LayerCall, startedAt: number, error: unknown): void {
    const inFlight = this.#inFlight;
    this.#inFlight -= 1;
    const failed = modelFailureOf(error);
    this.#cooldown.hold(this.#model, failed?.retryAfterMs ?? 0);
    const headers = (call.output as { readonly response?: { readonly headers?: unknown } } | undefined)?.response
      ?.headers;
    if (typeof headers === "object" && headers !== null) {
      const hints = readRateHints(headers as Readonly<Record<string, unknown>>, this.#runtime.now());
      this.#cooldown.learn(this.#model, hints);
    }
    if (this.adapting === undefined) return;
    const before = this.adapting.limit.limit;
    const durationMs = error === undefined ? this.#runtime.monotonic() - startedAt : Number.NaN;
    const outputTokens = call.cost?.usage.outputTokens;
    const overloaded = isOverload(failed?.status);
    const after = this.adapting.limit.observe({ durationMs, outputTokens, overloaded, inFlight });
    if (after !== before) this.adapting.manager.configure({ concurrency: after });
  }
}

/** Tells whether a status says that the model would not do the work now. */
export function isOverload(status: number | undefined): boolean {
  return status === 429 || status === 503 || status === 529;
}
