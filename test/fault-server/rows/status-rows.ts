/** Requests that are refused with a status. */

import type { FlockErrorCode } from "../../../src/core/errors/errors.ts";
import type { FaultRow } from "../fault-row.ts";
import { body, status } from "../faults/answers.ts";
import { endlessError } from "../faults/connections.ts";
import { canaryKey, loudMessage, now } from "../what-is-said.ts";

const final: readonly (readonly [status: number, code: FlockErrorCode])[] = [
  [400, "model_request_invalid"],
  [401, "model_unauthorized"],
  [403, "model_unauthorized"],
  [404, "model_request_invalid"],
  [413, "context_too_long"],
  [422, "model_request_invalid"],
];
const passing: readonly (readonly [status: number, code: FlockErrorCode])[] = [
  [408, "model_failed"],
  [409, "model_failed"],
  [425, "model_failed"],
  [429, "rate_limited"],
  [500, "model_failed"],
  [502, "model_failed"],
  [503, "overloaded"],
  [504, "model_failed"],
  [529, "overloaded"],
];
const headers = { "x-request-id": "req-7", "set-cookie": "session=canary-cookie", "x-echo": `Bearer ${canaryKey}` };

const waits: readonly (readonly [form: string, headers: Readonly<Record<string, string>>, ms: number | null])[] = [
  ["whole seconds", { "retry-after": "7" }, 7_000],
  ["a fraction of a second", { "retry-after": "0.25" }, 250],
  ["an HTTP date", { "retry-after": new Date(now + 90_000).toUTCString() }, 90_000],
  ["an HTTP date that passed", { "retry-after": new Date(now - 90_000).toUTCString() }, 0],
  ["milliseconds", { "retry-after-ms": "1234", "retry-after": "9" }, 1_234],
  ["milliseconds that are junk, beside seconds", { "retry-after-ms": "soon", "retry-after": "9" }, 9_000],
  ["a negative number", { "retry-after": "-5" }, 0],
  ["a year", { "retry-after": "31536000" }, 24 * 60 * 60 * 1000],
  ["junk", { "retry-after": "after lunch" }, null],
  ["nothing", {}, null],
];

const bigBytes = 10 * 1024 * 1024;

export const statusRows: readonly FaultRow[] = [
  ...[...final, ...passing].map((pair): FaultRow => {
    const [said, code] = pair;
    const ends = final.includes(pair) ? "final error" : "retryable error";
    return {
      fault: `status ${said}`,
      script: () => [status({ status: said, code: "some_code", message: loudMessage }, headers)],
      expected: { ends, code, status: said, retryAfterMs: null, progress: "sent" },
    };
  }),
  ...waits.map(([form, wait, retryAfterMs]): FaultRow => {
    return {
      fault: `status 429 with Retry-After as ${form}`,
      script: () => [status({ status: 429, code: "some_code", message: "slow down" }, wait)],
      expected: { ends: "retryable error", code: "rate_limited", status: 429, retryAfterMs },
    };
  }),
  {
    fault: "status 429 for a quota that is used up",
    script: () => [status({ status: 429, code: "insufficient_quota", message: "no credit" }, headers)],
    expected: { ends: "final error", code: "quota_exhausted", status: 429 },
  },
  {
    fault: "status 500 that says not to try again",
    script: () => [status({ status: 500, code: "some_code", message: "no" }, { "x-should-retry": "false" })],
    expected: { ends: "final error", status: 500 },
  },
  {
    fault: "status 400 that says to try again",
    script: () => [status({ status: 400, code: "some_code", message: "no" }, { "x-should-retry": "true" })],
    expected: { ends: "retryable error", code: "model_request_invalid", status: 400 },
  },
  {
    fault: "status 999",
    script: () => [status({ status: 999, code: "some_code", message: "denied" }, headers)],
    expected: { ends: "retryable error", status: null },
  },
  {
    fault: "status 503 with HTML",
    script: () => [
      body(`<html><body>gateway canary-body ${canaryKey}</body></html>`, { "content-type": "text/html" }, 503),
    ],
    expected: { ends: "retryable error", code: "overloaded", status: 503 },
  },
  {
    fault: "status 500 with an empty body",
    script: () => [body("", headers, 500)],
    expected: { ends: "retryable error", status: 500 },
  },
  {
    fault: "status 500 with JSON of another shape",
    script: () => [body('{"fault":["canary-body"]}', headers, 500)],
    expected: { ends: "retryable error", status: 500 },
  },
  {
    fault: "status 500 with a message of 10 MB",
    script: () => [status({ status: 500, code: "some_code", message: "long words ".repeat(bigBytes / 11) }, headers)],
    expected: { ends: "retryable error", status: 500 },
  },
  {
    fault: "status 400 with 10 MB of HTML",
    script: () => [body(Buffer.alloc(bigBytes, "<p>canary-body</p>"), { "content-type": "text/html" }, 400)],
    expected: { ends: "final error", code: "model_request_invalid", status: 400 },
  },
  {
    fault: "status 502 with a body without an end",
    script: () => [endlessError(502)],
    expected: { ends: "retryable error", status: 502 },
  },
];
