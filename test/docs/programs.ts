/** Turns examples into programs, checks all of them with one compiler run, and runs each in a process of its own. */

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Example } from "./fences.ts";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

const runLimitMs = 60_000;

/** An example with the code it continues, ready for the compiler. */
export interface Program {
  readonly example: Example;
  /** Name of its file, from page and line. */
  readonly file: string;
  readonly code: string;
  /** For each line of code the line of the page, both from 1; index 0 is unused. */
  readonly pageLines: readonly number[];
}

/** How a program ended. */
export interface ProgramEnd {
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  /** What it wrote to both outputs. */
  readonly output: string;
}

/**
 * Makes one program of each checked example.
 *
 * @throws when an example continues nothing that is checked.
 */
export function programsOf(examples: readonly Example[]): readonly Program[] {
  const programs: Program[] = [];
  for (const example of examples.filter(({ checked }) => checked)) {
    const before = programs.at(-1);
    if (example.continues && before?.example.page !== example.page) {
      throw new Error(`${example.page}:${example.line - 1} continues, but no checked example stands before it`);
    }
    const own = example.code.split("\n").map((_, index) => example.line + index);
    programs.push({
      example,
      file: `${example.page.replace(/[^A-Za-z0-9]+/g, "-").toLowerCase()}-${example.line}.ts`,
      code: example.continues ? `${before?.code}\n${example.code}` : example.code,
      pageLines: example.continues ? [...(before?.pageLines ?? [0]), ...own] : [0, ...own],
    });
  }
  return programs;
}

/** Writes the programs into a fresh ignored folder and gives that folder. */
export function writePrograms(name: string, programs: readonly Program[]): string {
  const folder = join(repository, ".cache", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "programs"), { recursive: true });
  for (const program of programs) {
    writeFileSync(join(folder, "programs", program.file), `${program.code}\nexport {};\n`);
  }
  const config = { extends: "../../tsconfig.json", include: ["programs"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  // Examples read the documents of the repository and may write beside them; they get copies.
  const scratch = join(folder, "scratch");
  mkdirSync(scratch);
  for (const part of ["docs", "examples", "README.md", "package.json"]) {
    if (existsSync(join(repository, part))) cpSync(join(repository, part), join(scratch, part), { recursive: true });
  }
  return folder;
}

/** Checks all programs of a folder at once; gives the compiler's sentences for each file, placed in the page. */
export async function checkPrograms(
  folder: string,
  programs: readonly Program[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const compiler = join(repository, "node_modules/typescript/bin/tsc");
  const { output } = await start([compiler, "--pretty", "false", "-p", join(folder, "tsconfig.json")], repository);
  const found = new Map<string, string[]>(programs.map((program) => [program.file, []]));
  for (const line of output.split("\n")) {
    const place = /^(.+\.ts)\((\d+),(\d+)\): (error .+)$/.exec(line);
    if (place === null) {
      if (/\berror TS\d+/.test(line)) throw new Error(`the compiler could not check the examples: ${line}`);
      continue;
    }
    const [, path = "", row = "", column, message] = place;
    const program = programs.find(({ file }) => path.endsWith(`programs/${file}`));
    // An error outside the examples is the type check's own to report.
    if (program === undefined) continue;
    const pageLine = program.pageLines[Number(row)] ?? program.example.line;
    found.get(program.file)?.push(`${program.example.page}:${pageLine}:${column} ${message}`);
  }
  return found;
}

/** Runs one program with the offline model, without keys and without standard input; ends it after a minute. */
export function runProgram(folder: string, program: Program, limitMs: number = runLimitMs): Promise<ProgramEnd> {
  const path = relative(join(folder, "scratch"), join(folder, "programs", program.file));
  return start(["--conditions=flock-source", path], join(folder, "scratch"), limitMs);
}

/** Gives what is wrong with how a program ended, or undefined. */
export function complaintAbout({ example }: Program, end: ProgramEnd): string | undefined {
  const place = `${example.page}:${example.line}`;
  if (end.timedOut) return `${place} did not end in time; it printed:\n${end.output}`;
  if (end.exitCode !== 0) return `${place} exited with ${end.exitCode}:\n${end.output}`;
  const lines = end.output.split("\n").map((line) => line.trim());
  let from = 0;
  for (const promised of example.prints) {
    if (promised === "…") continue;
    const at = lines.findIndex((line, index) => index >= from && fits(promised, line));
    if (at === -1) return `${place} promises the line "${promised}", but printed:\n${end.output}`;
    from = at + 1;
  }
  return undefined;
}

/** A `…` in a promised line stands for anything, since durations and ids differ from run to run. */
function fits(promised: string, line: string): boolean {
  let from = 0;
  const parts = promised.split("…");
  for (const [index, part] of parts.entries()) {
    const at = index === parts.length - 1 && index > 0 ? line.lastIndexOf(part) : line.indexOf(part, from);
    if (at < from || (index === 0 && at !== 0)) return false;
    from = at + part.length;
  }
  return from === line.length;
}

function start(args: readonly string[], cwd: string, limitMs = 240_000): Promise<ProgramEnd> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, FLOCK_MODEL: "offline", NO_COLOR: "1" };
  return new Promise((resolve) => {
    const options = { cwd, env, timeout: limitMs, killSignal: "SIGKILL", maxBuffer: 16 << 20 } as const;
    const child = execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const timedOut = error?.killed === true;
      resolve({ exitCode: child.exitCode ?? undefined, timedOut, output: `${stdout}${stderr}` });
    });
    child.stdin?.end();
  });
}
