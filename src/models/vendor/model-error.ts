/** Turns what a vendor's client throws into one typed error that names the way out and carries no secret. */

import { FlockError, type FlockErrorDetails, isFlockError } from "../../core/errors/errors.ts";
import { retryAfterOf } from "../../core/runtime/retry-after.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { vendors } from "../vendors.ts";
import { hideKeys, redact } from "./redact.ts";
import { read, readVendorWords, type VendorWords } from "./vendor-body.ts";
import { readVendorError, type VendorError } from "./vendor-error.ts";

/**
 * Makes the error of a failed model call: `model_failed`, or `model_key_missing` when the vendor's client found no key. A
 * FlockError comes back as it is. The cause is a cleaned copy: the original holds headers and the request body. Where there
 * is no status line, as in a stream, the status is what the vendor's words mean: `overloaded_error` is 529.
 *
 * @param model the model's name, as in `openai/gpt-5-mini`.
 * @param runtime gives the values of key variables, so that they can be taken out, and the time for dates in headers.
 */
export function modelError(error: unknown, model: string, runtime?: Pick<Runtime, "variable" | "now">): FlockError {
  const own = ownError(error);
  if (own !== undefined) return own;
  const vendor = readVendorError(error);
  const words = readVendorWords(vendor);
  const message = redact(words.message ?? "no message", [model], runtime);
  const cause = cleanCause(vendor, message);
  if (vendor.name === "AI_LoadAPIKeyError") return keyMissing(model, message, cause);
  const details = detailsOf(vendor, words, model, runtime);
  return new FlockError("model_failed", sentenceOf(vendor, words, details, message), { details, cause });
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
  vendor: VendorError,
  words: VendorWords,
  model: string,
  runtime: Pick<Runtime, "variable" | "now"> | undefined,
): FlockErrorDetails["model_failed"] {
  const network = networkCode(vendor);
  const headers = headersOf(vendor);
  const status = statusOf(vendor, network === undefined ? words.status : undefined);
  // A vendor's code is a word; one that looks like a token is not let through.
  const vendorCode = network ?? words.codes.find((code) => redact(code, [], runtime) === code);
  const retryAfterMs = retryAfterOf(headers, words.body, runtime?.now());
  const requestId = [...requestIdHeaders.map((name) => headers[name]), words.requestId].find(
    (id) => typeof id === "string" && /^[\w.:-]{1,128}$/.test(id) && hideKeys(id, runtime) === id,
  );
  return {
    model,
    ...(status === undefined ? {} : { status }),
    retryable: isRetryable(vendor, words, status, network, headers),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(typeof requestId === "string" ? { requestId } : {}),
    ...(vendorCode === undefined ? {} : { vendorCode }),
  };
}

const requestIdHeaders = ["x-request-id", "request-id", "x-amzn-requestid", "cf-ray"];

/** A status line counts most, unless it says "fine" over a body that says what is not. */
function statusOf(vendor: VendorError, meant: number | undefined): number | undefined {
  for (const status of [vendor.statusCode, vendor.status]) {
    if (typeof status === "number" && status >= 100 && status <= 599) return status < 300 ? (meant ?? status) : status;
  }
  return meant;
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
  words: VendorWords,
  status: number | undefined,
  network: string | undefined,
  headers: Readonly<Record<string, string>>,
): boolean {
  if (words.codes.some((code) => finalCodes.has(code)) || isDailyQuota(words.body)) return false;
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
  return passing.test(words.codes[0] ?? "") || passing.test(words.message ?? "");
}

/** Google asks to wait seconds also when the day's quota is used up. */
function isDailyQuota(body: unknown): boolean {
  const details = read(body, "error", "details") ?? read(body, "details");
  return Array.isArray(details) && details.slice(0, 20).some(namesDay);
}

function namesDay(detail: unknown): boolean {
  const violations = read(detail, "violations");
  if (!Array.isArray(violations)) return false;
  return violations.slice(0, 20).some((violation) => {
    const quota = read(violation, "quotaId");
    return typeof quota === "string" && quota.includes("PerDay");
  });
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

function headersOf(vendor: VendorError): Readonly<Record<string, string>> {
  const { responseHeaders } = vendor;
  if (typeof responseHeaders !== "object" || responseHeaders === null) return {};
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(responseHeaders)) {
    if (typeof value === "string") headers[name.toLowerCase()] = value;
  }
  return headers;
}

function sentenceOf(
  vendor: VendorError,
  words: VendorWords,
  details: FlockErrorDetails["model_failed"],
  message: string,
): string {
  const { model, status, vendorCode } = details;
  const said = `: ${message}`;
  if (status === undefined) {
    const network = networkCode(vendor);
    if (network === undefined) return `${model} failed${said}`;
    const host = hostOf(vendor.url);
    const hint = isOllama(model)
      ? "start it with `ollama serve`, or set OLLAMA_BASE_URL"
      : "check the address and the network";
    return `${model} could not be reached${host} (${network}); ${hint}`;
  }
  if (status < 300) return `${model} answered with something that could not be read (status ${status})${said}`;
  const begin = `${model} answered with status ${status}${vendorCode === undefined ? "" : ` (${vendorCode})`}`;
  return `${begin}${hintOf(status, model, words)}${said}`;
}

function hintOf(status: number, model: string, words: VendorWords): string {
  const variable = keyVariableOf(model);
  const key = variable === undefined ? "the key it was created with" : variable;
  const codes = words.codes.join(" ");
  if (status < 400) return "; redirects are not followed, so that the key stays here: set the address it leads to";
  // Google answers 400 to a key it does not know.
  if (status === 401 || isKeyRefused(words.body)) return `; check ${key}`;
  if (status === 403) return `; check that ${key} may use this model`;
  if (status === 404 && isOllama(model)) return `; get it with \`ollama pull ${model.slice(model.indexOf("/") + 1)}\``;
  if (status === 404) return "; check the model's name and the base address";
  if (status === 413 || /context_length/.test(codes)) return "; send less, or use a model with a longer context";
  if (/insufficient_quota|billing/.test(codes)) return "; the account's credit is used up";
  if (status === 429 && isDailyQuota(words.body)) return "; the day's quota is used up";
  if (status === 429) return "; slow down, or raise the limit with the vendor";
  return "";
}

function isKeyRefused(body: unknown): boolean {
  const details = read(body, "error", "details");
  return Array.isArray(details) && details.slice(0, 20).some((detail) => read(detail, "reason") === "API_KEY_INVALID");
}

/** Gives the variable that holds the key for a model's name, such as `openai.responses/gpt-5` or `openai/gpt-5`. */
function keyVariableOf(model: string): string | undefined {
  const name = /^[^./]*/.exec(model)![0];
  if (name === "openai-compatible") return "OPENAI_COMPATIBLE_API_KEY";
  return vendors.find((vendor) => vendor.name === name)?.keyVariable;
}

function isOllama(model: string): boolean {
  return /^ollama[./]/.test(model);
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
  const { stack } = vendor;
  const frames = typeof stack === "string" ? stack.split("\n").filter((line) => /^\s{4}at /.test(line)) : [];
  cause.stack = [`${name}: ${message}`, ...frames].join("\n");
  return cause;
}
