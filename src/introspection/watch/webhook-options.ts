/** Where alerts are posted, and the check of what a person wrote. */

import {
  booleanOption,
  checkOptions,
  nonEmptyString,
  numberBetween,
  objectOption,
  optionError,
  wholeNumber,
} from "../../core/errors/options.ts";

const fewestSecretLength = 16;
const loopbackHosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A web address that is told of alerts. */
export interface WebhookOptions {
  /** An `https:` address; `http:` only on this machine. Secrets belong into `headers`, not here. */
  readonly url: string;
  /**
   * Signs each message, in the header `flock-signature: t=seconds,v1=hex`, which is fresh on each try, for up to a day in the
   * next process: pass over a `flock-delivery` that you know. At least 16 characters. @default not signed
   */
  readonly secret?: string;
  /** Sent with each message. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** How often a message is tried. @default 6 */
  readonly attempts?: number;
  /** How long one try may take. @default 10000 */
  readonly timeoutMs?: number;
  /** Messages that may wait; more are dropped and counted. @default 100 */
  readonly maxPending?: number;
  /** Allows `http:` to other machines, where anyone on the way can read. @default false */
  readonly allowHttp?: boolean;
}

/**
 * Checks where alerts are to be posted. No message repeats an address or a header, since both may hold a secret.
 *
 * @throws option_invalid
 */
export function checkWebhook(options: WebhookOptions): void {
  checkOptions("alert webhook", options, {
    url: nonEmptyString,
    secret: (value) =>
      typeof value === "string" && value.length >= fewestSecretLength
        ? undefined
        : `a string of at least ${fewestSecretLength} characters`,
    headers: objectOption,
    attempts: wholeNumber(1),
    timeoutMs: numberBetween(1, 600_000),
    maxPending: wholeNumber(1),
    allowHttp: booleanOption,
  });
  const wrong = problemOf(options.url, options.allowHttp === true);
  if (wrong !== undefined) throw optionError("alert webhook", "url", wrong, options.url);
  try {
    new Headers(options.headers);
  } catch {
    throw optionError("alert webhook", "headers", "names and values that HTTP allows", options.headers);
  }
}

function problemOf(url: unknown, allowHttp: boolean): string | undefined {
  const parsed = typeof url === "string" ? URL.parse(url) : null;
  if (parsed === null) return "an absolute https: address";
  if (parsed.username !== "" || parsed.password !== "") return 'an address without user and password; use "headers"';
  if (parsed.protocol === "https:") return undefined;
  if (parsed.protocol !== "http:") return "an https: address";
  if (allowHttp || loopbackHosts.has(parsed.hostname)) return undefined;
  return "an https: address; plain http: goes to this machine alone, unless allowHttp is true";
}
