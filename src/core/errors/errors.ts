/** The one error of the framework: a code, typed details, a cause and a place. */

/** One thing wrong with a value: where (JSON pointer), what was expected, what came. */
export interface ValueIssue {
  /** RFC 6901 JSON pointer to the value, `""` for the root. */
  readonly pointer: string;
  /** A sentence for people. */
  readonly message: string;
  /** The type or rule that was expected, as written in the signature. */
  readonly expected?: string;
  /** A short description of what came (its type, never its full content). */
  readonly received?: string;
}

/** A place in a source text. Line and column count from 1, offset from 0. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** A remark left on the way by `context.addBreadcrumb`, for the story of a failure. */
export interface Breadcrumb {
  readonly path: string;
  readonly message: string;
  /** Plain JSON. */
  readonly data?: unknown;
  /** Milliseconds since 1970 UTC. */
  readonly time: number;
}

/**
 * How far a request had come when its call failed: `not-sent` (nothing left: no address, no connection, no trust), `sent`
 * (it may have been worked on), `answering` (parts of the answer came). Only `not-sent` proves that nothing was done or paid.
 */
export type FailureProgress = "not-sent" | "sent" | "answering";

/** What is known of a failed call of a model, for every {@link ModelFailureCode}. */
export interface ModelFailureDetails {
  readonly model: string;
  /** The HTTP status; where there was no status line, as in a stream, what the vendor's words mean. */
  readonly status?: number;
  /** The same request may well succeed a little later. */
  readonly retryable: boolean;
  /** The wait the vendor asked for, at most a day. */
  readonly retryAfterMs?: number;
  readonly requestId?: string;
  /** The vendor's or the system's own word, such as `rate_limit_error` or `ECONNRESET`. */
  readonly vendorCode?: string;
  /** Absent where nothing is known. */
  readonly progress?: FailureProgress;
}

/** The codes of a model's call that failed; all of them carry {@link ModelFailureDetails}. */
export type ModelFailureCode =
  | "rate_limited"
  | "quota_exhausted"
  | "overloaded"
  | "model_unreachable"
  | "model_unauthorized"
  | "context_too_long"
  | "content_blocked"
  | "model_request_invalid"
  | "model_failed";

/** One attempt of a call that failed, for the story of an error that was tried against. */
export interface FailedAttempt {
  /** Counts from 1. */
  readonly attempt: number;
  readonly path: string;
  /** What was called. */
  readonly name: string;
  readonly code: string;
  readonly message: string;
  /** When it began, in milliseconds since 1970 UTC. */
  readonly atMs?: number;
  readonly durationMs: number;
  /** How long was waited before it. */
  readonly waitedMs: number;
}

/** The details each code carries. Extend it by declaration merging to add your own codes. */
export interface FlockErrorDetails {
  /** A signature string could not be read. */
  signature_invalid: {
    readonly position: SourcePosition;
    readonly source: string;
    readonly expected: string;
    readonly found: string;
    readonly suggestion?: string;
  };
  /** A name was registered twice, or a registered schema cannot be used. */
  type_invalid: {
    readonly name: string;
    readonly reason: string;
    /** JSON pointer to the place in a JSON Schema that cannot be used. */
    readonly pointer?: string;
    readonly suggestion?: string;
  };
  /** The value given to a runnable does not fit its input. */
  input_invalid: { readonly pointer: string; readonly issues: readonly ValueIssue[] };
  /** The answer does not fit the output, also after asking again. */
  output_invalid: { readonly pointer: string; readonly issues: readonly ValueIssue[]; readonly attempts?: number };
  /** Model text is not a value that could be read. */
  output_unreadable: { readonly pointer: string; readonly position?: SourcePosition; readonly reason: string };
  /** An option of a constructor or call is unknown or has a wrong value. */
  option_invalid: {
    readonly option: string;
    readonly expected: string;
    readonly received: string;
    readonly suggestion?: string;
  };
  /** No model was named where one must be. */
  model_not_configured: { readonly agent?: string };
  /** A model string names no vendor that is known. */
  model_unknown: { readonly model: string; readonly suggestion?: string };
  /** The vendor's package is not installed. */
  model_package_missing: { readonly model: string; readonly package: string; readonly install: string };
  /** The environment variable that holds the vendor's key is not set. The value never appears. */
  model_key_missing: { readonly model: string; readonly variable: string };
  /** Too many requests or tokens in too short a time; it passes. */
  rate_limited: ModelFailureDetails;
  /** The account's credit, or the quota of a day or more, is used up; waiting does not help soon. */
  quota_exhausted: ModelFailureDetails;
  /** The vendor has no capacity now, whoever asks; it passes. */
  overloaded: ModelFailureDetails;
  /** The connection failed: no address, refused, reset, timed out; final when its certificate is not trusted. */
  model_unreachable: ModelFailureDetails;
  /** The key was refused, or may not use this model. */
  model_unauthorized: ModelFailureDetails;
  /** The request is longer than the model or its vendor takes. */
  context_too_long: ModelFailureDetails;
  /** The vendor's rules on content forbid the request or its answer. */
  content_blocked: ModelFailureDetails;
  /** The vendor does not take the request as it is: a wrong setting, model name or address. */
  model_request_invalid: ModelFailureDetails;
  /** The vendor failed by itself, or its answer was damaged on the way. */
  model_failed: ModelFailureDetails;
  /** The model stopped before the answer was complete, or refused. */
  model_stopped: { readonly model: string; readonly reason: string };
  /** The model asked for a tool that was not declared. */
  tool_unknown: { readonly tool: string; readonly available: readonly string[]; readonly suggestion?: string };
  /** A tool threw. */
  tool_failed: { readonly tool: string };
  /** A tool needs approval and did not get it. */
  tool_not_approved: { readonly tool: string };
  /** The agent used up its steps without an answer. */
  steps_exhausted: { readonly agent: string; readonly maxSteps: number };
  /** Fields of a pattern do not connect. */
  pattern_invalid: { readonly pattern: string; readonly field?: string; readonly agent?: string };
  /** The offline engine found no evidence for a required field and invents nothing. */
  no_evidence: { readonly field: string };
  /** A time limit passed. */
  timeout: {
    readonly limit: "deadline" | "attempt" | "first-token" | "between-tokens" | "handler";
    readonly timeoutMs: number;
    readonly name: string;
  };
  /** Calls of this key failed too often; none goes out until it is tried again. */
  circuit_open: { readonly key: string; readonly retryInMs: number; readonly failures: number };
  /** A limit can never give what is asked, or did not within `waitedMs`. Money is in dollars. */
  limit_exceeded: {
    readonly limit: string;
    readonly manager: string;
    readonly capacity: number;
    readonly used: number;
    readonly asked: number;
    readonly owner: string;
    /** Milliseconds until time alone makes room; absent when only a release can. */
    readonly freesUpInMs?: number;
    /** How long it was waited for; absent when it was refused at once. */
    readonly waitedMs?: number;
  };
  /** A cost budget has not enough left, whatever comes back of what is reserved. */
  budget_exceeded: {
    readonly budget: string;
    readonly manager: string;
    readonly limitMicroUsd: number;
    readonly spentMicroUsd: number;
    readonly reservedMicroUsd: number;
    readonly askedMicroUsd: number;
    readonly owner: string;
  };
  /** A model whose price is not known was called where dollars are limited. */
  price_unknown: { readonly model: string };
  /** Too many wait already; `shed` says that it waited and had to make place for a higher priority. */
  queue_full: {
    readonly manager: string;
    readonly limit: number;
    readonly queued: number;
    readonly owner: string;
    readonly shed: boolean;
  };
  /** A lease was released or settled a second time, or is none of ours. */
  lease_invalid: { readonly reason: "released" | "settled" | "foreign"; readonly owner?: string };
  /** Waiting would never end: everyone who holds the limit waits for whoever asks. */
  deadlock: {
    readonly limit: string;
    readonly manager: string;
    readonly owner: string;
    readonly holders: readonly { readonly owner: string; readonly limit: string; readonly ageMs: number }[];
  };
  /** The run or its owner was stopped or closed. */
  cancelled: { readonly reason: string };
  /** A folder or file cannot be used as documents. */
  documents_unavailable: { readonly path: string; readonly reason: string };
  /** A path leads outside the folder it must stay in. */
  path_forbidden: { readonly path: string };
  /** A store holds vectors of another model or dimension. */
  store_mismatch: { readonly expected: string; readonly received: string };
  /** A store on disk or on a server could not be reached, read or written. */
  store_failed: { readonly store: string; readonly operation: string; readonly reason: string };
  /** A line of exported runs is no run's record. */
  history_invalid: {
    /** Counted from 1. */
    readonly line: number;
    /** JSON pointer of the field within the line, empty for the line itself. */
    readonly pointer: string;
    readonly expected: string;
    readonly received: string;
  };
  /** A cached computation waits for its own result, itself or through another key. */
  cache_cycle: { readonly key: string; readonly through: string };
  /** An optional package is needed and not installed. */
  package_missing: { readonly package: string; readonly install: string; readonly purpose: string };
  /** A provider could not start. */
  provider_failed: { readonly provider: string };
  /** A template, pattern or type of this name is not registered, or already is. */
  name_invalid: { readonly name: string; readonly registry: string; readonly suggestion?: string };
  /** A knob refused a value, or does not exist. */
  knob_invalid: { readonly knob: string; readonly reason: string };
  /** A recovery strategy used up its attempts; `cause` is what failed, `attempts` what was tried. */
  recovery_failed: { readonly strategy: string };
  /** A promise of the framework itself was broken. Please report it. */
  internal: { readonly reason: string };
}

/** Every code a FlockError can have. */
export type FlockErrorCode = keyof FlockErrorDetails;

/** What may be said beside code and message. */
export interface FlockErrorOptions<Code extends FlockErrorCode> {
  readonly details: FlockErrorDetails[Code];
  /** The error underneath, kept as it came. */
  readonly cause?: unknown;
  /** The call path the error happened at, such as `researcher#0/model#0`. */
  readonly path?: string;
}

const brand = Symbol.for("flock-ts.error");
const noAttempts: readonly FailedAttempt[] = Object.freeze([]);

/**
 * An error with a code to branch on, typed details, and a message that says what was expected, what came, where, and
 * what to do. Messages and details never carry keys, headers or credentials.
 */
export class FlockError<Code extends FlockErrorCode = FlockErrorCode> extends Error {
  override readonly name = "FlockError";
  readonly code: Code;
  readonly details: FlockErrorDetails[Code];
  /** The call path the error happened at; the door fills it in when it is missing. */
  path: string | undefined;
  /** The remarks of the run up to the error, oldest first; none when nothing left any. */
  breadcrumbs: readonly Breadcrumb[] = [];
  /** The failed attempts of the call that ended with it, oldest first; none when it was not tried again. */
  declare attempts: readonly FailedAttempt[];

  constructor(code: Code, message: string, options: FlockErrorOptions<Code>) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.path = options.path;
    Object.defineProperties(this, {
      [brand]: { value: true },
      attempts: { value: noAttempts, writable: true, configurable: true },
    });
  }

  /**
   * Tells whether the same call may well succeed a little later, by code and details alone: `details.retryable` where
   * there is one; a `timeout` unless it was the deadline; `circuit_open`. Nothing else.
   */
  get retryable(): boolean {
    const { limit, retryable } = this.details as { readonly limit?: unknown; readonly retryable?: unknown };
    return this.code === "timeout" ? limit !== "deadline" : retryable === true || this.code === "circuit_open";
  }

  /** Gives the error as plain data, without stack, breadcrumbs or cause. */
  toJSON(): FlockErrorJson<Code> {
    const { code, message, details, path, retryable, attempts } = this;
    return { code, message, details, path, retryable, ...(attempts.length > 0 && { attempts }) };
  }
}

/** A {@link FlockError} as plain data. */
export interface FlockErrorJson<Code extends FlockErrorCode = FlockErrorCode> {
  readonly code: Code;
  readonly message: string;
  readonly details: FlockErrorDetails[Code];
  readonly path: string | undefined;
  readonly retryable: boolean;
  /** Absent when it was not tried again. */
  readonly attempts?: readonly FailedAttempt[];
}

/**
 * Tells whether a value is a {@link FlockError}, of one code when it is named. Works across two installed copies of the
 * package, where `instanceof` does not.
 */
export function isFlockError<Code extends FlockErrorCode = FlockErrorCode>(
  value: unknown,
  code?: Code,
): value is FlockError<Code> {
  if (typeof value !== "object" || value === null) return false;
  try {
    return brand in value && (code === undefined || (value as unknown as FlockError).code === code);
  } catch {
    // A trap for whoever looks at it is none.
    return false;
  }
}

/** Gives the details of a model's call that failed, whichever {@link ModelFailureCode} it has; undefined for all else. */
export function modelFailureOf(error: unknown): ModelFailureDetails | undefined {
  return isFlockError<ModelFailureCode>(error) && modelFailures.test(error.code) ? error.details : undefined;
}

const modelFailures =
  /^(?:rate_limited|quota_exhausted|overloaded|context_too_long|content_blocked|model_(?:unreachable|unauthorized|request_invalid|failed))$/;

/**
 * Gives an error's code for events and metrics: a FlockError's code, an abort as `cancelled`, else `unknown`. Whatever was
 * thrown may be a trap for whoever reads it; that is `unknown` too.
 */
export function codeOf(error: unknown): string {
  if (isFlockError(error)) return error.code;
  try {
    const isAbort = typeof error === "object" && (error as { name?: unknown } | null)?.name === "AbortError";
    return isAbort ? "cancelled" : "unknown";
  } catch {
    return "unknown";
  }
}
