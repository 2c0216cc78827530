/** Knows what the codes of Node, its sockets, its TLS and its fetch mean, wherever in an error they stand. */

import type { FailureProgress } from "../errors/errors.ts";

/** What failed below an application: the way to the other side, its certificate, the bytes it sent, or this machine. */
export type SystemFailureKind = "network" | "certificate" | "damage" | "system";

/** A failure that Node's own code names. */
export interface SystemFailure {
  /** Node's code, such as `ECONNRESET`; `NETWORK` where fetch says no more than that it failed. */
  readonly code: string;
  readonly kind: SystemFailureKind;
  /** It passes by itself. */
  readonly retryable: boolean;
  readonly progress: FailureProgress;
}

/** Causes deeper than this are not looked at. */
const deepest = 8;

/** Finds the system's failure in an error or its causes, the outermost first. Anything may be given; nothing is thrown. */
export function systemFailureOf(error: unknown): SystemFailure | undefined {
  let current = error;
  for (let depth = 0; depth < deepest && isObject(current); depth++) {
    const found = failureIn(current);
    if (found !== undefined) return found;
    current = peek(current, "cause") ?? peek(peek(current, "errors"), "0");
  }
  const words = peek(error, "message");
  if (typeof words !== "string" || !withoutCode.test(words)) return undefined;
  return { code: "NETWORK", kind: "network", retryable: true, progress: words === "terminated" ? "answering" : "sent" };
}

/** Reads a property of anything; one that cannot be read is not there. */
export function peek(value: unknown, key: string): unknown {
  if (!isObject(value)) return undefined;
  try {
    return (value as Readonly<Record<string, unknown>>)[key];
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function failureIn(error: object): SystemFailure | undefined {
  const code = namedByWords(error) ?? peek(error, "code");
  if (typeof code !== "string" || code.length > 64) return undefined;
  const meaning = meanings.find(([pattern]) => pattern.test(code));
  if (meaning === undefined) return undefined;
  const [, kind, retryable, progress] = meaning;
  return { code, kind, retryable, progress: isConnecting(error) ? "not-sent" : progress };
}

/** Some errors of fetch have no code: its parser's, and those of an address it does not take. */
function namedByWords(error: object): string | undefined {
  if (peek(error, "name") === "HTTPParserError") return "HTTP_PARSER";
  const words = peek(error, "message");
  return words === "unknown scheme" || words === "bad port" ? "ERR_INVALID_URL" : undefined;
}

/** Nothing leaves before the connection stands, and TLS is a part of it. */
function isConnecting(error: object): boolean {
  if (peek(peek(peek(error, "errors"), "0") ?? error, "syscall") === "connect") return true;
  const words = peek(error, "message");
  return typeof words === "string" && words.includes("before secure TLS connection was established");
}

/** What fetch says where it gives no code. */
const withoutCode = /^(?:fetch failed|failed to fetch|terminated|socket hang up|network error)$/i;

/** The first that fits. Codes of OpenSSL name the reason they are for; all of a handshake are final. */
const meanings: readonly (readonly [RegExp, SystemFailureKind, retryable: boolean, FailureProgress])[] = [
  [
    /^(?:CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA$|INVALID_PURPOSE$|HOSTNAME_)/,
    "certificate",
    false,
    "not-sent",
  ],
  [/^ERR_TLS_CERT/, "certificate", false, "not-sent"],
  [/^(?:ERR_TLS_|ERR_SSL_|EPROTO$)/, "network", false, "not-sent"],
  [
    /^(?:ENOTFOUND|EAI_\w+|ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL)$/,
    "network",
    true,
    "not-sent",
  ],
  [/^UND_ERR_CONNECT_TIMEOUT$/, "network", true, "not-sent"],
  [/^(?:ERR_INVALID_URL|ERR_UNSUPPORTED_\w+|UND_ERR_INVALID_ARG|UND_ERR_NOT_SUPPORTED)$/, "network", false, "not-sent"],
  [/^(?:UND_ERR_ABORTED|UND_ERR_ABORT)$/, "network", false, "sent"],
  [/^UND_ERR_BODY_TIMEOUT$/, "network", true, "answering"],
  [/^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/, "damage", true, "answering"],
  [/^(?:HTTP_PARSER|HPE_\w+|UND_ERR_HEADERS_OVERFLOW)$/, "damage", true, "sent"],
  [/^(?:Z_\w+|ERR__ERROR_\w+|ERR_BROTLI\w*|ERR_ZSTD\w*|ERR_ENCODING_INVALID\w*)$/, "damage", true, "answering"],
  [/^UND_ERR_\w+$/, "network", true, "sent"],
  [
    /^(?:ECONNRESET|ECONNABORTED|ETIMEDOUT|ESOCKETTIMEDOUT|EPIPE|ENOTCONN|ESHUTDOWN|ENETRESET)$/,
    "network",
    true,
    "sent",
  ],
  [/^(?:ERR_SOCKET_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_HTTP2_\w+)$/, "network", true, "sent"],
  [/^(?:EMFILE|ENFILE|EBUSY|EAGAIN|EINTR|ENOBUFS|ETXTBSY)$/, "system", true, "not-sent"],
  [
    /^(?:EACCES|EPERM|ENOENT|EEXIST|EISDIR|ENOTDIR|ENOTEMPTY|ENOSPC|EROFS|EINVAL|EBADF|ELOOP|ENAMETOOLONG|EFBIG|ENOMEM|EXDEV|EADDRINUSE|EDQUOT|EIO)$/,
    "system",
    false,
    "not-sent",
  ],
];
