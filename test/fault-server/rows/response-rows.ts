/** Responses at status 200 that are damaged, or no answers. */

import type { Dialect } from "../dialects/dialect.ts";
import type { FaultRow, Way } from "../fault-row.ts";
import { answer, body, nothing, otherShape, problemInBody } from "../faults/answers.ts";
import { compressed, drip, earlyHints, raw, withHeaders } from "../faults/connections.ts";
import { canaryKey, loudMessage, right } from "../what-is-said.ts";

const retryable = { ends: "retryable error" } as const;
const broken = { ...retryable, code: "model_unreachable", progress: "answering" } as const;
/** Not every vendor has a word for overload; where it has none, its server failed. */
const overloaded = { ...retryable, code: ["overloaded", "model_failed"] } as const;
const emptyTwice = { ends: "final error", code: "output_unreadable", requests: 2 } as const;
const html = `<html><body>gateway canary-body ${canaryKey}</body></html>`;

export const responseRows: readonly FaultRow[] = [
  ...[1, 3, 7].map((size): FaultRow => {
    const fault = `a drip of ${size} ${size === 1 ? "byte" : "bytes"} at a time`;
    return { fault, script: () => [drip(right, size)], expected: { ends: "value" } };
  }),
  {
    fault: "a chunk's length that is no number",
    script: () => [
      raw(["transfer-encoding: chunked"], (bytes) => Buffer.concat([Buffer.from("zz\r\n"), bytes]), right, "stay"),
    ],
    expected: retryable,
  },
  {
    fault: "a chunk longer than its length",
    script: () => [
      raw(["transfer-encoding: chunked"], (bytes) => Buffer.concat([Buffer.from("5\r\n"), bytes]), right, "stay"),
    ],
    expected: retryable,
  },
  {
    fault: "chunks without the last one",
    script: () => [
      raw(
        ["transfer-encoding: chunked"],
        (bytes) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]),
        right,
        "close",
      ),
    ],
    expected: broken,
  },
  {
    fault: "a content-length that is too long",
    script: () => [raw(["content-length: 100000"], (bytes) => bytes, right, "close")],
    expected: broken,
  },
  {
    fault: "a content-length that is too short",
    script: () => [raw(["content-length: 40"], (bytes) => bytes, right, "stay")],
    expected: retryable,
  },
  {
    fault: "a content-length that is no number",
    script: () => [raw(["content-length: many"], (bytes) => bytes, right, "stay")],
    expected: retryable,
  },
  {
    fault: "spaces and empty lines before the answer",
    script: () => [
      raw(["connection: close"], (bytes) => Buffer.concat([Buffer.from("\n  \n\n"), bytes]), right, "close"),
    ],
    expected: { ends: "value" },
  },
  {
    fault: "junk behind the answer",
    script: () => [
      raw(["connection: close"], (bytes) => Buffer.concat([bytes, Buffer.from("}\n<p>canary-body")]), right, "close"),
    ],
    expected: (_, way) => (way === "stream" ? { ends: "value" } : retryable),
  },
  {
    fault: "bytes that are no UTF-8",
    script: () => [
      raw(
        ["connection: close"],
        (bytes) => Buffer.from(bytes.map((byte) => (byte > 127 ? 255 : byte))),
        right,
        "close",
      ),
    ],
    expected: { ends: "either" },
  },
  { fault: "gzip", script: () => [compressed("gzip", right, (bytes) => bytes)], expected: { ends: "value" } },
  {
    fault: "gzip that is cut",
    script: () => [compressed("gzip", right, (bytes) => bytes.subarray(0, bytes.length / 2))],
    expected: retryable,
  },
  {
    fault: "gzip with wrong bytes",
    script: () => [
      compressed("gzip", right, (bytes) => Buffer.from(bytes.map((byte, at) => (at > 20 ? byte ^ 90 : byte)))),
    ],
    expected: retryable,
  },
  {
    fault: "gzip that is none",
    script: () => [withHeaders(right, { "content-encoding": "gzip" })],
    expected: retryable,
  },
  {
    fault: "brotli with wrong bytes",
    script: () => [
      compressed("br", right, (bytes) => Buffer.from(bytes.map((byte, at) => (at > 8 ? byte ^ 90 : byte)))),
    ],
    expected: retryable,
  },
  {
    fault: "a wrong content type",
    script: () => [withHeaders(right, { "content-type": "text/plain; charset=latin1" })],
    expected: { ends: "value" },
  },
  {
    fault: "no content type",
    script: () => [raw(["x: y"], (bytes) => bytes, right, "close")],
    expected: { ends: "value" },
  },
  { fault: "early hints before the answer", script: () => [earlyHints(right)], expected: { ends: "value" } },
  {
    fault: "headers of 8 kB",
    script: () => [withHeaders(right, { "x-long": "canary-header ".repeat(570) })],
    expected: { ends: "value" },
  },
  {
    fault: "headers of 200 kB",
    script: () => [withHeaders(right, { "x-long": "canary-header ".repeat(14_000) })],
    expected: retryable,
  },
  { fault: "HTML at status 200", script: () => [body(html, { "content-type": "text/html" })], expected: retryable },
  { fault: "an empty body", script: () => [body("")], expected: retryable },
  { fault: "status 204", script: () => [body("", {}, 204)], expected: retryable },
  { fault: "JSON that is cut", script: () => [body('{"id":"canary-body","choices":[{"mess')], expected: retryable },
  {
    fault: "JSON of another shape",
    script: () => [otherShape({ hello: "canary-body" })],
    expected: (dialect, way) => (isSeenAsEmpty(dialect, way) ? emptyTwice : retryable),
  },
  { fault: "a JSON list", script: () => [otherShape(["canary-body"])], expected: retryable },
  {
    fault: "an answer in which nothing is said, always",
    script: () => [nothing],
    expected: (dialect, way) => (isRefused(dialect, way) ? retryable : emptyTwice),
  },
  {
    fault: "an answer in which nothing is said, then right",
    script: () => [nothing, answer(right)],
    expected: (dialect, way) =>
      isRefused(dialect, way) ? retryable : { ends: "value after asking again", requests: 2 },
  },
  {
    fault: "an error object at status 200",
    script: ({ words }) => [problemInBody({ status: 503, code: words.overloaded, message: loudMessage })],
    expected: (dialect, way) => (isSeenAsEmpty(dialect, way) ? emptyTwice : overloaded),
  },
  {
    fault: "an error object at status 200 that blames the request",
    script: ({ words }) => [problemInBody({ status: 400, code: words.invalid, message: loudMessage })],
    expected: (dialect, way) =>
      isSeenAsEmpty(dialect, way) ? emptyTwice : { ends: "final error", code: "model_request_invalid" },
  },
];

/** Chat completions need choices, and Google's streams a reason to stop; elsewhere an answer may be empty. */
function isRefused({ vendor }: Dialect, way: Way): boolean {
  return vendor === "openai-compatible" || vendor === "ollama" || (vendor === "google" && way === "stream");
}

/** Nothing is required in Google's answers: its client takes any object for an answer in which nothing is said. */
function isSeenAsEmpty({ vendor }: Dialect, way: Way): boolean {
  return vendor === "google" && way === "execute";
}
