/** Tells a web address of alerts, signed and in order, whatever state that address is in. */

import { createHmac, timingSafeEqual } from "node:crypto";
import type { AlertFiredEvent, AlertResolvedEvent } from "../../core/events/event.ts";
import { retryAfterOf } from "../../core/runtime/retry-after.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import type { KeptMessage } from "./kept-alerts.ts";
import { checkWebhook, type WebhookOptions } from "./webhook-options.ts";

const firstWaitMs = 1_000;
const longestWaitMs = 60_000;
/** What is older is not signed anew: by then the mark proves too little. */
const longestKeptMs = 86_400_000;

/** What became of the messages so far. */
export interface WebhookCounts {
  readonly delivered: number;
  readonly pending: number;
  /** Messages that found the queue full, were refused, used up their attempts, or were pending at the end and not kept. */
  readonly dropped: number;
  /** Why the last message was dropped or tried again: a status such as "status 500", "timeout", "unreachable" or "full". */
  readonly lastFailure: string | undefined;
}

interface Message {
  readonly id: string;
  readonly body: string;
  /** When it was sent first, milliseconds since 1970. */
  readonly at: number;
  tries: number;
}

type Answer = "delivered" | { readonly failure: string; readonly again: boolean; readonly waitMs?: number | undefined };

/**
 * Posts each alert as JSON, one at a time and in order. An answer of the 200s is a delivery; 408, 429, the 500s, timeouts and
 * broken connections are tried again with full jitter, or when `Retry-After` says; everything else, a redirect included, is
 * dropped. Nothing of it throws, waits for a run, or keeps the process alive between attempts. With `keep`, which keeps what
 * is pending and settles once that is done or failed, a message is kept before it is first told and until it is taken.
 */
export class AlertWebhook {
  readonly #options: WebhookOptions;
  readonly #runtime: Runtime;
  readonly #keep: (() => Promise<void>) | undefined;
  readonly #waiting: Message[] = [];
  readonly #closing = new AbortController();
  #working: Promise<void> | undefined;
  #delivered = 0;
  #dropped = 0;
  #lastFailure: string | undefined;

  /** @throws option_invalid for an unknown option, a wrong value or an address that cannot be posted to. */
  constructor(options: WebhookOptions, runtime: Runtime, keep?: () => Promise<void>) {
    checkWebhook(options);
    this.#keep = keep;
    this.#options = { ...options };
    this.#runtime = runtime;
  }

  get counts(): WebhookCounts {
    const pending = this.#waiting.length;
    return { delivered: this.#delivered, pending, dropped: this.#dropped, lastFailure: this.#lastFailure };
  }

  /** What is pending, as it outlives the process. */
  get kept(): readonly KeptMessage[] {
    const { secret } = this.#options;
    return this.#waiting.map((message) => ({
      ...message,
      mac: secret === undefined ? undefined : macOf(secret, message),
    }));
  }

  /**
   * Goes on with what an earlier process could not deliver, before anything new. With a secret, only with what has its mark
   * and is not older than a day. Once closed it only keeps them.
   */
  restore(messages: readonly KeptMessage[]): void {
    const { secret, maxPending = 100 } = this.#options;
    const room = Math.max(0, maxPending - this.#waiting.length);
    const now = this.#runtime.now();
    const good = messages.filter((message) => secret === undefined || isOurs(secret, message, now));
    this.#dropped += messages.length - Math.min(good.length, room);
    const taken = good.slice(0, room).map(({ id, body, tries, at = now }) => ({ id, body, tries, at }));
    this.#waiting.unshift(...taken);
    if (taken.length > 0 && !this.#closing.signal.aborted) this.#working ??= this.#work();
  }

  /** Takes an alert in, unless the queue is full or it is closed. */
  send(event: AlertFiredEvent | AlertResolvedEvent): void {
    const { maxPending = 100 } = this.#options;
    if (this.#closing.signal.aborted || this.#waiting.length >= maxPending) return this.#drop("full");
    const id = this.#runtime.createId();
    const { path: _, ...told } = event;
    this.#waiting.push({ id, body: JSON.stringify({ id, ...told }), at: this.#runtime.now(), tries: 0 });
    this.#working ??= this.#work();
  }

  /** Waits until nothing is pending, at most so long; what is pending then is dropped unless it is kept, and what comes later. */
  async close(waitMs = 2_000): Promise<void> {
    const timer = this.#runtime.setTimer(() => this.#closing.abort(), waitMs);
    await this.#working;
    timer.cancel();
    this.#closing.abort();
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#keep !== undefined) await this.#orClosed(this.#keep());
      const answer = await this.#deliver(this.#waiting[0]!);
      if (answer === "closed" && this.#keep !== undefined) break;
      this.#waiting.shift();
      if (answer === "delivered") this.#delivered++;
      else this.#drop(answer === "closed" ? answer : answer.failure);
    }
    this.#working = undefined;
    void this.#keep?.();
  }

  async #deliver(message: Message): Promise<Answer | "closed"> {
    const { attempts = 6 } = this.#options;
    for (;;) {
      if (this.#closing.signal.aborted) return "closed";
      const answer = await this.#post(message);
      message.tries++;
      if (answer === "delivered" || !answer.again || message.tries >= attempts) return answer;
      this.#lastFailure = answer.failure;
      void this.#keep?.();
      const jitter = this.#runtime.random() * Math.min(firstWaitMs * 2 ** message.tries, longestWaitMs);
      await this.#pause(answer.waitMs ?? jitter);
    }
  }

  async #post({ id, body }: Message): Promise<Answer> {
    const { url, headers, secret, timeoutMs = 10_000 } = this.#options;
    const seconds = Math.floor(this.#runtime.now() / 1_000);
    const signature =
      secret === undefined ? {} : { "flock-signature": `t=${seconds},v1=${signatureOf(secret, seconds, body)}` };
    const abort = new AbortController();
    const timer = this.#runtime.setTimer(() => abort.abort(), timeoutMs);
    timer.unref();
    const close = (): void => abort.abort();
    this.#closing.signal.addEventListener("abort", close, { once: true });
    try {
      const response = await this.#runtime.fetch(url, {
        method: "POST",
        redirect: "manual",
        headers: { ...headers, "content-type": "application/json", "flock-delivery": id, ...signature },
        body,
        signal: abort.signal,
      });
      // What it says is of no interest, and may never end.
      response.body?.cancel().catch(() => {});
      return this.#judge(response);
    } catch {
      return { failure: abort.signal.aborted ? "timeout" : "unreachable", again: true };
    } finally {
      timer.cancel();
      this.#closing.signal.removeEventListener("abort", close);
    }
  }

  #judge({ status, headers }: Response): Answer {
    if (status >= 200 && status < 300) return "delivered";
    const again = status === 408 || status === 429 || status >= 500;
    const asked = retryAfterOf(Object.fromEntries(headers), undefined, this.#runtime.now());
    const waitMs = asked === undefined ? undefined : Math.min(asked, longestWaitMs);
    return { failure: `status ${status}`, again, waitMs };
  }

  /** Waits without keeping the process alive; ends at once when closed. */
  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = this.#runtime.setTimer(end, ms);
      timer.unref();
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
  }

  /** Waits for what may hang, such as a store, no longer than until closed. */
  #orClosed(work: Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const end = (): void => {
        signal.removeEventListener("abort", end);
        resolve();
      };
      void work.then(end);
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
  }

  #drop(failure: string): void {
    this.#dropped++;
    this.#lastFailure = failure;
  }
}

/** Signs a message: HMAC-SHA256 (RFC 2104) over the seconds, a dot and the body, so that an old message cannot be sent again. */
function signatureOf(secret: string, seconds: number, body: string): string {
  return createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
}

/**
 * Marks a kept message with its time, so that who can write to the store has nothing signed but what was told the last day,
 * which receivers know by its id. No signature covers such a text.
 */
function macOf(secret: string, { at, id, body }: Pick<KeptMessage, "at" | "id" | "body">): string {
  return createHmac("sha256", secret).update(`kept.${at}.${id}.${body}`).digest("hex");
}

function isOurs(secret: string, message: KeptMessage, now: number): boolean {
  if (message.at === undefined || now - message.at > longestKeptMs) return false;
  const [given, right] = [Buffer.from(message.mac ?? ""), Buffer.from(macOf(secret, message))];
  return given.length === right.length && timingSafeEqual(given, right);
}
