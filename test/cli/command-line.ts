/** Runs the command line inside a test, with everything it prints collected. */

import { Readable } from "node:stream";
import type { CliOutput } from "../../src/cli/command.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import type { Runtime } from "../../src/entries/index.ts";
import { createTestRuntime } from "../../src/entries/testing.ts";

/** What is printed, and whether it goes to a terminal. */
export class Collector implements CliOutput {
  readonly isTTY: boolean;
  readonly columns = 60;
  readonly writes: string[] = [];

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  get text(): string {
    return this.writes.join("");
  }

  write(text: string): boolean {
    this.writes.push(text);
    return true;
  }
}

export interface CommandRunOptions {
  readonly stdin?: string | Readable;
  readonly variables?: Readonly<Record<string, string>>;
  readonly runtime?: Runtime;
  readonly signal?: AbortSignal;
  /** Both outputs are one terminal. */
  readonly terminal?: boolean;
}

export interface CommandEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end. */
export async function command(argv: readonly string[], options: CommandRunOptions = {}): Promise<CommandEnd> {
  const { stdin = "", variables = {}, terminal = false } = options;
  const stdout = new Collector(terminal);
  const stderr = new Collector(terminal);
  const code = await runCli({
    argv,
    stdin: typeof stdin === "string" ? Readable.from(stdin === "" ? [] : [Buffer.from(stdin)]) : stdin,
    stdout,
    stderr,
    runtime: options.runtime ?? createTestRuntime({ variables, fetch: globalThis.fetch }),
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, out: stdout.text, err: stderr.text };
}

/** Everything a terminal could take for an order. */
export const orders = /[\x00-\x08\x0b-\x1f\x7f-\x9f\p{Bidi_Control}]/u;
