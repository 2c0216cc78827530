/** Bounds how much of a response a vendor's client has to hold at once: it keeps an event until its end has come. */

import { FlockError } from "../../core/errors/errors.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { noteProgress } from "./progress-notes.ts";

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
    const bounded = metered(body, isStream ? new EventMeter() : new BodyMeter(), () => tooLong(model, isStream));
    return new Response(bounded, { status, statusText, headers });
  };
}

interface Meter {
  /** Gives the bytes that the client must hold at once. */
  add(chunk: Uint8Array): number;
}

/** Hands a body on piece by piece; where it breaks, its error is noted with whether any of it had come. */
function metered(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  meter: Meter,
  tooLong: () => FlockError,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let begun = false;
  return new ReadableStream({
    async pull(controller) {
      let piece: Awaited<ReturnType<typeof reader.read>>;
      try {
        piece = await reader.read();
      } catch (error) {
        noteProgress(error, begun ? "answering" : "sent");
        throw error;
      }
      if (piece.done) return controller.close();
      begun ||= piece.value.length > 0;
      if (meter.add(piece.value) <= maxBodyBytes) return controller.enqueue(piece.value);
      const error = tooLong();
      controller.error(error);
      await reader.cancel(error);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

class BodyMeter implements Meter {
  #bytes = 0;

  add(chunk: Uint8Array): number {
    this.#bytes += chunk.length;
    return this.#bytes;
  }
}

/** Counts the bytes since the last empty line, which ends an event. */
class EventMeter implements Meter {
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
  return new FlockError("model_failed", message, {
    details: { model, retryable: false, vendorCode: "body_too_long", progress: "answering" },
  });
}
