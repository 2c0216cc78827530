/** Reads what a vendor's client threw, whichever version made it, past what clients get wrong. */

/** What is looked at in an error of an AI SDK vendor. */
export interface VendorError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly stack?: unknown;
  readonly url?: unknown;
  readonly statusCode?: unknown;
  readonly status?: unknown;
  readonly responseHeaders?: unknown;
  readonly responseBody?: unknown;
  readonly isRetryable?: unknown;
  readonly data?: unknown;
  readonly type?: unknown;
  readonly error?: unknown;
}

/**
 * Gives an error as it should have been: an error object that came where the answer belongs (status 200) is that error,
 * without that status; an answer that could not be read says so, and does not quote the answer.
 */
export function readVendorError(error: unknown): VendorError {
  if (typeof error !== "object" || error === null) return { message: String(error) };
  const vendor = error as VendorError;
  return errorInAnswer(vendor) ?? unreadable(vendor) ?? vendor;
}

/** Longer bodies are no error objects. */
const longestErrorBody = 64 * 1024;

function errorInAnswer(vendor: VendorError): VendorError | undefined {
  const { statusCode, responseBody, responseHeaders, url, stack } = vendor;
  // OpenAI's client gives such errors status 400; there the body it kept is data, else text.
  const isAnswer = typeof responseBody === "object" || (typeof statusCode === "number" && statusCode < 300);
  const found = isAnswer ? (dataIn(responseBody) as { error?: unknown } | null | undefined)?.error : undefined;
  if (typeof found !== "object" || found === null) return undefined;
  const { message } = found as { message?: unknown };
  return { name: "Error", message, error: found, responseHeaders, url, stack };
}

function dataIn(body: unknown): unknown {
  if (typeof body !== "string" || body.length > longestErrorBody) return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Names of errors whose message quotes the piece of the answer that is wrong. */
const quoting = /^AI_(?:JSONParseError|TypeValidationError)$/;
/** What Anthropic's client throws when the first piece of a stream is such an error. */
const lostPiece = "Expected a normalized Anthropic stream error";

function unreadable(vendor: VendorError): VendorError | undefined {
  const { name, message, stack } = vendor;
  if (message === lostPiece) return { name: "AI_JSONParseError", message: unreadableMessage, stack };
  if (typeof name !== "string" || !quoting.test(name)) return undefined;
  return { name, message: unreadableMessage, stack };
}

const unreadableMessage = "a piece of its answer was damaged, or is of no kind that its client knows";
