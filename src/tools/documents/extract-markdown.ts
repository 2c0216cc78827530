/** Finds the headings of Markdown; its text stays as written. */

import type { Pacer } from "../../core/runtime/pacer.ts";
import type { ExtractedText, Mark } from "./extracted-text.ts";

const linesBetweenPauses = 1_000;
/** Beyond this a line is no heading somebody would recognise. */
const longestHeading = 300;

/** Marks ATX (`# Title`) and setext (underlined) headings outside code fences and front matter. */
export async function extractMarkdown(text: string, pacer: Pacer): Promise<ExtractedText> {
  const marks: Mark[] = [];
  let fence: string | undefined;
  let previous: { offset: number; line: string } | undefined;
  let frontMatter = /^---[ \t]*\r?\n/.test(text);
  let count = 0;
  for (const { offset, line } of linesOf(text)) {
    if (++count % linesBetweenPauses === 0) await pacer.pause();
    if (frontMatter) {
      if (count > 1 && /^(?:---|\.\.\.)\s*$/.test(line)) frontMatter = false;
      continue;
    }
    const fenceHere = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (fence !== undefined) {
      if (fenceHere?.startsWith(fence)) fence = undefined;
      continue;
    }
    fence = fenceHere;
    const title = /^ {0,3}#{1,6}[ \t]+(.*)$/.exec(line.slice(0, longestHeading))?.[1];
    if (title !== undefined) addHeading(marks, offset, title.replace(/[ \t]+#+[ \t]*$/, ""));
    else if (previous !== undefined && /^ {0,3}(?:=+|-{2,})[ \t]*$/.test(line)) {
      addHeading(marks, previous.offset, previous.line);
    }
    previous = title === undefined && isParagraph(line) ? { offset, line } : undefined;
  }
  return { text, marks };
}

function addHeading(marks: Mark[], offset: number, title: string): void {
  const heading = title.trim();
  if (heading !== "") marks.push({ offset, heading, cut: true });
}

/** Underlining makes a heading only of plain text, not of lists, quotes, tables or rules. */
function isParagraph(line: string): boolean {
  return line.trim() !== "" && line.length < longestHeading && !/^\s*(?:[-*+>|]|\d+[.)]\s|={2,}|```|~~~)/.test(line);
}

function* linesOf(text: string): Generator<{ offset: number; line: string }> {
  let offset = 0;
  while (offset < text.length) {
    const end = text.indexOf("\n", offset);
    const stop = end === -1 ? text.length : end;
    const line = text.slice(offset, text[stop - 1] === "\r" ? stop - 1 : stop);
    yield { offset, line };
    offset = stop + 1;
  }
}
