/** Indexes a folder for a command, and tells how far it is. */

import { type Documents, openDocuments } from "../../entries/tools.ts";
import { type CliHost, usageError } from "../command.ts";
import { type Progress, seconds } from "../output/progress.ts";

/** Skipped files that are named; of more only the number is told. */
const mostNamed = 10;

/** Opens the documents of a folder. Skipped files are told, never fatal. */
export async function openFolder(
  folder: string,
  host: Pick<CliHost, "runtime">,
  progress: Progress,
  signal: AbortSignal,
): Promise<Documents> {
  if (folder.trim() === "") throw usageError("the folder is empty; give its path", "FOLDER", "a path", "nothing");
  let skipped = 0;
  const documents = await openDocuments(folder, {
    runtime: host.runtime,
    signal,
    onProgress: ({ files, file }) => progress.doing(`reading ${counted(files, "file")}: ${file}`),
    onSkip: ({ file, message }) => {
      skipped += 1;
      if (skipped <= mostNamed) progress.line(`skipped ${file}: ${message}`);
    },
  });
  if (skipped > mostNamed) progress.line(`skipped ${counted(skipped - mostNamed, "more file")}`);
  const { files, chunks, milliseconds } = documents.stats;
  progress.line(`indexed ${counted(files, "file")}, ${counted(chunks, "passage")}: ${seconds(milliseconds)}`);
  return documents;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
