/** A model behind a server with a limit, over a fake clock: answers, refuses with the headers of a vendor, and notes all. */

import type { LanguageModelV4 } from "@ai-sdk/provider";
import { APICallError } from "@ai-sdk/provider";
import type { TestRuntime } from "../../../src/entries/testing.ts";
import type { LimitedServer } from "./limited-server.ts";

/** What a refusal says of when to come back. */
export type Saying =
  | "nothing"
  | "milliseconds"
  | "fraction"
  | "seconds"
  | "date"
  | "vendor-headers"
  | "junk"
  | "eternity";

export interface LimitedModelOptions {
  readonly saying?: Saying;
  readonly answerMs?: number;
  /** Time from client to server and back; it varies between half of it and all of it. */
  readonly roundTripMs?: number;
}

export interface LimitedModel {
  readonly model: LanguageModelV4;
  /** When requests left the client. */
  readonly sent: number[];
  /** When requests came to the server that were let through. */
  readonly through: number[];
  refused: number;
  /** Requests that left before the wait was over that a refusal had asked for, by milliseconds. */
  readonly early: number[];
}

export function limitedModel(
  runtime: TestRuntime,
  server: LimitedServer,
  { saying = "nothing", answerMs = 200, roundTripMs = 6 }: LimitedModelOptions = {},
): LimitedModel {
  let notBefore = 0;
  const travel = (signal: AbortSignal | undefined) => runtime.sleep((roundTripMs / 4) * (1 + runtime.random()), signal);
  const limited: LimitedModel = { model: undefined as never, sent: [], through: [], refused: 0, early: [] };
  const model: LanguageModelV4 = {
    specificationVersion: "v4",
    provider: "limited",
    modelId: "model",
    supportedUrls: {},
    async doGenerate({ abortSignal }) {
      const now = runtime.monotonic();
      limited.sent.push(now);
      if (now < notBefore) limited.early.push(notBefore - now);
      await travel(abortSignal);
      const verdict = server.ask(runtime.monotonic());
      if (verdict.refused) {
        limited.refused += 1;
        await travel(abortSignal);
        const { headers, waitMs } = said(saying, verdict.freeInMs, runtime);
        notBefore = Math.max(notBefore, runtime.monotonic() + waitMs);
        throw new APICallError({
          message: "rate limit reached",
          url: "http://server.test/v1",
          requestBodyValues: {},
          statusCode: 429,
          responseHeaders: headers,
          responseBody: '{"error":{"message":"rate limit reached","type":"rate_limit_error"}}',
        });
      }
      limited.through.push(runtime.monotonic());
      await runtime.sleep(answerMs, abortSignal);
      await travel(abortSignal);
      return {
        content: [{ type: "text", text: '{ "text": "done" }' }],
        finishReason: { unified: "stop", raw: "stop" },
        usage: { inputTokens: { total: 5 }, outputTokens: { total: 5 } },
        warnings: [],
      } as never;
    },
    async doStream() {
      throw new Error("not streamed");
    },
  };
  return Object.assign(limited, { model });
}

/** Gives the headers of a refusal, and the wait that they ask for. */
function said(
  saying: Saying,
  freeInMs: number,
  runtime: TestRuntime,
): { headers: Record<string, string>; waitMs: number } {
  const exact = Math.ceil(freeInMs);
  const seconds = Math.ceil(freeInMs / 1_000);
  switch (saying) {
    case "nothing":
      return { headers: {}, waitMs: 0 };
    case "milliseconds":
      return { headers: { "retry-after-ms": `${exact}` }, waitMs: exact };
    case "fraction":
      return { headers: { "Retry-After": (exact / 1_000).toFixed(3) }, waitMs: exact };
    case "seconds":
      return { headers: { "retry-after": `${seconds}` }, waitMs: seconds * 1_000 };
    case "date": {
      const at = Math.ceil((runtime.now() + freeInMs) / 1_000) * 1_000;
      return { headers: { "retry-after": new Date(at).toUTCString() }, waitMs: at - runtime.now() };
    }
    case "vendor-headers": {
      const headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": `${exact}ms`,
      };
      return { headers, waitMs: exact };
    }
    case "junk":
      return { headers: { "retry-after": "soon; DROP TABLE", "retry-after-ms": "NaN" }, waitMs: 0 };
    case "eternity":
      return { headers: { "retry-after": "99999999999" }, waitMs: 3_600_000 };
  }
}
