/** Takes what an attempt needs from every manager that counts it, all at once, or lets it wait. */

import type { LayerCall, LayerHost } from "../../core/layer.ts";
import type { FlockResources } from "../../core/resource-settings.ts";
import { type Ask, Asking } from "./asking.ts";
import type { Lease } from "./lease.ts";
import { type Counted, Managers } from "./managers.ts";
import type { ModelPace } from "./pace/model-pace.ts";
import { Stay } from "./stay.ts";

/** The resources of one Flock as its calls meet them. */
export class ResourceDesk {
  readonly #host: LayerHost;
  readonly #managers: Managers;

  constructor(host: LayerHost, settings: FlockResources) {
    this.#host = host;
    this.#managers = new Managers(host, settings);
  }

  /** Takes everything at once where it is free, else waits for it in turn, as long as the call itself goes on. */
  enter(call: LayerCall, slot: number): void | Promise<void> {
    const counted = this.#managers.countedFor(call);
    const stay = new Stay(counted.pace, counted.estimate);
    call.setSlot(slot, stay);
    const asking = new Asking(call, counted, this.#host);
    const isFree = asking.isReady && counted.pace?.rests !== true && takeNow(asking, stay);
    const turnMs = isFree ? (counted.pace?.turnMs() ?? 0) : 0;
    if (isFree && turnMs === 0) return this.#begin(call, counted, stay);
    return this.#wait(call, counted, { asking, stay, turnMs });
  }

  /** The same for a call that had to wait for this code, and may be over. */
  enterLate(call: LayerCall, slot: number, signal: AbortSignal): void | Promise<void> {
    signal.throwIfAborted();
    return this.enter(call, slot);
  }

  #begin(call: LayerCall, counted: Counted, stay: Stay): void {
    stay.onEnd = counted.open?.();
    stay.begin(call.runtime.monotonic());
  }

  async #wait(
    call: LayerCall,
    counted: Counted,
    { asking, stay, turnMs }: { readonly asking: Asking; readonly stay: Stay; readonly turnMs: number },
  ): Promise<void> {
    const { signal } = call.context;
    const { pace } = counted;
    try {
      if (!asking.isReady) await asking.getReady();
      signal.throwIfAborted();
      if (turnMs > 0) await told(call, "turn", call.runtime.sleep(turnMs, signal));
      else await this.#takeInTurn(call, asking, stay, pace);
      // While it waited the model may have asked for rest.
      while (pace?.rests === true) await this.#takeInTurn(call, asking, stay, pace);
      signal.throwIfAborted();
    } catch (error) {
      stay.undo();
      throw error;
    }
    this.#begin(call, counted, stay);
  }

  async #takeInTurn(call: LayerCall, asking: Asking, stay: Stay, pace: ModelPace | undefined): Promise<void> {
    stay.undo();
    stay.characters = asking.characters;
    const { signal } = call.context;
    if (pace?.rests === true) await told(call, "cooldown", pace.rest(signal));
    for (const ask of asking.asks) stay.hold(tryTake(ask, asking) ?? (await waitFor(call, ask, asking)));
    const turnMs = pace?.turnMs() ?? 0;
    if (turnMs > 0) await told(call, "turn", call.runtime.sleep(turnMs, signal));
  }
}

/** Takes all or nothing. */
function takeNow(asking: Asking, stay: Stay): boolean {
  stay.characters = asking.characters;
  for (const ask of asking.asks) {
    const lease = tryTake(ask, asking);
    if (lease === undefined) {
      stay.undo();
      return false;
    }
    stay.hold(lease);
  }
  return true;
}

function tryTake(ask: Ask, asking: Asking): Lease | undefined {
  return ask.manager.tryAcquire(ask.request, asking.options);
}

async function waitFor(call: LayerCall, ask: Ask, asking: Asking): Promise<Lease> {
  const { signal } = call.context;
  for (;;) {
    const short = ask.manager.shortOf(ask.request) ?? "its turn";
    try {
      return await told(call, inWords(short), ask.manager.acquire(ask.request, { ...asking.options, signal }));
    } catch (error) {
      if (!asking.askLess(ask, error)) throw error;
    }
  }
}

/** Tells of a wait. One that the end of the call ends is told before the call's own end. */
async function told<T>(call: LayerCall, resource: string, wait: Promise<T>): Promise<T> {
  const { signal } = call.context;
  const began = call.runtime.monotonic();
  const end = (): void => call.waitEnd(resource, call.runtime.monotonic() - began);
  call.waitStart(resource);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await wait;
  } finally {
    signal.removeEventListener("abort", end);
    if (!signal.aborted) end();
  }
}

/** Turns `requests.perMinute` into `requests per minute`. */
function inWords(limit: string): string {
  return limit.startsWith("custom.")
    ? limit
    : limit.replace(/\.?([A-Z])/g, (_, letter) => ` ${letter.toLowerCase()}`).replace(".", " ");
}
