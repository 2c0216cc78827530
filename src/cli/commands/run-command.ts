/** `flock-ts run`: makes an agent from two signatures and runs it on a value. */

import { DeclarativeAgent, Flock, FlockError, parseSignature, type RunStream } from "../../entries/index.ts";
import { documentsTool } from "../../entries/tools.ts";
import type { Signature } from "../../entries/types.ts";
import { type CliHost, type Command, type CommandLine, usageError } from "../command.ts";
import { readInput } from "../input/read-input.ts";
import { readText } from "../input/read-text.ts";
import { AnswerPrinter } from "../output/answer-printer.ts";
import { Progress } from "../output/progress.ts";
import { openFolder } from "./open-folder.ts";

/** The command. */
export const runCommand: Command = {
  name: "run",
  summary: "make an agent from two signatures and run it on a value",
  usage: "--input SIGNATURE --output SIGNATURE [VALUE] [options]",
  arguments: [["VALUE", "text, a JSON object, @file, or - for the standard input (@@ begins a text with @)"]],
  options: {
    input: { value: "SIGNATURE", help: 'what the agent takes, such as "topic: str"' },
    output: { value: "SIGNATURE", help: 'what it gives, such as "summary: str, keywords: list[str]"' },
    docs: { value: "FOLDER", help: "documents the agent may search" },
    model: { value: "MODEL", help: "such as openai/gpt-5-mini (default: FLOCK_MODEL, else offline)" },
    instructions: { value: "TEXT", help: "how it should work" },
    timeout: { value: "SECONDS", help: "most time for all of it" },
    json: { help: "print the answer as one line of JSON" },
    stream: { help: "print the answer while it is made; with --json a line for each state of it" },
    quiet: { help: "show no progress" },
  },
  examples: [
    'flock-ts run --input "text: str" --output "summary: str, keywords: list[str]" @article.md',
    'flock-ts run --input "question: str" --output "answer: str" --docs docs "How are errors handled?"',
  ],
  run,
};

async function run(line: CommandLine, host: CliHost): Promise<void> {
  const input = signatureOption(line, "input");
  const output = signatureOption(line, "output");
  const order = output.fields.map(({ name }) => name);
  await withinTime(timeoutOption(line), host, async (signal) => {
    await using flock = new Flock({ model: modelOption(line, host), runtime: host.runtime, record: false });
    const value = await readInput(await valueText(line, host, signal), input);
    const stream = line.switches.has("stream");
    const printer = new AnswerPrinter(host, { json: line.switches.has("json"), order });
    // On one terminal a line that is rewritten and an answer that grows would overwrite each other.
    const still = stream && host.stdout.isTTY === true;
    using progress = new Progress(host, { quiet: line.switches.has("quiet"), still });
    const agent = await makeAgent(line, { input, output }, host, progress, signal);
    const options = { signal, onEvent: progress.onEvent };
    const answer = await (stream
      ? watched(flock.stream(agent, value, options), printer)
      : flock.run(agent, value, options));
    if (!still) progress[Symbol.dispose]();
    printer.end(answer);
  });
}

async function watched(running: RunStream<object>, printer: AnswerPrinter): Promise<object> {
  for await (const partial of running.partials) printer.grow(partial);
  return running.result.catch((error: unknown) => {
    printer.abandon();
    throw error;
  });
}

async function makeAgent(
  line: CommandLine,
  { input, output }: { readonly input: Signature; readonly output: Signature },
  host: CliHost,
  progress: Progress,
  signal: AbortSignal,
) {
  const folder = line.values.get("docs");
  const documents = folder === undefined ? undefined : await openFolder(folder, host, progress, signal);
  return new DeclarativeAgent({
    name: "agent",
    input: input.source,
    output: output.source,
    instructions: line.values.get("instructions"),
    tools: documents === undefined ? [] : [documentsTool(documents)],
  });
}

function signatureOption(line: CommandLine, name: "input" | "output"): Signature {
  const text = line.values.get(name);
  if (text !== undefined) return parseSignature(text, { name: `--${name}` });
  const message = `run needs --${name}, a signature such as --${name} "${name === "input" ? "topic" : "summary"}: str"`;
  throw usageError(message, `--${name}`, "a signature", "nothing");
}

/** Here nobody need name the offline engine, except in production, where an answer of it must be wanted. */
function modelOption(line: CommandLine, { runtime }: CliHost): string {
  const named = line.values.get("model") ?? runtime.variable("FLOCK_MODEL");
  if (named !== undefined) return named;
  if (runtime.variable("NODE_ENV") !== "production") return "offline";
  const message = 'no model is named; write --model MODEL or set FLOCK_MODEL (to "offline" for the built-in engine)';
  throw new FlockError("model_not_configured", message, { details: {} });
}

async function valueText(line: CommandLine, host: CliHost, signal: AbortSignal): Promise<string | undefined> {
  const { positionals } = line;
  if (positionals.length === 0) return undefined;
  if (positionals[0] === "-" && host.stdin.isTTY === true && !line.switches.has("quiet")) {
    host.stderr.write("reading the value from the terminal; end it with Ctrl-D\n");
  }
  return readText(positionals.join(" "), host, signal);
}

function timeoutOption(line: CommandLine): number | undefined {
  const text = line.values.get("timeout");
  if (text === undefined) return undefined;
  const value = /^\d{0,7}(?:\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value * 1_000;
  const expected = "a number of seconds above 0, such as 30";
  throw usageError(`--timeout must be ${expected}, not "${text}"`, "--timeout", expected, text);
}

/** Does the work with a signal that aborts when the host's does or the time is up, whatever the work waits for. */
async function withinTime(
  timeoutMs: number | undefined,
  host: CliHost,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (timeoutMs === undefined) return work(host.signal);
  const controller = new AbortController();
  const stop = (): void => controller.abort(host.signal.reason);
  host.signal.addEventListener("abort", stop, { once: true });
  const timer = host.runtime.setTimer(() => {
    const message = `it took longer than ${timeoutMs / 1_000} s; raise --timeout`;
    controller.abort(new FlockError("timeout", message, { details: { limit: "deadline", timeoutMs, name: "run" } }));
  }, timeoutMs);
  try {
    await work(controller.signal);
  } finally {
    timer.cancel();
    host.signal.removeEventListener("abort", stop);
  }
}
