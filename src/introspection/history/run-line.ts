/** A recorded run as one line of JSON: the form it has in stores and in files, and the one place where it is redacted. */

import { type OptionCheck, optionError } from "../../core/errors/options.ts";
import type { AttemptRecord } from "../../core/events/event.ts";
import type { CallRecord, RunRecord } from "../../core/events/run-history.ts";
import { historyInvalid, readRun } from "./run-reader.ts";

/** Version of the form of a line. */
const version = 1;
/** Characters of a line at most. */
export const longestLine = 16_000_000;

/**
 * Gives what may leave the process of a run, or undefined to keep it in. The record has no input and no output; its
 * failures have their masked messages as `title`.
 */
export type RunRedaction = (run: RunRecord) => RunRecord | undefined;

/** Leaves out the messages of failures: their code stands for them. */
export const withoutMessages: RunRedaction = (run) => {
  if (!run.calls.some(({ failure }) => failure !== undefined)) return run;
  const calls = run.calls.map((call) => {
    if (call.failure === undefined) return call;
    const { code, fingerprint } = call.failure;
    return { ...call, failure: { code, fingerprint, title: code } };
  });
  return { ...run, calls };
};

/** Accepts a redaction. */
export const redactOption: OptionCheck = (value) =>
  typeof value === "function" ? undefined : "a function that gives what may leave the process of a run";

/**
 * Writes what a redaction leaves of a run, without a line break at its end; undefined for a run that stays in.
 *
 * @throws option_invalid when a redaction of the user's throws, or gives what is no record.
 */
export function writeRunLine(run: RunRecord, redact: RunRedaction): string | undefined {
  if (redact === withoutMessages) return textOf(withoutMessages(run)!);
  const received = redactSafely(run, redact);
  if (received === undefined) return undefined;
  try {
    return textOf(readRun(received, 1));
  } catch {
    throw optionError("redact", "redact", "a function that gives a run's record or undefined", received);
  }
}

/** Reads a line. @throws history_invalid with its number and the place in it. */
export function readRunLine(text: string, line: number): RunRecord {
  if (text.length > longestLine) {
    throw historyInvalid(line, "", `at most ${longestLine} characters`, `${text.length} characters`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw historyInvalid(line, "", "JSON", `a text of ${text.length} characters that is none`);
  }
  const found =
    typeof value === "object" && value !== null && Object.hasOwn(value, "v") ? Reflect.get(value, "v") : undefined;
  if (found !== version) {
    const received = typeof found === "number" ? `version ${found}` : "something without a version";
    throw historyInvalid(line, "", `a run of version ${version}`, received);
  }
  return readRun(value, line);
}

/** Names each field, so that nothing else gets out; the id of a call's run is not repeated. */
function textOf(run: RunRecord): string {
  const { runId, name, kind, tenant, startMs, durationMs, outcome, code, usage, costMicroUsd, droppedCalls } = run;
  const head = { v: version, runId, name, kind, tenant, startMs, durationMs, outcome, code, usage, costMicroUsd };
  return JSON.stringify({ ...head, droppedCalls, calls: run.calls.map(writtenCall) });
}

function writtenCall(call: CallRecord): Omit<CallRecord, "runId"> {
  const { path, name, kind, startMs, durationMs, queueMs, outcome, ended, code, failure, usage, costMicroUsd } = call;
  const { attempts, tried, cacheState, answeredBy, stream, reads, writes, inputHash, inputSize } = call;
  const { looseInputHash, outputHashes, outputUse } = call;
  const head = { path, name, kind, startMs, durationMs, queueMs, outcome, ended, code, failure, usage, costMicroUsd };
  const made = { attempts, tried: tried?.map(writtenAttempt), cacheState, answeredBy, stream };
  return { ...head, ...made, reads, writes, inputHash, looseInputHash, inputSize, outputHashes, outputUse };
}

function writtenAttempt({ name, outcome, code, beganMs, endedMs, costMicroUsd }: AttemptRecord): AttemptRecord {
  return { name, outcome, code, beganMs, endedMs, costMicroUsd };
}

function redactSafely(run: RunRecord, redact: RunRedaction): RunRecord | undefined {
  try {
    return redact(run);
  } catch {
    // What it threw may hold what it was to hide.
    throw optionError("redact", "redact", "a function that does not throw", redact);
  }
}
