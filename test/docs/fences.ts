/** Finds the TypeScript examples of a page or a source file, with what each promises to print. */

/** What a fence may say after its language. */
const flags = new Set(["no-run", "no-check", "continues"]);

/** One TypeScript fence. */
export interface Example {
  /** Relative to the repository: `README.md`. */
  readonly page: string;
  /** Line of the first line of code, from 1. */
  readonly line: number;
  readonly code: string;
  /** False for `no-check`. */
  readonly checked: boolean;
  /** False for `no-run` and `no-check`. */
  readonly run: boolean;
  /** Goes on where the example before it on the page ended. */
  readonly continues: boolean;
  /** Lines its output must contain, in this order; from the `text` fence right after it. */
  readonly prints: readonly string[];
}

/** A fence of any language. */
export interface Fence {
  readonly info: string;
  /** Line of the first line inside, from 1. */
  readonly line: number;
  readonly lines: readonly string[];
  /** Something beside blank lines stands between this fence and the one before. */
  readonly apart: boolean;
}

interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** Reads the examples of a Markdown page. */
export function examplesOfPage(page: string, text: string): readonly Example[] {
  return examplesOf(page, fencesIn(page, numbered(text)));
}

/** Reads all fences of a Markdown page. */
export function fencesOfPage(page: string, text: string): readonly Fence[] {
  return fencesIn(page, numbered(text));
}

/**
 * Reads the `@example` blocks of a source file.
 *
 * @throws when an `@example` has no TypeScript fence, since nothing would check it then.
 */
export function examplesOfSource(page: string, text: string): readonly Example[] {
  const examples: Example[] = [];
  for (const comment of text.matchAll(/^[ \t]*\/\*\*(?:(?!\*\/)[\s\S])*\*\//gm)) {
    const first = text.slice(0, comment.index).split("\n").length;
    const lines = comment[0]
      .split("\n")
      .map((line, index) => ({ number: first + index, text: line.replace(/^\s*(\/\*\*|\*\/|\*) ?/, "") }));
    for (const block of exampleBlocks(lines)) {
      const found = examplesOf(page, fencesIn(page, block));
      if (found.length === 0) throw new Error(`${page}:${block[0]?.number} has an @example without a ts fence`);
      examples.push(...found);
    }
  }
  return examples;
}

function exampleBlocks(lines: readonly NumberedLine[]): readonly (readonly NumberedLine[])[] {
  const blocks: NumberedLine[][] = [];
  let open: NumberedLine[] | undefined;
  let fenced = false;
  for (const line of lines) {
    if (/^\s*```/.test(line.text)) fenced = !fenced;
    if (!fenced && /^\s*@\w/.test(line.text)) {
      open = /^\s*@example\b/.test(line.text) ? [] : undefined;
      if (open !== undefined) blocks.push(open);
    }
    open?.push(line);
  }
  return blocks;
}

function numbered(text: string): readonly NumberedLine[] {
  return text.split(/\r?\n/).map((line, index) => ({ number: index + 1, text: line }));
}

function fencesIn(page: string, lines: readonly NumberedLine[]): readonly Fence[] {
  const fences: Fence[] = [];
  let open: { info: string; line: number; lines: string[]; apart: boolean; ticks: number; indent: number } | undefined;
  let apart = false;
  for (const { number, text } of lines) {
    const fence = /^(\s*)(`{3,})(.*)$/.exec(text);
    if (open === undefined) {
      if (fence === null) {
        apart ||= text.trim() !== "";
        continue;
      }
      const [, indent = "", ticks = "", info = ""] = fence;
      open = { info: info.trim(), line: number + 1, lines: [], apart, ticks: ticks.length, indent: indent.length };
    } else if (fence !== null && fence[3]?.trim() === "" && (fence[2]?.length ?? 0) >= open.ticks) {
      fences.push(open);
      open = undefined;
      apart = false;
    } else {
      open.lines.push(text.slice(Math.min(open.indent, text.length - text.trimStart().length)));
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line - 1} opens a fence that never ends`);
  return fences;
}

function examplesOf(page: string, fences: readonly Fence[]): readonly Example[] {
  return fences.flatMap((fence, index) => {
    const [language, ...said] = fence.info.split(/\s+/);
    if (language !== "ts" && language !== "typescript") return [];
    const unknown = said.find((flag) => !flags.has(flag));
    if (unknown !== undefined) {
      throw new Error(`${page}:${fence.line - 1} says "${unknown}"; a fence may say ${[...flags].join(", ")}`);
    }
    const next = fences[index + 1];
    const promised = next !== undefined && next.info === "text" && !next.apart ? next.lines : [];
    const checked = !said.includes("no-check");
    const run = checked && !said.includes("no-run");
    if (promised.length > 0 && !run) {
      throw new Error(`${page}:${fence.line - 1} promises what it prints but is never run`);
    }
    return [
      {
        page,
        line: fence.line,
        code: fence.lines.join("\n"),
        checked,
        run,
        continues: said.includes("continues"),
        prints: promised.map((line) => line.trim()).filter((line) => line !== ""),
      },
    ];
  });
}
