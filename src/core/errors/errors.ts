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

/** One failed try of a call, as the error that ended it lists them. */
export interface FailedAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  readonly path: string;
  /** Of the runnable that was called. */
  readonly name: string;
  readonly code: string;
  readonly message: string;
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
  /** The model's vendor answered with an error, or could not be reached. */
  model_failed: {
    readonly model: string;
    readonly status?: number;
    readonly retryable: boolean;
    readonly retryAfterMs?: number;
    readonly requestId?: string;
    readonly vendorCode?: string;
  };
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
  timeout: { readonly limit: "deadline" | "attempt"; readonly timeoutMs: number; readonly name: string };
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
  /** The failed attempts of the call that ended with it, oldest first; none when there was one alone. */
  attempts: readonly FailedAttempt[] = [];

  constructor(code: Code, message: string, options: FlockErrorOptions<Code>) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.path = options.path;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Gives the error as plain data: code, message, details and path, without stack or cause. */
  toJSON(): { code: Code; message: string; details: FlockErrorDetails[Code]; path: string | undefined } {
    return { code: this.code, message: this.message, details: this.details, path: this.path };
  }
}

/**
 * Tells whether a value is a {@link FlockError}, of one code when it is named. Works across two installed copies of the
 * package, where `instanceof` does not.
 */
export function isFlockError<Code extends FlockErrorCode = FlockErrorCode>(
  value: unknown,
  code?: Code,
): value is FlockError<Code> {
  if (typeof value !== "object" || value === null || !(brand in value)) return false;
  return code === undefined || (value as unknown as FlockError).code === code;
}

/** Gives an error's code for events and metrics: a FlockError's code, an abort as `cancelled`, else `unknown`. */
export function codeOf(error: unknown): string {
  if (isFlockError(error)) return error.code;
  if (typeof error === "object" && error !== null && (error as { name?: unknown }).name === "AbortError") {
    return "cancelled";
  }
  return "unknown";
}
