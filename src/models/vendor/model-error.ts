/** Turns what a vendor's client throws into one typed error that names the way out and carries no secret. */

import { FlockError, isFlockError, type ModelFailureDetails } from "../../core/errors/errors.ts";
import { readRateHints, resetOfUsedUp } from "../../core/runtime/rate-hints.ts";
import { retryAfterOf } from "../../core/runtime/retry-after.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemFailureOf } from "../../core/runtime/system-failure.ts";
import { codeOfFailure, type Evidence, isRetryable, progressOf } from "./failure-code.ts";
import { keyVariableOf, sentenceOf } from "./failure-sentence.ts";
import { hideKeys, redact } from "./redact.ts";
import { readVendorWords } from "./vendor-body.ts";
import { readVendorError, type VendorError } from "./vendor-error.ts";

type Named = Pick<Runtime, "variable" | "now"> | undefined;

/**
 * Makes the error of a failed model call: one of `ModelFailureCode`, or `model_key_missing` when the vendor's client found
 * no key. A FlockError comes back as it is. The cause is a cleaned copy: the original holds headers and the request body.
 * Where there is no status line, as in a stream, the status is what the vendor's words mean: `overloaded_error` is 529.
 * What cannot even be looked at becomes `model_failed`.
 *
 * @param model the model's name, as in `openai/gpt-5-mini`.
 * @param runtime gives the values of key variables, so that they can be taken out, and the time for dates in headers.
 */
export function modelError(error: unknown, model: string, runtime?: Named): FlockError {
  try {
    return ownError(error) ?? vendorsError(error, model, runtime);
  } catch {
    const details: ModelFailureDetails = { model, retryable: false, progress: "sent" };
    return new FlockError("model_failed", `${model} failed with an error that cannot be read`, { details });
  }
}

function vendorsError(error: unknown, model: string, runtime: Named): FlockError {
  const vendor = readVendorError(error);
  const words = readVendorWords(vendor);
  const message = redact(words.message ?? "no message", [model], runtime);
  const cause = cleanCause(vendor, message);
  if (vendor.name === "AI_LoadAPIKeyError") return keyMissing(model, message, cause);
  const system = systemFailureOf(vendor);
  const status = statusOf(vendor, system === undefined ? words.status : undefined);
  const evidence = { vendor, words, headers: headersOf(vendor), status, system };
  const code = codeOfFailure(evidence);
  const details = {
    model,
    retryable: isRetryable(evidence, code),
    progress: progressOf(error, evidence),
    ...detailsOf(evidence, runtime),
  };
  return new FlockError(code, sentenceOf(code, details, evidence, message), { details, cause });
}

/** What the framework itself failed with, also where a vendor's client has wrapped it in errors of its own. */
function ownError(error: unknown): FlockError | undefined {
  let inner = error;
  for (let depth = 0; depth < 5 && typeof inner === "object" && inner !== null; depth++) {
    if (isFlockError(inner)) return inner;
    inner = (inner as { readonly cause?: unknown }).cause;
  }
  return undefined;
}

function detailsOf(
  { headers, words, status, system }: Evidence,
  runtime: Named,
): Omit<ModelFailureDetails, "model" | "retryable"> {
  // A vendor's code is a word; one that looks like a token is not let through.
  const vendorCode = system?.code ?? words.codes.find((code) => redact(code, [], runtime) === code);
  const retryAfterMs = retryAfterOf(headers, words.body, runtime?.now()) ?? resetAfter(status, headers, runtime);
  const requestId = [...requestIdHeaders.map((name) => headers[name]), words.requestId].find(
    (id) => typeof id === "string" && /^[\w.:-]{1,128}$/.test(id) && hideKeys(id, runtime) === id,
  );
  return {
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(typeof requestId === "string" ? { requestId } : {}),
    ...(vendorCode === undefined ? {} : { vendorCode }),
  };
}

/** Who says no wait may say when the limit that was reached is full again. */
function resetAfter(status: number | undefined, headers: Readonly<Record<string, string>>, runtime: Named) {
  return status === 429 ? resetOfUsedUp(readRateHints(headers, runtime?.now())) : undefined;
}

const requestIdHeaders = ["x-request-id", "request-id", "x-amzn-requestid", "cf-ray"];

/** A status line counts most, unless it says "fine" over a body that says what is not. */
function statusOf(vendor: VendorError, meant: number | undefined): number | undefined {
  for (const status of [vendor.statusCode, vendor.status]) {
    if (typeof status === "number" && status >= 100 && status <= 599) return status < 300 ? (meant ?? status) : status;
  }
  return meant;
}

function headersOf(vendor: VendorError): Readonly<Record<string, string>> {
  const { responseHeaders } = vendor;
  if (typeof responseHeaders !== "object" || responseHeaders === null) return {};
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(responseHeaders)) {
    if (typeof value === "string") headers[name.toLowerCase()] = value;
  }
  return headers;
}

function keyMissing(model: string, message: string, cause: Error): FlockError<"model_key_missing"> {
  const variable = /\b[A-Z][A-Z\d_]{2,60}_(?:KEY|TOKEN)\b/.exec(message)?.[0] ?? keyVariableOf(model) ?? "its key";
  return new FlockError("model_key_missing", `${model} needs a key; set ${variable}`, {
    details: { model, variable },
    cause,
  });
}

/** Copies name, message and stack; nothing else of the original may be kept. */
function cleanCause(vendor: VendorError, message: string): Error {
  const cause = new Error(message);
  const name = typeof vendor.name === "string" && /^\w{1,64}$/.test(vendor.name) ? vendor.name : "Error";
  Object.defineProperty(cause, "name", { value: name, configurable: true });
  const { stack } = vendor;
  const frames = typeof stack === "string" ? stack.split("\n").filter((line) => /^\s{4}at /.test(line)) : [];
  cause.stack = [`${name}: ${message}`, ...frames].join("\n");
  return cause;
}
