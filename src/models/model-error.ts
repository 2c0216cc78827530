/** Turns what a vendor's client throws into one typed error that names the way out and carries no secret. */

import { FlockError, type FlockErrorDetails, isFlockError } from "../core/errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { redact } from "./redact.ts";
import { retryAfterOf } from "./retry-after.ts";
import { keyVariableOf } from "./vendors.ts";

/** What is read from an error of an AI SDK vendor, whichever version made it. */
interface VendorError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly url?: unknown;
  readonly statusCode?: unknown;
  readonly status?: unknown;
  readonly responseHeaders?: unknown;
  readonly isRetryable?: unknown;
  readonly data?: unknown;
  readonly type?: unknown;
  readonly error?: unknown;
}

/**
 * Makes the error of a failed model call: `model_failed`, or `model_key_missing` when the vendor's client found no key. A
 * FlockError comes back as it is. The cause is a cleaned copy: the original holds headers and the request body.
 *
 * @param model the model's name, as in `openai/gpt-5-mini`.
 * @param runtime gives the values of key variables, so that they can be taken out, and the time for dates in headers.
 */
export function modelError(error: unknown, model: string, runtime?: Pick<Runtime, "variable" | "now">): FlockError {
  const own = ownError(error);
  if (own !== undefined) return own;
  const vendor = asVendorError(error);
  const message = redact(messageOf(vendor, error), [model], runtime);
  const cause = cleanCause(vendor, message);
  if (vendor.name === "AI_LoadAPIKeyError") return keyMissing(model, message, cause);
  const details = detailsOf(vendor, model, runtime);
  return new FlockError("model_failed", sentenceOf(vendor, details, message), { details, cause });
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

function asVendorError(error: unknown): VendorError {
  if (typeof error !== "object" || error === null) return { message: String(error) };
  return error as VendorError;
}

function messageOf(vendor: VendorError, error: unknown): string {
  for (const candidate of [vendor.message, read(vendor.error, "message"), read(vendor.data, "error", "message")]) {
    if (typeof candidate === "string" && candidate !== "") return candidate;
  }
  return typeof error === "string" ? error : "no message";
}

function detailsOf(
  vendor: VendorError,
  model: string,
  runtime: Pick<Runtime, "variable" | "now"> | undefined,
): FlockErrorDetails["model_failed"] {
  const status = statusOf(vendor);
  const network = networkCode(vendor);
  const headers = headersOf(vendor);
  const vendorCode = network ?? codeInBody(vendor, runtime);
  const retryAfterMs = retryAfterOf(headers, vendor.data, runtime?.now());
  const requestId = ["x-request-id", "request-id", "x-amzn-requestid", "cf-ray"]
    .map((name) => headers[name])
    .find((id) => id !== undefined && /^[\w.:-]{1,128}$/.test(id));
  return {
    model,
    ...(status === undefined ? {} : { status }),
    retryable: isRetryable(vendor, status, vendorCode, network, headers),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(vendorCode === undefined ? {} : { vendorCode }),
  };
}

function statusOf(vendor: VendorError): number | undefined {
  for (const status of [vendor.statusCode, vendor.status]) {
    if (typeof status === "number" && status >= 100 && status <= 599) return status;
  }
  return undefined;
}

/** Client errors that no repetition heals, told apart from a passing 429. */
const finalCodes = new Set([
  "insufficient_quota",
  "billing_hard_limit_reached",
  "billing_error",
  "account_deactivated",
]);
/** Errors of a vendor's client that say "the answer was damaged on its way"; another try may come through whole. */
const damaged =
  /^AI_(?:InvalidResponseDataError|JSONParseError|TypeValidationError|EmptyResponseBodyError|NoContentGeneratedError)$/;
/** Words of errors without status or code that pass by themselves: stream error parts, clients without typed errors. */
const passing =
  /overloaded|rate.?limit|server_error|unavailable|time[d ]?-?out|api_error|internal_|connection|socket|network|temporar/i;

function isRetryable(
  vendor: VendorError,
  status: number | undefined,
  vendorCode: string | undefined,
  network: string | undefined,
  headers: Readonly<Record<string, string>>,
): boolean {
  if (vendorCode !== undefined && finalCodes.has(vendorCode)) return false;
  if (headers["x-should-retry"] === "true") return true;
  if (headers["x-should-retry"] === "false") return false;
  if (network !== undefined) return !/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_|ERR_INVALID_URL/.test(network);
  if (status !== undefined) {
    // An answer that says "fine" and cannot be read was damaged on its way.
    return status < 300 || status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
  }
  if (typeof vendor.isRetryable === "boolean" && vendor.isRetryable) return true;
  const name = typeof vendor.name === "string" ? vendor.name : "";
  if (damaged.test(name)) return true;
  if (/^(?:AI_\w+|TypeError|ReferenceError|RangeError)$/.test(name)) return false;
  return passing.test(vendorCode ?? "") || (typeof vendor.message === "string" && passing.test(vendor.message));
}

/** Finds the system's code of a connection that failed, through all causes. */
function networkCode(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth++) {
    const { code, cause, errors } = current as { code?: unknown; cause?: unknown; errors?: unknown };
    if (typeof code === "string" && systemCode.test(code)) return code;
    current = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  const message = (error as { message?: unknown } | null)?.message;
  if (typeof message !== "string") return undefined;
  return /^(?:fetch failed|failed to fetch|terminated|socket hang up|network error)$/i.test(message)
    ? "NETWORK"
    : undefined;
}

const systemCode =
  /^(?:E[A-Z]{2,}(?:_[A-Z]+)?|UND_ERR_\w+|ERR_(?:TLS|SSL|INVALID_URL|SOCKET|STREAM)\w*|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/;

function codeInBody(vendor: VendorError, runtime: Pick<Runtime, "variable"> | undefined): string | undefined {
  const bodies = [read(vendor.data, "error"), vendor.error, vendor.data, vendor];
  for (const body of bodies) {
    for (const key of ["code", "type", "status"]) {
      const code = read(body, key);
      if (typeof code !== "string" || code === "error" || !/^[A-Za-z][\w.-]{1,63}$/.test(code)) continue;
      // A vendor's code is a word; one that looks like a token is not let through.
      if (redact(code, [], runtime) === code) return code;
    }
  }
  return undefined;
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

function read(value: unknown, ...keys: readonly string[]): unknown {
  let current = value;
  for (const key of keys) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

function sentenceOf(vendor: VendorError, details: FlockErrorDetails["model_failed"], message: string): string {
  const { model, status, vendorCode } = details;
  const said = `: ${message}`;
  if (status === undefined) {
    const network = networkCode(vendor);
    if (network === undefined) return `${model} failed${said}`;
    const host = hostOf(vendor.url);
    const hint = model.startsWith("ollama/")
      ? "start it with `ollama serve`, or set OLLAMA_BASE_URL"
      : "check the address and the network";
    return `${model} could not be reached${host} (${network}); ${hint}`;
  }
  if (status < 300) return `${model} answered with something that could not be read (status ${status})${said}`;
  const begin = `${model} answered with status ${status}${vendorCode === undefined ? "" : ` (${vendorCode})`}`;
  return `${begin}${hintOf(status, model)}${said}`;
}

function hintOf(status: number, model: string): string {
  const variable = keyVariableOf(model);
  const key = variable === undefined ? "the key it was created with" : variable;
  if (status === 401) return `; check ${key}`;
  if (status === 403) return `; check that ${key} may use this model`;
  if (status === 404) return "; check the model's name and the base address";
  if (status === 429) return "; slow down, or raise the limit with the vendor";
  return "";
}

function hostOf(url: unknown): string {
  if (typeof url !== "string" || !URL.canParse(url)) return "";
  return ` at ${new URL(url).host}`;
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
  const stack = (vendor as { stack?: unknown }).stack;
  const frames = typeof stack === "string" ? stack.split("\n").filter((line) => /^\s{4}at /.test(line)) : [];
  cause.stack = [`${name}: ${message}`, ...frames].join("\n");
  return cause;
}
