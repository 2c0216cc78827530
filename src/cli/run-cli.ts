/** The whole command line as one function: words in, an exit code out. */

import { createRequire } from "node:module";
import { inspect } from "node:util";
import { type CliHost, type Command, usageError } from "./command.ts";
import { checkCommand } from "./commands/check-command.ts";
import { runCommand } from "./commands/run-command.ts";
import { searchCommand } from "./commands/search-command.ts";
import { helpOf, helpOfAll } from "./help-text.ts";
import { nearestWord } from "./input/nearest-word.ts";
import { readCommandLine } from "./input/read-command-line.ts";
import { plainLine, plainText } from "./output/plain-text.ts";

const commands: readonly Command[] = [runCommand, checkCommand, searchCommand];

/** What the command line is given. */
export interface RunCliOptions extends CliHost {
  /** The words after the program's name. */
  readonly argv: readonly string[];
}

/**
 * Runs the command line once. Results go to `stdout`, progress and errors to `stderr`. Never rejects.
 *
 * @returns 0; 1 after an error, told in one line; 130 when the signal aborted.
 */
export async function runCli(options: RunCliOptions): Promise<number> {
  const { argv, stderr, signal } = options;
  try {
    signal.throwIfAborted();
    return await dispatch(argv, options);
  } catch (error) {
    if (signal.aborted) {
      stderr.write("flock-ts: interrupted\n");
      return 130;
    }
    const explained = commands.find(({ name }) => name === argv[0])?.explain?.(error) ?? "";
    stderr.write(complaint(error, wantsDebug(argv), explained));
    return 1;
  }
}

/** Gives what to print about an error: one plain line, what explains it, and its stack when asked for. */
export function complaint(error: unknown, debug: boolean, explained = ""): string {
  const message = error instanceof Error && error.message !== "" ? error.message : String(error);
  const stack = debug ? `${plainText(inspect(error, { depth: 4 }))}\n` : "";
  return `flock-ts: ${plainLine(message)}\n${explained}${stack}`;
}

/** Tells whether `--debug` is among the options. */
export function wantsDebug(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).includes("--debug");
}

async function dispatch(argv: readonly string[], host: CliHost): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined) {
    host.stderr.write(helpOfAll(commands));
    return 1;
  }
  if (first === "--version" || first === "-v") host.stdout.write(`flock-ts ${version()}\n`);
  else if (first === "--help" || first === "-h") host.stdout.write(helpOfAll(commands));
  else if (first === "help") host.stdout.write(rest[0] === undefined ? helpOfAll(commands) : helpOf(named(rest[0])));
  else {
    const command = named(first);
    const line = readCommandLine(command, rest);
    if (line.switches.has("help")) host.stdout.write(helpOf(command));
    else await command.run(line, host);
  }
  return 0;
}

function named(word: string): Command {
  const command = commands.find(({ name }) => name === word);
  if (command !== undefined) return command;
  const isOption = word.startsWith("-");
  const known = isOption ? ["--help", "--version"] : [...commands.map(({ name }) => name), "help"];
  const near = nearestWord(word, known);
  const list = commands.map(({ name }) => name).join(", ");
  const hint = near === undefined ? `; see flock-ts --help` : `; did you mean ${near}?`;
  const message = isOption
    ? `expected a command (${list}) before ${word}${hint}`
    : `there is no command "${word.slice(0, 100)}"; commands are ${list}${hint}`;
  throw usageError(message, "command", list, word);
}

/** The package asks itself, so that source and build read the same file. */
function version(): string {
  const manifest = createRequire(import.meta.url)("flock-ts/package.json") as { readonly version: string };
  return manifest.version;
}
