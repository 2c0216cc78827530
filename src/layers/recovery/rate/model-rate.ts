/** Keeps attempts of one model off while it asks for rest, and from its first 429 on at the rate that it bears. */

import type { LayerCall } from "../../../core/layer.ts";
import { Cooldown } from "../../../core/runtime/cooldown.ts";
import type { Runtime } from "../../../core/runtime/runtime.ts";
import { classifyFailure } from "../classify-failure.ts";
import { RateGate } from "./rate-gate.ts";

/** What all callers of one model, or tool, on a runtime have in common. */
export class ModelRate {
  readonly #name: string;
  readonly #runtime: Runtime;
  readonly #cooldown: Cooldown;
  #gate: RateGate | undefined;
  /** Calls that gates let through which are gone. */
  #throughBefore = 0;

  constructor(name: string, runtime: Runtime) {
    this.#name = name;
    this.#runtime = runtime;
    this.#cooldown = runtime.shared("flock.cooldown", () => new Cooldown({ runtime }));
  }

  /** Calls that came through since the first 429; undefined while they are not let out in turn. */
  get through(): number | undefined {
    if (this.#gate === undefined || this.#isDeclared()) return undefined;
    return this.#throughBefore + this.#gate.through;
  }

  /** Lets an attempt of a model out, or lets it wait for its turn. */
  enter(call: LayerCall): void | Promise<void> {
    if (this.#gate?.isOver === true) {
      this.#throughBefore += this.#gate.through;
      this.#gate = undefined;
    }
    if (this.#gate !== undefined && !this.#isDeclared()) return this.#gate.enter(call);
    if (this.#cooldown.remainingMs(this.#name) > 0) return this.#rest(call);
  }

  /** One that was let out did not go. */
  callOff(call: LayerCall): void {
    this.#gate?.callOff(call);
  }

  /** Learns how an attempt ended. */
  leave(call: LayerCall, error: unknown): void {
    const isRefused = error !== undefined && !call.wasCancelled && this.learn(call, error);
    this.#gate?.leave(call, isRefused, isRefused ? this.#cooldown.remainingMs(this.#name) : 0);
  }

  /** Learns from a failure; tells whether it was a refusal for the rate. */
  learn({ runnable }: Pick<LayerCall, "runnable">, error: unknown): boolean {
    const { code, retryAfterMs = 0 } = classifyFailure(error);
    this.#cooldown.hold(this.#name, retryAfterMs);
    if (code !== "rate_limited" || runnable.kind !== "model") return false;
    this.#gate ??= new RateGate(this.#name, this.#runtime, this.#cooldown);
    return true;
  }

  /** Where a limit of requests was declared, that paces the calls. */
  #isDeclared(): boolean {
    return this.#runtime.shared("flock.declared-rates", () => new Set<string>()).has(this.#name);
  }

  async #rest(call: LayerCall): Promise<void> {
    const began = call.runtime.monotonic();
    call.waitStart("cooldown");
    try {
      await this.#cooldown.wait(this.#name, call.context.signal);
    } finally {
      call.waitEnd("cooldown", call.runtime.monotonic() - began);
    }
  }
}
