/** Decides what kind of failure a vendor's words, status and Node's codes add up to, and whether it passes by itself. */

import type { FailureProgress, ModelFailureCode } from "../../core/errors/errors.ts";
import type { SystemFailure } from "../../core/runtime/system-failure.ts";
import { notedProgress } from "./progress-notes.ts";
import { read, type VendorWords } from "./vendor-body.ts";
import type { VendorError } from "./vendor-error.ts";

/** All that is known of a failed call. */
export interface Evidence {
  readonly vendor: VendorError;
  readonly words: VendorWords;
  /** With lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number | undefined;
  readonly system: SystemFailure | undefined;
}

/** Gives the code of a failure. What the words say goes before the status: 429 is also said of a credit that is used up. */
export function codeOfFailure(evidence: Evidence): ModelFailureCode {
  const { words, status, system } = evidence;
  const codes = words.codes.join(" ");
  // A vendor's rule is a sentence or two; what is behind that is of no rule.
  const message = (words.message ?? "").slice(0, 2_000);
  if (isQuotaUsedUp(words, status, codes, message)) return "quota_exhausted";
  if (system !== undefined)
    return system.kind === "network" || system.kind === "certificate" ? "model_unreachable" : "model_failed";
  if (status === 401 || keyRefused.test(codes) || isKeyRefused(words.body)) return "model_unauthorized";
  if (isTooLong(status, codes, message)) return "context_too_long";
  if (isBlocked(words, status, codes, message)) return "content_blocked";
  if (status === 403) return "model_unauthorized";
  if (status === undefined) return codeOfWords(evidence.vendor, codes, message);
  if (short.has(status) || shortCodes.test(codes) || (status >= 429 && shortWords.test(message))) return "overloaded";
  if (status === 429) return "rate_limited";
  return status < 300 || status >= 500 || passingStatus.has(status) ? "model_failed" : "model_request_invalid";
}

/** Tells whether the same request may well succeed later. The vendor's own word counts most, but for a used-up quota. */
export function isRetryable({ vendor, words, headers, status, system }: Evidence, code: ModelFailureCode): boolean {
  if (code === "quota_exhausted") return false;
  if (headers["x-should-retry"] === "true") return true;
  if (headers["x-should-retry"] === "false") return false;
  if (system !== undefined) return system.retryable;
  if (code === "rate_limited" || code === "overloaded" || code === "model_unreachable") return true;
  if (code !== "model_failed") return false;
  if (status !== undefined || vendor.isRetryable === true || damaged.test(nameOf(vendor))) return true;
  if (ownMistake.test(nameOf(vendor))) return false;
  return passing.test(words.codes[0] ?? "") || passing.test(words.message ?? "");
}

/** Tells how far the request had come: by what the wire noted, else by Node's code, else by what was answered. */
export function progressOf(error: unknown, { vendor, status, system }: Evidence): FailureProgress {
  const noted = notedProgress(error);
  if (noted !== undefined) return noted;
  const { statusCode } = vendor;
  if (typeof statusCode === "number" && statusCode >= 200 && statusCode < 300) return "answering";
  if (system !== undefined) return system.progress;
  const name = nameOf(vendor);
  if (damaged.test(name)) return "answering";
  return status === undefined && refusedByClient.test(name) ? "not-sent" : "sent";
}

/** Tells whether a day's quota is used up. Google asks to wait seconds also then. */
export function isDailyQuota(body: unknown): boolean {
  const details = read(body, "error", "details") ?? read(body, "details");
  return Array.isArray(details) && details.slice(0, 20).some(namesDay);
}

/** No credit, or a quota of a day or more. */
const quotaCodes =
  /\b(?:insufficient_(?:quota|balance|credits?|funds)|billing_\w+|enforced_spend_limit_reached|exceeded_current_quota\w*|ServiceQuotaExceededException)\b/i;
const quotaWords =
  /credit balance is too low|insufficient (?:account )?(?:balance|credits?|funds)|reached your specified .{0,20}usage limits|\bper-day\b/i;
const keyRefused =
  /\b(?:invalid_api_key|account_deactivated|authentication\w*|UNAUTHENTICATED|UnrecognizedClientException|ExpiredTokenException|IncompleteSignature)\b/;
/** Statuses under which vendors say that a request is too long; some, 413 of it all. */
const tooLongStatus = new Set([400, 422, undefined]);
const tooLongCodes =
  /context_(?:length|window)|exceed_context_size|request_too_large|string_(?:above_max_length|too_long)|token_limit_exceeded/i;
const tooLongWords =
  /maximum (?:context|prompt|input|sequence) length|context (?:length|window|size|limit)|prompt is too long|input is too long|input token count|too many (?:input |total )?(?:text )?(?:tokens|characters)|too large for model|reduce the length of|max_new_tokens.{0,20}must (?:be <=|not exceed)/i;
const blockedStatus = new Set([400, 403, 422, undefined]);
const blockedCodes = /content_(?:filter|policy)|ResponsibleAIPolicyViolation|moderation_blocked|guardrail/i;
const blockedWords =
  /content (?:management|filter(?:ing)?|usage) polic|content exists risk|(?:prompt|input|output|content|request|response)\b.{0,80}\b(?:was|were|been) flagged|(?:prompt|input|output)\b.{0,80}\busage polic/i;
/** No capacity; 498 is Groq's own. */
const short = new Set([498, 503, 529]);
const shortCodes = /overload|capacity_exceeded|ModelNotReady|(?:^| )unavailable/i;
const shortWords = /overloaded|over capacity|capacity exceeded|high demand|maximum pending requests/i;
/** Client errors that are not the request's fault: timeouts, conflicts, a generation that failed. */
const passingStatus = new Set([408, 409, 424, 425]);
/** Errors of a vendor's client that say "the answer was damaged on its way"; another try may come through whole. */
const damaged =
  /^AI_(?:InvalidResponseDataError|JSONParseError|TypeValidationError|EmptyResponseBodyError|NoContentGeneratedError)$/;
/** A client refuses a request before it goes out. */
const refusedByClient = /^AI_(?!APICallError$)\w+$/;
const ownMistake = /^(?:AI_\w+|TypeError|ReferenceError|RangeError|SyntaxError)$/;
/** Words of errors without status or code that pass by themselves: stream error parts, clients without typed errors. */
const passing =
  /overloaded|rate.?limit|server_error|unavailable|time[d ]?-?out|api_error|internal_|connection|socket|network|temporar/i;
const connectionWords = /connection|socket|network|connect to/i;

function codeOfWords(vendor: VendorError, codes: string, message: string): ModelFailureCode {
  const name = nameOf(vendor);
  if (damaged.test(name)) return "model_failed";
  if (refusedByClient.test(name)) return "model_request_invalid";
  // A status of no known class, such as 999.
  if (typeof vendor.statusCode === "number" || ownMistake.test(name.replace("AI_APICallError", "")))
    return "model_failed";
  if (/rate.?limit/i.test(`${codes} ${message}`)) return "rate_limited";
  if (shortWords.test(message) || /temporarily unavailable/i.test(message)) return "overloaded";
  return connectionWords.test(`${codes} ${message}`) ? "model_unreachable" : "model_failed";
}

function isQuotaUsedUp(words: VendorWords, status: number | undefined, codes: string, message: string): boolean {
  if (status === 402 || quotaCodes.test(codes) || isDailyQuota(words.body)) return true;
  return (status === 400 || status === 403 || status === 429) && quotaWords.test(message);
}

function isTooLong(status: number | undefined, codes: string, message: string): boolean {
  if (status === 413 || tooLongCodes.test(codes)) return true;
  // More tokens at once than a minute allows: no wait makes room for them.
  if (status === 429) return /^request too large/i.test(message);
  return tooLongStatus.has(status) && tooLongWords.test(message);
}

function isBlocked(words: VendorWords, status: number | undefined, codes: string, message: string): boolean {
  if (!blockedStatus.has(status)) return false;
  const inner = read(words.body, "error", "innererror", "code");
  // OpenRouter gives its moderation's reasons.
  const isFlagged = status === 403 && Array.isArray(read(words.body, "error", "metadata", "reasons"));
  return (
    isFlagged || blockedCodes.test(`${codes} ${typeof inner === "string" ? inner : ""}`) || blockedWords.test(message)
  );
}

/** Google answers 400 to a key it does not know. */
function isKeyRefused(body: unknown): boolean {
  const details = read(body, "error", "details");
  return Array.isArray(details) && details.slice(0, 20).some((detail) => read(detail, "reason") === "API_KEY_INVALID");
}

function namesDay(detail: unknown): boolean {
  const violations = read(detail, "violations");
  if (!Array.isArray(violations)) return false;
  return violations.slice(0, 20).some((violation) => {
    const quota = read(violation, "quotaId");
    return typeof quota === "string" && quota.includes("PerDay");
  });
}

function nameOf({ name }: VendorError): string {
  return typeof name === "string" ? name : "";
}
