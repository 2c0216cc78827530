/** Carries recorded runs out as lines of JSON and in again, one at a time, in bounded memory. */

import { type FlockError, isFlockError } from "../../core/errors/errors.ts";
import { checkOptions, functionOption, optionError } from "../../core/errors/options.ts";
import type { RunHistory, RunRecord } from "../../core/events/run-history.ts";
import {
  longestLine,
  type RunRedaction,
  readRunLine,
  redactOption,
  withoutMessages,
  writeRunLine,
} from "./run-line.ts";
import { historyInvalid } from "./run-reader.ts";

/** How runs are carried out. */
export interface ExportRunsOptions {
  /** Gives what may leave the process of each run. @default all but the messages of failures */
  readonly redact?: RunRedaction | undefined;
}

/** How runs are carried in. */
export interface ImportRunsOptions {
  /** Told of a line that is no run, which is then passed over. @default the import fails there */
  readonly onInvalid?: ((error: FlockError<"history_invalid">) => void) | undefined;
}

/** Runs to carry out: those of a history, or a sequence of records. */
export type ExportedRuns = Pick<RunHistory, "runs"> | Iterable<RunRecord> | AsyncIterable<RunRecord>;

/** Text or bytes in pieces of any size, such as a file's stream, or all at once. */
export type LineSource = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Gives a line of JSON for each run, its line break included. Lines need no others around them: files may be joined and cut.
 *
 * @throws option_invalid for a wrong option, or a `redact` that throws or gives no record.
 */
export async function* exportRuns(runs: ExportedRuns, options: ExportRunsOptions = {}): AsyncGenerator<string, void> {
  checkOptions("exportRuns", options, { redact: redactOption });
  const { redact = withoutMessages } = options;
  for await (const run of sequenceOf(runs)) {
    const line = writeRunLine(run, redact);
    if (line !== undefined) yield `${line}\n`;
  }
}

/**
 * Reads runs out of lines of JSON, one after another; empty lines are passed over, and so are fields it does not know.
 * Holds one line at a time, of at most 16 million characters.
 *
 * @throws history_invalid for a line that is no run, with its number and the place in it.
 */
export async function* importRuns(
  source: LineSource,
  options: ImportRunsOptions = {},
): AsyncGenerator<RunRecord, void> {
  checkOptions("importRuns", options, { onInvalid: functionOption });
  let number = 0;
  for await (const line of linesOf(source)) {
    number += 1;
    const run = line?.trim() === "" ? undefined : readLine(line, number, options);
    if (run !== undefined) yield run;
  }
}

function readLine(line: string | undefined, number: number, { onInvalid }: ImportRunsOptions): RunRecord | undefined {
  try {
    if (line === undefined) throw historyInvalid(number, "", `at most ${longestLine} characters`, "more");
    return readRunLine(line, number);
  } catch (error) {
    if (onInvalid === undefined || !isFlockError(error, "history_invalid")) throw error;
    onInvalid(error);
    return undefined;
  }
}

function sequenceOf(runs: ExportedRuns): Iterable<RunRecord> | AsyncIterable<RunRecord> {
  if (typeof runs === "object" && runs !== null) {
    if (Symbol.iterator in runs || Symbol.asyncIterator in runs) return runs;
    if (typeof runs.runs === "function") return runs.runs();
  }
  throw optionError("exportRuns", "runs", "a history or a sequence of recorded runs", runs);
}

/** Gives lines without their breaks, and undefined for one that is too long, whose text is let go of. */
async function* linesOf(source: LineSource): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder();
  let begun = "";
  let isTooLong = false;
  for await (const piece of piecesOf(source)) {
    const text = typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      isTooLong ||= begun.length + end - from > longestLine;
      yield isTooLong ? undefined : begun + text.slice(from, end);
      from = end + 1;
      begun = "";
      isTooLong = false;
    }
    isTooLong ||= begun.length + text.length - from > longestLine;
    begun = isTooLong ? "" : begun + text.slice(from);
  }
  begun += decoder.decode();
  if (isTooLong) yield undefined;
  else if (begun !== "") yield begun;
}

function piecesOf(source: LineSource): Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> {
  if (typeof source === "string" || source instanceof Uint8Array) return [source];
  const isSequence =
    typeof source === "object" && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source);
  if (isSequence) return source;
  throw optionError("importRuns", "lines", "text, bytes or a sequence of them", source);
}
