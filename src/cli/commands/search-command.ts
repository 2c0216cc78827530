/** `flock-ts search`: finds the passages of a folder's documents that fit a query best. */

import { styleText } from "node:util";
import type { DocumentMatch } from "../../entries/tools.ts";
import {
  type CliHost,
  type Command,
  type CommandLine,
  takesEscapes,
  usageError,
  wholeNumberOption,
} from "../command.ts";
import { jsonLine, plainLine, plainText } from "../output/plain-text.ts";
import { Progress } from "../output/progress.ts";
import { openFolder } from "./open-folder.ts";

/** The command. */
export const searchCommand: Command = {
  name: "search",
  summary: "find the passages of a folder's documents that fit a query best",
  usage: "FOLDER QUERY [options]",
  arguments: [
    ["FOLDER", "a folder with md, txt, json, html or pdf files"],
    ["QUERY", "words or a question"],
  ],
  options: {
    limit: { value: "N", help: "most passages, 1 to 100 (default 5)" },
    json: { help: "print the passages as one line of JSON" },
    quiet: { help: "show no progress" },
  },
  examples: ['flock-ts search docs "how are errors handled" --limit 3'],
  run: search,
};

async function search(line: CommandLine, host: CliHost): Promise<void> {
  const [folder, ...words] = line.positionals;
  const query = words.join(" ").trim();
  if (folder === undefined || query === "") {
    const message = 'search takes a folder and a query, as in: flock-ts search docs "how are errors handled"';
    throw usageError(message, "QUERY", "a folder and a query", `${line.positionals.length} arguments`);
  }
  const limit = wholeNumberOption(line, "limit", 100) ?? 5;
  const found = await (async () => {
    using progress = new Progress(host, { quiet: line.switches.has("quiet") });
    const documents = await openFolder(folder, host, progress, host.signal);
    return documents.search(query, { limit, signal: host.signal });
  })();
  if (line.switches.has("json")) host.stdout.write(jsonLine(found));
  else if (found.length === 0) host.stdout.write(`no passage fits "${plainLine(query)}"\n`);
  else host.stdout.write(passages(found, takesEscapes(host.stdout, host.runtime)));
}

function passages(found: readonly DocumentMatch[], bold: boolean): string {
  const blocks = found.map(({ file, heading, page, offset, score, text }, index) => {
    const place = [
      file,
      ...(heading === undefined ? [] : [heading]),
      ...(page === undefined ? [] : [`page ${page}`]),
      `offset ${offset}`,
    ];
    const title = plainLine(`${index + 1}. ${place.join(" › ")} (score ${score.toFixed(2)})`);
    const body = plainText(text.trim()).replace(/^(?=.)/gm, "   ");
    return `${bold ? styleText("bold", title, { validateStream: false }) : title}\n${body}\n`;
  });
  return blocks.join("\n");
}
