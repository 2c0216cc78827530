/** Tells kinds of failures apart by what stays the same in them. Imported with the first failure: no healthy run needs it. */

import { codeOf } from "../errors/errors.ts";
import { digestOf } from "../json/canonical-key.ts";
import { maskMessage } from "./mask-message.ts";

/** What a failure looks like: the same text for the same kind of failure, and its message without what varies. */
export interface FailureDescription {
  readonly fingerprint: string;
  /** The message with ids, numbers, quoted text and the like masked; for people, in process. */
  readonly title: string;
}

const mostCauses = 4;
const known = new WeakMap<object, FailureDescription>();

/**
 * Gives the fingerprint and the title of an error. The fingerprint is a hash of the code, the class, the message without
 * what varies, the model or tool and the HTTP status where the details name them, and class and code of up to four
 * causes. An error is looked at once. Never throws, whatever was thrown.
 */
export function describeFailure(error: unknown): FailureDescription {
  const isObject = (typeof error === "object" && error !== null) || typeof error === "function";
  const before = isObject ? known.get(error) : undefined;
  if (before !== undefined) return before;
  const description = look(error);
  if (isObject) known.set(error, description);
  return description;
}

function look(error: unknown): FailureDescription {
  const code = read(() => codeOf(error)) ?? "unknown";
  const title = maskMessage(text(typeof error === "string" ? error : field(error, "message")));
  const details = field(error, "details");
  const subject = text(field(details, "model") ?? field(details, "tool") ?? field(details, "name"));
  const parts = [code, className(error), title, subject, statusOf(details) ?? statusOf(error) ?? ""];
  const seen = new Set([error]);
  let cause = field(error, "cause");
  for (let depth = 0; depth < mostCauses && cause !== undefined && !seen.has(cause); depth++) {
    seen.add(cause);
    parts.push(className(cause), maskMessage(text(field(cause, "code"))), statusOf(cause) ?? "");
    cause = field(cause, "cause");
  }
  return { fingerprint: digestOf(...parts).slice(0, 16), title };
}

function className(error: unknown): string {
  const name = text(field(error, "name")) || text(field(field(error, "constructor"), "name")) || typeof error;
  return maskMessage(name);
}

function statusOf(holder: unknown): string | undefined {
  const status = field(holder, "status") ?? field(holder, "statusCode");
  return Number.isInteger(status) ? `${status}` : undefined;
}

function field(holder: unknown, name: string): unknown {
  if (typeof holder !== "object" && typeof holder !== "function") return undefined;
  return read(() => (holder as Record<string, unknown> | null)?.[name]);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What was thrown may be anything, a trap for whoever reads it included. */
function read<Value>(get: () => Value): Value | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}
