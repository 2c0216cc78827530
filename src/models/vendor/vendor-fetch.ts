/** Keeps vendors' clients at the address they were given, and from reading an error that never ends. */

import type { Runtime } from "../../core/runtime/runtime.ts";

/** Of an error's body, what lies behind this many bytes is not read: the connection is closed. */
export const longestErrorBytes = 64 * 1024;

/**
 * Gives a runtime's `fetch` for vendors' clients. It follows no redirect, which would carry prompts, and keys in headers such
 * as `x-api-key`, to whatever host it names: the client sees the status and fails. Of error bodies it hands on the first
 * {@link longestErrorBytes}. Answers go through as they are.
 */
export function vendorFetch(runtime: Pick<Runtime, "fetch">): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await runtime.fetch(input, { ...init, redirect: "manual" });
    const { ok, body, status, statusText, headers } = response;
    // A response of an unknown class can be received, but not made.
    if (ok || body === null || status > 599) return response;
    return new Response(beginningOf(body), { status, statusText, headers });
  };
}

function beginningOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let left = longestErrorBytes;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      controller.enqueue(value.subarray(0, left));
      left -= value.length;
      if (left > 0) return;
      controller.close();
      await reader.cancel();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
