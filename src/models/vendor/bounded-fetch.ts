/** Bounds how much of a response a vendor's client has to hold at once: it keeps an event until its end has come. */

import { FlockError } from "../../core/errors/errors.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";

/** One server-sent event, or a whole body of another kind, of more bytes than this ends its request. */
export const maxBodyBytes = 64 * 1024 * 1024;

const lineFeed = 10;
const carriageReturn = 13;

/**
 * Gives a runtime's `fetch` whose bodies fail with model_failed (not retryable, `body_too_long`) at {@link maxBodyBytes},
 * which closes the connection. A stream of small events may be as long as it likes. Errors are `vendorFetch`'s to bound.
 */
export function boundedFetch(runtime: Runtime, model: string): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await runtime.fetch(input, init);
    const { ok, body, status, statusText, headers } = response;
    if (!ok || body === null) return response;
    const isStream = /^text\/event-stream/i.test(headers.get("content-type") ?? "");
    const meter = isStream ? new EventMeter() : new BodyMeter();
    const bounded = body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          if (meter.add(chunk) > maxBodyBytes) throw tooLong(model, isStream);
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(bounded, { status, statusText, headers });
  };
}

class BodyMeter {
  #bytes = 0;

  add(chunk: Uint8Array): number {
    this.#bytes += chunk.length;
    return this.#bytes;
  }
}

/** Counts the bytes since the last empty line, which ends an event. */
class EventMeter {
  #event = 0;
  /** Bytes of the line so far that are no carriage return; 0 where an empty line would end. */
  #line = 0;

  add(chunk: Uint8Array): number {
    let longest = 0;
    for (let from = 0; from < chunk.length; ) {
      const found = chunk.indexOf(lineFeed, from);
      const end = found < 0 ? chunk.length : found;
      const blank = end === from || (end === from + 1 && chunk[from] === carriageReturn);
      if (!blank) this.#line += end - from;
      this.#event += end - from + 1;
      if (this.#event > longest) longest = this.#event;
      if (found >= 0) {
        if (this.#line === 0) this.#event = 0;
        this.#line = 0;
      }
      from = end + 1;
    }
    return longest;
  }
}

function tooLong(model: string, isStream: boolean): FlockError<"model_failed"> {
  const what = isStream ? "an event" : "a body";
  const message = `${model} sent ${what} of more than ${maxBodyBytes} bytes; lower maxOutputTokens or look at the server`;
  return new FlockError("model_failed", message, { details: { model, retryable: false, vendorCode: "body_too_long" } });
}
