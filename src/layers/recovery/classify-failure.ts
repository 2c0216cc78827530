/** Says of any error whatever whether another try may help: what recovery knows of tools' and users' own failures. */

import { type FailureProgress, type FlockErrorCode, isFlockError } from "../../core/errors/errors.ts";
import { retryAfterOf } from "../../core/runtime/retry-after.ts";
import { peek, systemFailureOf } from "../../core/runtime/system-failure.ts";

/**
 * The codes of failures that are no FlockErrors. `server_failed` is a status of 500 to 599, `request_refused` any other
 * that is final; `unreachable` the network, `system_error` this machine; `program_error` a mistake in code, such as a
 * TypeError.
 */
export type ForeignFailureCode =
  | "rate_limited"
  | "overloaded"
  | "unauthorized"
  | "request_refused"
  | "server_failed"
  | "unreachable"
  | "damaged"
  | "system_error"
  | "timeout"
  | "cancelled"
  | "program_error"
  | "unknown";

/** What is known of a failure. */
export interface FailureClass {
  readonly code: FlockErrorCode | ForeignFailureCode;
  /** The same call may well succeed a little later. */
  readonly retryable: boolean;
  /** The wait that the other side asked for. */
  readonly retryAfterMs?: number;
  /** How far the request had come; absent where nothing is known. */
  readonly progress?: FailureProgress;
}

/**
 * Classifies an error of any origin: FlockErrors by code and details (a tool's by what the tool threw), Node's and fetch's
 * by their code, errors with an HTTP status by that and `retry-after`, aborts, timeouts, mistakes in code. What it does not
 * know is `unknown` and not retryable. Nothing that can be thrown makes it throw.
 *
 * @param now wall clock in milliseconds, for dates in `retry-after`; they are left out without it.
 */
export function classifyFailure(error: unknown, now?: number): FailureClass {
  try {
    return isFlockError(error) ? ownFailure(error, now) : foreignFailure(error, now);
  } catch {
    return unknown;
  }
}

const unknown: FailureClass = Object.freeze({ code: "unknown", retryable: false });

function ownFailure(
  error: { code: FlockErrorCode; retryable: boolean; details: object; cause?: unknown },
  now: number | undefined,
): FailureClass {
  const { code, retryable, details, cause } = error;
  if (code === "tool_failed" && cause !== undefined && cause !== error) return { ...classifyFailure(cause, now), code };
  const { retryAfterMs, retryInMs, progress, limit } = details as {
    readonly retryAfterMs?: number;
    readonly retryInMs?: number;
    readonly progress?: FailureProgress;
    readonly limit?: unknown;
  };
  const waitMs = retryAfterMs ?? retryInMs;
  const reached = code === "circuit_open" ? "not-sent" : limit === "between-tokens" ? "answering" : progress;
  return { code, retryable, ...optional(waitMs, reached) };
}

function foreignFailure(error: unknown, now: number | undefined): FailureClass {
  const name = peek(error, "name");
  if (name === "AbortError") return { code: "cancelled", retryable: false };
  if (name === "TimeoutError") return { code: "timeout", retryable: true };
  const status = statusOf(error);
  if (status !== undefined) return { ...classOfStatus(status), ...optional(waitOf(error, now), "sent") };
  const system = systemFailureOf(error);
  if (system !== undefined) {
    const { retryable, progress } = system;
    return { code: systemCodes[system.kind], retryable, progress };
  }
  return typeof name === "string" && mistakes.has(name) ? { code: "program_error", retryable: false } : unknown;
}

const systemCodes = {
  network: "unreachable",
  certificate: "unreachable",
  damage: "damaged",
  system: "system_error",
} as const;

const mistakes = new Set([
  "TypeError",
  "ReferenceError",
  "RangeError",
  "SyntaxError",
  "URIError",
  "EvalError",
  "AssertionError",
]);

/** An HTTP status in any of the places that clients put it. */
function statusOf(error: unknown): number | undefined {
  const response = peek(error, "response");
  const places = [
    peek(error, "status"),
    peek(error, "statusCode"),
    peek(response, "status"),
    peek(response, "statusCode"),
  ];
  return places.find((status): status is number => typeof status === "number" && status >= 400 && status <= 599);
}

function classOfStatus(status: number): { readonly code: ForeignFailureCode; readonly retryable: boolean } {
  if (status === 429) return { code: "rate_limited", retryable: true };
  if (status === 503 || status === 529) return { code: "overloaded", retryable: true };
  if (status === 401 || status === 403) return { code: "unauthorized", retryable: false };
  if (status === 408 || status === 504) return { code: "timeout", retryable: true };
  // Asked the same again, a server that has no such method or version has it no more than before.
  if (status >= 500) return { code: "server_failed", retryable: status !== 501 && status !== 505 };
  return { code: "request_refused", retryable: status === 409 || status === 425 };
}

/** The wait in the headers, which are a record or a Headers, on the error or its response. */
function waitOf(error: unknown, now: number | undefined): number | undefined {
  for (const holder of [error, peek(error, "response")]) {
    for (const headers of [peek(holder, "headers"), peek(holder, "responseHeaders")]) {
      const waitMs = retryAfterOf(waitHeaders(headers), undefined, now);
      if (waitMs !== undefined) return waitMs;
    }
  }
  return undefined;
}

function waitHeaders(headers: unknown): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  if (typeof headers !== "object" || headers === null) return found;
  for (const name of ["retry-after-ms", "retry-after"]) {
    const get = peek(headers, "get");
    const value = typeof get === "function" ? get.call(headers, name) : peekAnyCase(headers, name);
    if (typeof value === "string" || typeof value === "number") found[name] = String(value);
  }
  return found;
}

function peekAnyCase(headers: object, name: string): unknown {
  const key = Object.keys(headers)
    .slice(0, 200)
    .find((one) => one.toLowerCase() === name);
  return key === undefined ? undefined : peek(headers, key);
}

function optional(
  retryAfterMs: number | undefined,
  progress: FailureProgress | undefined,
): Pick<FailureClass, "retryAfterMs" | "progress"> {
  return { ...(retryAfterMs === undefined ? {} : { retryAfterMs }), ...(progress === undefined ? {} : { progress }) };
}
