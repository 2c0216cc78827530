/** `flock-ts check`: reads a signature and shows what it means, or where it is wrong. */

import { styleText } from "node:util";
import { isFlockError, parseSignature, type SourcePosition } from "../../entries/index.ts";
import { type CliHost, type Command, type CommandLine, takesEscapes, usageError } from "../command.ts";
import { jsonLine, plainText } from "../output/plain-text.ts";
import { fieldLines } from "../output/type-words.ts";

/** Characters shown before and after the place of an error. */
const shownAround = 60;

/** The command. */
export const checkCommand: Command = {
  name: "check",
  summary: "check a signature, and show its fields and its JSON Schema",
  usage: "SIGNATURE [options]",
  arguments: [["SIGNATURE", 'such as "topic: str | what to research, depth?: int"']],
  options: { json: { help: "print the JSON Schema alone, as one line" } },
  examples: ['flock-ts check "summary: str, keywords: list[str]"', 'flock-ts check --json "year: int" > schema.json'],
  run: check,
  explain: placeOf,
};

async function check(line: CommandLine, host: CliHost): Promise<void> {
  const [text, second] = line.positionals;
  if (text === undefined || second !== undefined) {
    const message = `check takes one signature${second === undefined ? "" : "; put quotes around it"}, as in: flock-ts check "topic: str"`;
    throw usageError(message, "SIGNATURE", "one signature", `${line.positionals.length} arguments`);
  }
  const signature = parseSignature(text);
  if (line.switches.has("json")) {
    host.stdout.write(jsonLine(signature.toJsonSchema()));
    return;
  }
  const bold = (title: string): string =>
    takesEscapes(host.stdout, host.runtime) ? styleText("bold", title, { validateStream: false }) : title;
  const schema = plainText(JSON.stringify(signature.toJsonSchema(), undefined, 2));
  const fields = plainText(fieldLines(signature.fields).join("\n"));
  host.stdout.write(`${bold("Fields")}\n${fields}\n\n${bold("JSON Schema")}\n${schema}\n`);
}

function placeOf(error: unknown): string {
  return isFlockError(error, "signature_invalid") ? caretUnder(error.details.source, error.details.position) : "";
}

/** Gives the line of a place, cut to what is near it, with a caret under the place. */
export function caretUnder(text: string, { offset, column }: SourcePosition): string {
  const start = Math.max(offset - column + 1, offset - shownAround);
  const end = text.indexOf("\n", offset);
  const lineEnd = Math.min(end === -1 ? text.length : end, offset + shownAround);
  const before = plainText(text.slice(start, offset));
  const after = plainText(text.slice(offset, lineEnd));
  // A tab stays a tab, and wide characters take two columns, so that the caret stands under its place.
  const indent = before
    .replace(/\p{Mark}/gu, "")
    .replace(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\uff01-\uff60\p{Emoji_Presentation}]/gu, "  ")
    .replace(/[^\t ]/gu, " ");
  return `  ${before}${after}\n  ${indent}^\n`;
}
