/** What a command of the command line is: its words for people, its options, and what it does. */

import type { Readable } from "node:stream";
import { FlockError, type Runtime } from "../entries/index.ts";

/** Where text is written: a stream of the process, or a collector in a test. */
export interface CliOutput {
  write(text: string): unknown;
  /** Whether a person looks at a terminal there. */
  readonly isTTY?: boolean | undefined;
  /** Characters in a line of the terminal. @default 80 */
  readonly columns?: number | undefined;
}

/** The outside world of a command. */
export interface CliHost {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  /** Clock, timers and environment variables. */
  readonly runtime: Runtime;
  /** Ends the command. */
  readonly signal: AbortSignal;
}

/** One option of a command, without the dashes. */
export interface CommandOption {
  /** What stands for the value in the help, such as `FOLDER`; an option without it is a switch. */
  readonly value?: string;
  readonly short?: string;
  /** One phrase for the help. */
  readonly help: string;
}

/** What was written after a command's name. */
export interface CommandLine {
  readonly positionals: readonly string[];
  readonly switches: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One phrase for the list of commands. */
  readonly summary: string;
  /** What follows its name, such as `FOLDER QUERY [options]`. */
  readonly usage: string;
  /** Lines about its arguments, each a name and a phrase. */
  readonly arguments: readonly (readonly [string, string])[];
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly examples: readonly string[];
  run(line: CommandLine, host: CliHost): Promise<void>;
  /** Lines shown below the message of an error of this command. @default none */
  readonly explain?: (error: unknown) => string;
}

/** Options that every command has. */
export const commonOptions: Readonly<Record<string, CommandOption>> = {
  debug: { help: "show the stack of an error" },
  help: { short: "h", help: "show this help" },
};

/** Makes the error for a wrong command line. `what` is the option or argument. */
export function usageError(message: string, what: string, expected: string, received: string): FlockError {
  return new FlockError("option_invalid", message, { details: { option: what, expected, received } });
}

/** Tells whether escape sequences may be written there: a terminal, unless `NO_COLOR` or `TERM=dumb` says no. */
export function takesEscapes(output: CliOutput, runtime: Pick<Runtime, "variable">): boolean {
  return output.isTTY === true && runtime.variable("NO_COLOR") === undefined && runtime.variable("TERM") !== "dumb";
}

/** Reads a whole number of an option, such as `--limit 5`. */
export function wholeNumberOption(line: CommandLine, name: string, most: number): number | undefined {
  const text = line.values.get(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  const expected = `a whole number from 1 to ${most}`;
  throw usageError(`--${name} must be ${expected}, not "${text}"`, `--${name}`, expected, text);
}
