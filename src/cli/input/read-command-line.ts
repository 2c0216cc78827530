/** Reads what follows a command's name, and says what is wrong with it and what was meant. */

import { parseArgs } from "node:util";
import { type Command, type CommandLine, type CommandOption, commonOptions, usageError } from "../command.ts";
import { nearestWord } from "./nearest-word.ts";

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** @throws option_invalid for an unknown option, a switch with a value, an option without one, or one given twice. */
export function readCommandLine(command: Command, args: readonly string[]): CommandLine {
  const options = { ...command.options, ...commonOptions };
  // Not strict: Node's own messages neither name the nearest option nor fit in a line.
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(Object.entries(options).map(([name, option]) => [name, parseOption(option)])),
  });
  const positionals: string[] = [];
  const switches = new Set<string>();
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownOption(token, command, Object.keys(options));
    if (option.value === undefined) switches.add(switchOf(token));
    else if (values.has(token.name)) throw twice(token);
    else values.set(token.name, optionValue(token, option.value, options));
  }
  return { positionals, switches, values };
}

function parseOption(option: CommandOption) {
  const type = option.value === undefined ? ("boolean" as const) : ("string" as const);
  return option.short === undefined ? { type } : { type, short: option.short };
}

function switchOf(token: OptionToken): string {
  if (token.value === undefined) return token.name;
  const message = `${token.rawName} is a switch and takes no value; write ${token.rawName} alone`;
  throw usageError(message, token.rawName, "no value", token.value);
}

function optionValue(
  token: OptionToken,
  placeholder: string,
  options: Readonly<Record<string, CommandOption>>,
): string {
  const { rawName, value } = token;
  const isOption = (text: string): boolean => Object.hasOwn(options, text.replace(/^--|=.*$/gs, ""));
  const swallowed = token.inlineValue !== true && value?.startsWith("--") === true && isOption(value);
  if (value !== undefined && value.trim() !== "" && !swallowed) return value;
  const hint = swallowed ? ` (to give the text ${value} itself, write ${rawName}=${value})` : "";
  const message = `${rawName} needs a value; write ${rawName} ${placeholder}${hint}`;
  throw usageError(message, rawName, placeholder, value ?? "nothing");
}

function twice({ rawName, value }: OptionToken) {
  return usageError(`${rawName} is given twice; keep one of them`, rawName, "one value", value ?? "nothing");
}

function unknownOption({ rawName, name }: OptionToken, command: Command, known: readonly string[]) {
  const near = nearestWord(name, known);
  const list = known.map((one) => `--${one}`).join(", ");
  const negative = /^-[\d.]$/.test(rawName) ? `; to give a value that begins with "-", put -- before it` : "";
  const hint = near === undefined ? `; it knows ${list}` : `; did you mean --${near}?`;
  const message = `${command.name} has no option ${rawName}${negative === "" ? hint : negative}`;
  return usageError(message, rawName, "a known option", rawName);
}
