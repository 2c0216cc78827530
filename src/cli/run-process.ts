/** Joins the command line to a process: its streams, its signals, its exit code. */

import type { Readable } from "node:stream";
import { Flock } from "../entries/index.ts";
import type { CliOutput } from "./command.ts";
import { complaint, runCli, wantsDebug } from "./run-cli.ts";

/** What is used of a process. */
export interface CliProcess {
  readonly argv: readonly string[];
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly stdout: ProcessOutput;
  readonly stderr: ProcessOutput;
  on(event: string, listener: (value: unknown) => void): unknown;
  exit(code: number): unknown;
}

/** One of its output streams. */
export interface ProcessOutput extends CliOutput {
  write(text: string, written?: () => void): unknown;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** After a first Ctrl-C, what does not stop by itself is given this long. */
const graceMs = 500;
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Runs the command line in a process and ends the process, once all output is written. A first SIGINT aborts the command and
 * ends the process within half a second, a second one ends it at once. Output that nobody reads any more ends it quietly.
 */
export async function runProcess(process: CliProcess): Promise<void> {
  // The default house's outside world: the real one.
  const { runtime } = new Flock({ record: false });
  const { stdin, stdout, stderr } = process;
  const controller = new AbortController();
  const argv = process.argv.slice(2);
  let ending: number | undefined;
  const end = (code: number): void => {
    if (ending !== undefined) process.exit(ending);
    ending = code;
    controller.abort(new DOMException("interrupted", "AbortError"));
    runtime.setTimer(() => process.exit(code), graceMs);
  };
  for (const [signal, code] of Object.entries(exitCodes)) process.on(signal, () => end(code));
  process.on("uncaughtException", (error) => {
    stderr.write(complaint(error, wantsDebug(argv)));
    process.exit(1);
  });
  const unread = new Set<CliOutput>();
  const onError = (output: ProcessOutput) => (error: NodeJS.ErrnoException) => {
    unread.add(output);
    // A reader such as `head` has all it wanted. Other errors, a full disk say, lost something.
    if (output !== stdout || ending !== undefined) return;
    if (error.code !== "EPIPE")
      stderr.write(`flock-ts: the output cannot be written (${error.code ?? error.message})\n`);
    end(error.code === "EPIPE" ? 0 : 1);
  };
  for (const output of [stdout, stderr]) output.on("error", onError(output));
  const guarded = (output: ProcessOutput): CliOutput => ({
    write: (text) => unread.has(output) || output.write(text),
    isTTY: output.isTTY,
    columns: output.columns,
  });
  const quietly = { ...guarded(stderr), write: (text: string) => unread.has(stdout) || guarded(stderr).write(text) };

  const code = await runCli({
    argv,
    stdin,
    stdout: guarded(stdout),
    stderr: quietly,
    runtime,
    signal: controller.signal,
  });
  for (const output of [stdout, stderr]) await written(output, unread);
  process.exit(ending ?? code);
}

function written(output: ProcessOutput, unread: ReadonlySet<CliOutput>): Promise<void> {
  if (unread.has(output)) return Promise.resolve();
  return new Promise((resolve) => output.write("", () => resolve()));
}
