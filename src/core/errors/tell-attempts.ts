/** Makes one printed error tell the whole story; apart from the error, because only a call that was tried again needs it. */

import type { Breadcrumb, FailedAttempt, FlockError } from "./errors.ts";

/** Longer words of an attempt or breadcrumb are cut in print; the error's `attempts` and `breadcrumbs` hold them whole. */
const longestWords = 300;

/** What an error was before it was told a story; its own message is kept when a call further out tells a longer one. */
const originals = new WeakMap<FlockError, { readonly message: string; readonly frames: string }>();

/**
 * Gives an error its failed attempts, oldest first. Its message then ends with how many there were and how long they took,
 * and its printed form has one line for each, and for each breadcrumb. Telling again takes the place of what was told.
 */
export function tellAttempts(error: FlockError, attempts: readonly FailedAttempt[]): void {
  let original = originals.get(error);
  if (original === undefined) {
    original = { message: error.message, frames: framesOf(error) };
    originals.set(error, original);
  }
  const { frames } = original;
  error.attempts = Object.freeze([...attempts]);
  error.message = `${original.message}${summary(attempts)}`;
  // Both are printed as lines, so that printing the error's properties does not repeat them.
  Object.defineProperties(error, {
    breadcrumbs: { value: error.breadcrumbs, enumerable: false, writable: true, configurable: true },
    // Read when it is printed: breadcrumbs are known when the call ends.
    stack: { get: () => `${error.name}: ${error.message}${storyOf(error)}${frames}`, configurable: true },
  });
}

function summary(attempts: readonly FailedAttempt[]): string {
  if (attempts.length === 0) return "";
  const tookMs = attempts.reduce((sum, { durationMs, waitedMs }) => sum + durationMs + waitedMs, 0);
  return ` (${attempts.length} ${attempts.length === 1 ? "attempt" : "attempts"} in ${duration(tookMs)})`;
}

function storyOf({ attempts, breadcrumbs }: FlockError): string {
  return [...attempts.map(attemptLine), ...breadcrumbs.map(breadcrumbLine)].map((line) => `\n${line}`).join("");
}

function attemptLine({ attempt, name, code, message, durationMs, waitedMs }: FailedAttempt): string {
  const waited = waitedMs > 0 ? `, ${duration(waitedMs)} later` : "";
  return `  ${attempt}. ${name}${waited}: ${code} after ${duration(durationMs)}: ${oneLine(message)}`;
}

function breadcrumbLine({ path, message, data }: Breadcrumb): string {
  return oneLine(`  - ${path}: ${message}${data === undefined ? "" : ` ${JSON.stringify(data)}`}`, "  ");
}

/** What stands behind the message in a stack. */
function framesOf({ stack = "", message }: FlockError): string {
  const at = stack.indexOf(message);
  return stack.slice(at < 0 ? Math.max(0, stack.indexOf("\n    at ")) : at + message.length);
}

function oneLine(text: string, indent = ""): string {
  const line = `${indent}${text.replace(/\s+/g, " ").trim()}`;
  return line.length > longestWords ? `${line.slice(0, longestWords - 1)}…` : line;
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
