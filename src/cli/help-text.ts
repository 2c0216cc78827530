/** Writes the help of the command line and of each command. */

import { type Command, commonOptions } from "./command.ts";

/** Gives the help of the whole command line. */
export function helpOfAll(commands: readonly Command[]): string {
  return [
    "flock-ts: declarative LLM agents from the command line",
    "",
    "Usage: flock-ts COMMAND [options]",
    "",
    "Commands",
    ...table([
      ...commands.map(({ name, summary }) => [name, summary] as const),
      ["help COMMAND", "show the options of a command"],
    ]),
    "",
    "Options",
    ...table([
      ["-h, --help", "show this help"],
      ["-v, --version", "show the version"],
    ]),
    "",
    "Variables",
    ...table([
      [
        "FLOCK_MODEL",
        "the model of commands that name none, such as openai/gpt-5-mini; else the built-in offline engine",
      ],
      ["NO_COLOR", "no colour, also on a terminal"],
    ]),
    "",
  ].join("\n");
}

/** Gives the help of one command. */
export function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions }).map(([name, { value, short, help }]) => {
    const dashes = short === undefined ? `--${name}` : `-${short}, --${name}`;
    return [value === undefined ? dashes : `${dashes} ${value}`, help] as const;
  });
  return [
    `flock-ts ${command.name}: ${command.summary}`,
    "",
    `Usage: flock-ts ${command.name} ${command.usage}`,
    "",
    "Arguments",
    ...table(command.arguments),
    "",
    "Options",
    ...table(options),
    "",
    "Examples",
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, phrase]) => `  ${name.padEnd(width)}  ${phrase}`);
}
