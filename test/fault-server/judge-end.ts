/** Holds the end of a cell's run to its row: the value or error, what it says and shows, and what was sent for it. */

import { inspect } from "node:util";
import { isFlockError, type ModelFailureDetails } from "../../src/core/errors/errors.ts";
import type { VendorRequest } from "../models/vendor-server.ts";
import { type Cell, expectationOf } from "./fault-matrix.ts";
import type { Ending, Expectation } from "./fault-row.ts";
import { canary, canaryKey, value } from "./what-is-said.ts";

type Requests = readonly VendorRequest[];

/** How a run ended. */
export type End = { readonly given: unknown } | { readonly error: unknown };

/** What else is known of the run. */
export interface JudgeOptions {
  readonly requests: Requests;
  /** What its signal would abort with. */
  readonly reason: Error;
}

/** Says what an end is, and everything about it that is not as it must be. */
export function judgeEnd(cell: Cell, end: End, options: JudgeOptions): { ending: Ending; wrong: readonly string[] } {
  const { requests, reason } = options;
  const expected = expectationOf(cell);
  const sent = wrongRequests(cell, requests, expected);
  if ("error" in end) {
    const ending = endingOf(end.error, reason);
    return { ending, wrong: [...wrongError(end.error, ending, expected), ...sent] };
  }
  const ending = valueEnding(expected, requests);
  return { ending, wrong: [...wrongValue(end.given, ending, expected), ...sent] };
}

function endingOf(error: unknown, reason: Error): Ending {
  if (error === reason) return "signal's reason";
  if (!isFlockError(error)) return "final error";
  return error.retryable ? "retryable error" : "final error";
}

function valueEnding(expected: Expectation, requests: Requests): Ending {
  const second = expected.ends === "value after asking again" && requests.length > 1;
  return second ? "value after asking again" : "value";
}

function wrongValue(given: unknown, ending: Ending, expected: Expectation): readonly string[] {
  const wrong = expected.ends === ending || expected.ends === "either" ? [] : ["ended with a value"];
  const { verdict, score } = given as { verdict: unknown; score: unknown };
  const isRight =
    expected.ends === "either"
      ? typeof verdict === "string" && Number.isInteger(score)
      : verdict === value.verdict && score === value.score;
  return isRight ? wrong : [...wrong, `gave ${JSON.stringify(given)}`];
}

function wrongError(error: unknown, ending: Ending, expected: Expectation): readonly string[] {
  if (ending === "signal's reason") return expected.ends === ending ? [] : ["ended with the signal's reason"];
  if (!isFlockError(error)) return [`ended with no FlockError: ${inspect(error)}`];
  const wrong: string[] = [];
  const { code = expected.ends === "either" ? error.code : "model_failed" } = expected;
  const details = error.details as Partial<ModelFailureDetails>;
  const told = `${error.code} ${JSON.stringify(details)} ${error.message}`;
  if ((expected.ends !== ending && expected.ends !== "either") || ![code].flat().includes(error.code))
    wrong.push(`ended with ${told}`);
  for (const name of ["status", "retryAfterMs"] as const) {
    const wanted = expected[name];
    if (wanted !== undefined && wanted !== (details[name] ?? null)) wrong.push(`${name} is ${details[name]}: ${told}`);
  }
  const { progress = details.progress } = expected;
  if (![progress].flat().includes(details.progress)) wrong.push(`progress is ${details.progress}: ${told}`);
  if (error.path === undefined || !error.path.startsWith("run/judge#0")) wrong.push(`path is ${error.path}`);
  const everything = inspect(error, { depth: 20, showHidden: true });
  const leak = canary.exec(everything);
  if (leak !== null) wrong.push(`shows a secret: …${everything.slice(Math.max(0, leak.index - 80), leak.index + 40)}…`);
  if (everything.length > 20_000 || error.message.length > 1_000) wrong.push(`is ${everything.length} characters long`);
  return wrong;
}

function wrongRequests({ row, dialect }: Cell, requests: Requests, expected: Expectation): readonly string[] {
  const { length } = requests;
  const { requests: wanted = 1, ends } = expected;
  // A second one where a wrong answer is asked for again; never a retry of a client's own.
  const isRight = ends === "either" ? length === 1 || length === 2 : wanted === "any" || wanted === length;
  const wrong = isRight ? [] : [`sent ${length} requests`];
  if (row.gone === true) return wrong;
  for (const request of requests) {
    if (dialect.keyOf(request) !== (dialect.sendsKey ? canaryKey : undefined)) wrong.push("did not send the key");
  }
  return wrong;
}
