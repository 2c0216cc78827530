/** What every compiled check is: a fast yes or no, and a slower reading that bends values and says what is wrong. */

import type { ValueIssue } from "../../core/errors/errors.ts";
import { describeValue } from "../../core/errors/options.ts";
import type { RegisteredResult, RegisteredType } from "../field.ts";

/** A type compiled once into closures. */
export interface Checker {
  /**
   * Says yes to a value that fits as it is, without allocating. No means "read it": it does not fit, or only a registered
   * schema can tell.
   */
  accepts(value: unknown): boolean;
  /** Gives the value to use, the same one when nothing had to change; what is wrong goes into the run's issues. */
  read(value: unknown, pointer: string, run: CheckRun): unknown;
  /** How the type is spelled in messages. */
  readonly text: string;
  /** Null is a value of it. */
  readonly takesNull?: boolean;
  /** It makes a list of a lone value. */
  readonly wraps?: boolean;
  /** A registered schema is in it, so that only reading can tell whether a value fits. */
  readonly foreign?: boolean;
}

const maximumIssues = 50;
const maximumTextLength = 80;

/** Thrown through the closures when a registered schema answers with a promise; caught by {@link runCheck} alone. */
class Waiting {
  readonly promise: Promise<RegisteredResult>;
  constructor(promise: Promise<RegisteredResult>) {
    this.promise = promise;
  }
}

/** One check of one value: its mode, its issues, and the answers of registered schemas so far. */
export class CheckRun {
  coerce: boolean;
  /** Whether lists may be made of lone values. */
  wrap = true;
  issues: ValueIssue[] = [];
  /** Answers in the order they were asked for; a repeated reading takes them from here, so each is asked for once. */
  readonly #answers: RegisteredResult[] = [];
  #cursor = 0;

  constructor(coerce: boolean) {
    this.coerce = coerce;
  }

  /** Enough is known to be wrong; loops stop here. */
  get isFull(): boolean {
    return this.issues.length >= maximumIssues;
  }

  /** Reports a value of the wrong type. */
  expected(pointer: string, text: string, value: unknown, hint = ""): void {
    const expected = text.length > maximumTextLength ? `${text.slice(0, maximumTextLength)}…` : text;
    const received = describeValue(value);
    this.report({ pointer, message: `expected ${expected}, received ${received}${hint}`, expected, received });
  }

  /** Reports anything else. */
  report(issue: ValueIssue): void {
    if (!this.isFull) this.issues.push(issue);
  }

  /** Reads with issues of its own, so that a try that fails leaves no trace. */
  attempt(checker: Checker, value: unknown, pointer: string): { value: unknown; issues: readonly ValueIssue[] } {
    const outer = this.issues;
    const issues: ValueIssue[] = [];
    this.issues = issues;
    try {
      return { value: checker.read(value, pointer, this), issues };
    } finally {
      this.issues = outer;
    }
  }

  /** Asks a registered schema. */
  ask(registered: RegisteredType, value: unknown): RegisteredResult {
    const known = this.#answers[this.#cursor++];
    if (known !== undefined) return known;
    const answer = askSafely(registered, value);
    if (answer instanceof Promise) throw new Waiting(answer);
    this.#answers.push(answer);
    return answer;
  }

  /** Takes a late answer and starts over. */
  resume(answer: RegisteredResult, coerce: boolean): void {
    this.#answers.push(answer);
    this.#cursor = 0;
    this.coerce = coerce;
    this.wrap = true;
    this.issues = [];
  }
}

function askSafely(registered: RegisteredType, value: unknown): RegisteredResult | Promise<RegisteredResult> {
  const broke = (error: unknown): RegisteredResult => ({
    issues: [{ message: `the schema of ${registered.name} threw: ${messageOf(error)}`, path: [] }],
  });
  try {
    const answer = registered.validate!(value);
    return answer instanceof Promise ? answer.catch(broke) : answer;
  } catch (error) {
    return broke(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "something that is not an error";
}

/** What a reading gave. */
export type ReadResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly ValueIssue[] };

/**
 * Checks a value: at once when it fits as it is, else by reading it. A promise comes back only when a registered schema
 * gave one. Never throws for a value, not even for one whose getters throw.
 */
export function runCheck(checker: Checker, value: unknown, coerce: boolean): ReadResult | Promise<ReadResult> {
  try {
    if (checker.accepts(value)) return { ok: true, value };
    return readWith(checker, value, new CheckRun(coerce), coerce);
  } catch (error) {
    return unreadable(error);
  }
}

function readWith(checker: Checker, value: unknown, run: CheckRun, coerce: boolean): ReadResult | Promise<ReadResult> {
  try {
    const result = checker.read(value, "", run);
    return run.issues.length === 0 ? { ok: true, value: result } : { ok: false, issues: run.issues };
  } catch (error) {
    if (!(error instanceof Waiting)) return unreadable(error);
    return error.promise.then((answer) => {
      run.resume(answer, coerce);
      return readWith(checker, value, run, coerce);
    });
  }
}

function unreadable(error: unknown): ReadResult {
  return { ok: false, issues: [{ pointer: "", message: `the value could not be read: ${messageOf(error)}` }] };
}
