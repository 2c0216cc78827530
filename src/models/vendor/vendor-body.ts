/** Reads what a vendor says went wrong, in any of the shapes vendors say it: a body, an error part of a stream, a client's error. */

/** A vendor's own words, not cleaned yet. */
export interface VendorWords {
  readonly message: string | undefined;
  /** Words such as `rate_limit_error`, the most telling one first. */
  readonly codes: readonly string[];
  /** A status that the words themselves give, as a number or by their meaning. */
  readonly status: number | undefined;
  /** The whole body as data, where there is one. */
  readonly body: unknown;
  readonly requestId: unknown;
}

/** A body longer than this is no error message. */
const longestBody = 65_536;
/** Words of the envelope, which say nothing of the error. */
const envelopes = new Set(["error", "response.failed", "response.incomplete", "object"]);

/** What the words for errors mean, of all vendors; the first that fits. A status line says it better where there is one. */
const meanings: readonly (readonly [RegExp, number])[] = [
  [/^overloaded_error$/, 529],
  [/overload|unavailable|capacity_exceeded|ModelNotReady/i, 503],
  [/rate.?limit|throttling|too_many_requests|resource_exhausted|insufficient_quota/i, 429],
  [/time_?out|deadline_exceeded/i, 504],
  [/^(?:server_error|api_error|internal|internal_error|internal_server_error)$/i, 500],
  [/authentication|api_key|unauthori[sz]ed|unauthenticated/i, 401],
  [/billing/i, 402],
  [/permission|forbidden/i, 403],
  [/not_found/i, 404],
  [/too_large/i, 413],
  [/invalid|bad_?request|context_(?:length|size|window)|content_(?:filter|policy)|failed_precondition/i, 400],
];

/** Reads a thrown value: an error of a vendor's client, or an error part of a stream as it came. */
export function readVendorWords(thrown: unknown): VendorWords {
  const sent = parsed(read(thrown, "responseBody"));
  const body = read(thrown, "data") ?? sent;
  const isError = thrown instanceof Error;
  const inside = [
    read(body, "response", "error"),
    read(body, "error"),
    read(thrown, "response", "error"),
    read(thrown, "error"),
    body,
    ...(isError ? [] : [thrown]),
  ].filter((part) => part !== undefined);
  const codes = inside.flatMap(codesIn);
  const own = isError ? codesIn(thrown) : [];
  const named = read(thrown, "responseHeaders", "x-amzn-errortype");
  // Amazon names the error in a header, with an address behind it.
  const header = typeof named === "string" ? codesIn({ code: named.replace(/:.*/s, "") }) : [];
  return {
    message: messageIn([...(isError && !isStatusText(thrown, sent) ? [thrown] : []), ...inside, thrown]),
    codes: [...codes, ...header, ...own],
    status: inside.map(numberIn).find((status) => status !== undefined) ?? statusMeantBy(codes),
    body,
    // What clients give as data is often less than what was sent.
    requestId: read(sent, "request_id") ?? read(body, "request_id"),
  };
}

/** Reads a property of a property, of anything. */
export function read(value: unknown, ...keys: readonly string[]): unknown {
  let current = value;
  for (const key of keys) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

function parsed(text: unknown): unknown {
  if (typeof text !== "string" || text.length > longestBody || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codesIn(part: unknown): readonly string[] {
  return ["code", "type", "status"].flatMap((key) => {
    const code = read(part, key);
    return typeof code === "string" && !envelopes.has(code) && /^[A-Za-z][\w.-]{1,63}$/.test(code) ? [code] : [];
  });
}

function numberIn(part: unknown): number | undefined {
  for (const key of ["code", "status", "status_code", "statusCode"]) {
    const said = read(part, key);
    const value = typeof said === "string" && /^\d{3}$/.test(said) ? Number(said) : said;
    if (typeof value === "number" && Number.isInteger(value) && value >= 400 && value <= 599) return value;
  }
  return undefined;
}

function statusMeantBy(codes: readonly string[]): number | undefined {
  for (const code of codes) {
    const meaning = meanings.find(([pattern]) => pattern.test(code));
    if (meaning !== undefined) return meaning[1];
  }
  return undefined;
}

/** Clients that cannot read a body say the status line instead, which is less than the body says. */
function isStatusText(error: Error, sent: unknown): boolean {
  return error.name === "AI_APICallError" && sent !== undefined && read(error, "data") === undefined;
}

function messageIn(parts: readonly unknown[]): string | undefined {
  for (const part of parts) {
    for (const said of [read(part, "message"), read(part, "detail")]) {
      if (typeof said === "string" && said.trim() !== "") return said;
    }
  }
  return undefined;
}
