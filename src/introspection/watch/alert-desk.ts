/** Where alerts go: rules that watch, a store that remembers, and whoever is told. */

import { createHash } from "node:crypto";
import type { AlertFiredEvent, AlertResolvedEvent } from "../../core/events/event.ts";
import type { KeyValueStore } from "../../core/key-value-store.ts";
import type { Runtime, Timer } from "../../core/runtime/runtime.ts";
import { AlertMemory } from "./alert-memory.ts";
import type { AlertRule } from "./alert-rule.ts";
import { AlertWebhook, type WebhookCounts } from "./alert-webhook.ts";
import { Alerts } from "./alerts.ts";
import type { KeptAlerts } from "./kept-alerts.ts";
import type { WebhookOptions } from "./webhook-options.ts";

const longestCloseMs = 5_000;

/** Told of an alert that began or ended; what it throws or rejects with is counted. */
export type AlertListener = (event: AlertFiredEvent | AlertResolvedEvent) => unknown;

/** What is watched and who is told. */
export interface AlertOptions {
  /** When to raise alerts. @default none */
  readonly alerts?: readonly AlertRule[];
  /** Called with each alert that begins or ends. @default nobody */
  readonly onAlert?: AlertListener;
  /** Web addresses that are told. @default none */
  readonly webhooks?: readonly WebhookOptions[];
  /**
   * Remembers which alerts are on, what their windows hold and which messages are not delivered, so that a restart neither
   * tells an alert again nor forgets to end or to tell one. What happens before it answered is counted, and looked at then; a
   * crash loses what was counted in the last second. @default nothing is remembered
   */
  readonly store?: KeyValueStore;
  /** Where in the store. Monitors that share one need keys of their own. @default "flock:alerts" */
  readonly storeKey?: string;
  /** How often to look when nothing runs; the timer keeps no process alive. @default only when something ends */
  readonly checkEveryMs?: number;
}

/** The alerts of a monitor with all that hangs on them. */
export class AlertDesk {
  readonly alerts: Alerts;
  /** Settles once what the store knows is known; never rejects. */
  readonly ready: Promise<void>;
  /** How often a listener threw or rejected. */
  failures = 0;
  readonly #runtime: Runtime;
  /** By what names them in the store: an address itself may be a secret. */
  readonly #webhooks: ReadonlyMap<string, AlertWebhook>;
  readonly #memory: AlertMemory | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  /** @throws option_invalid for a rule that cannot be or an address that cannot be posted to. */
  constructor(options: AlertOptions, runtime: Runtime, tell: AlertListener) {
    const { alerts = [], onAlert, webhooks = [], store, storeKey = "flock:alerts", checkEveryMs } = options;
    this.#runtime = runtime;
    this.#memory =
      store === undefined
        ? undefined
        : new AlertMemory({ store, key: storeKey, runtime }, () => ({
            v: 1,
            ...this.alerts.state,
            messages: this.#kept,
          }));
    const memory = this.#memory;
    const keep = memory === undefined ? undefined : () => memory.save();
    const made = webhooks.map((webhook) => new AlertWebhook(webhook, runtime, keep));
    this.#webhooks = new Map(made.map((webhook, index) => [placeOf(webhooks, index), webhook]));
    this.alerts = new Alerts(alerts, {
      tell: (event) => {
        tell(event);
        if (onAlert !== undefined) this.#call(onAlert, event);
        for (const webhook of this.#webhooks.values()) webhook.send(event);
      },
      changed: () => void this.#memory?.save(),
      counted: () => this.#memory?.saveSoon(),
    });
    this.ready = this.#restore();
    if (checkEveryMs !== undefined) this.#checkEvery(checkEveryMs);
  }

  /** How often the store failed. */
  get storeFailures(): number {
    return this.#memory?.failures ?? 0;
  }

  /** What became of the messages to each address. */
  get webhooks(): readonly WebhookCounts[] {
    return Array.from(this.#webhooks.values(), ({ counts }) => counts);
  }

  get #kept(): KeptAlerts["messages"] {
    return Object.fromEntries(Array.from(this.#webhooks, ([place, { kept }]) => [place, kept]));
  }

  /** Ends the timer, and waits for the store, a moment for messages, and for the store again: five seconds at most for all. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#memory?.end();
    await new Promise<void>((resolve) => {
      const timer = this.#runtime.setTimer(resolve, longestCloseMs);
      void this.#end().finally(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  async #end(): Promise<void> {
    await this.ready;
    await Promise.all(Array.from(this.#webhooks.values(), (webhook) => webhook.close()));
    await this.#memory?.save();
  }

  async #restore(): Promise<void> {
    if (this.#memory === undefined) return;
    this.alerts.hold();
    const kept = await this.#memory.load();
    this.alerts.restore(kept);
    for (const [place, webhook] of this.#webhooks) webhook.restore(kept.messages[place] ?? []);
  }

  #call(listener: AlertListener, event: AlertFiredEvent | AlertResolvedEvent): void {
    const fail = (): void => {
      this.failures++;
    };
    try {
      const answer = listener(event);
      if (answer instanceof Promise) answer.catch(fail);
    } catch {
      fail();
    }
  }

  #checkEvery(ms: number): void {
    this.#timer = this.#runtime.setTimer(() => {
      this.alerts.check(this.#runtime.now());
      if (!this.#isClosed) this.#checkEvery(ms);
    }, ms);
    this.#timer.unref();
  }
}

/** Names an address for the store without telling it; the same one given twice by its turn. */
function placeOf(webhooks: readonly WebhookOptions[], index: number): string {
  const { url } = webhooks[index]!;
  const turn = webhooks.slice(0, index).filter((other) => other.url === url).length;
  return createHash("sha256").update(`${turn} ${url}`).digest("hex").slice(0, 32);
}
