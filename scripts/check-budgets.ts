/** Compares what the package costs its users with its budgets, and reports what depends on the machine. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";
import config from "../tsdown.config.ts";
import { loadedWith, repository } from "./built-files.ts";

interface Budget {
  readonly what: string;
  readonly measured: number;
  readonly atMost: number;
  readonly unit: string;
  /** Told when it is over. */
  readonly note?: string;
}

const budgets: readonly Budget[] = [await coreBundle(), ...plainInstall(), packedFile()];
for (const { what, measured, atMost, unit, note } of budgets) {
  const over = measured > atMost;
  const verdict = over ? "OVER" : "ok  ";
  process.stdout.write(`${verdict} ${what}: ${round(measured)} ${unit}, at most ${atMost} ${unit}\n`);
  if (over && note !== undefined) process.stdout.write(`     ${note}\n`);
}
process.stdout.write(`     ${shippedCore()}\n     ${importTime()}\n`);
process.exitCode = budgets.every(({ measured, atMost }) => measured <= atMost) ? 0 : 1;

/** What an application's bundler carries of `dist` for agents, tools and patterns: minified, in one file, lazy parts apart. */
async function coreBundle(): Promise<Budget> {
  const built = await build({
    ...config,
    config: false,
    entry: { app: "scripts/core-app.js" },
    minify: true,
    dts: false,
    publint: false,
    attw: false,
    report: false,
    logLevel: "silent",
    outputOptions: {},
    // dist is what is measured: this build writes nothing and touches nothing.
    write: false,
    clean: false,
  });
  const chunks = built.bundles.flatMap((bundle) => bundle.chunks).filter((chunk) => chunk.type === "chunk");
  const atOnce = new Set(["app.js"]);
  for (const name of atOnce) {
    for (const imported of chunks.find((chunk) => chunk.fileName === name)?.imports ?? []) {
      if (chunks.some((chunk) => chunk.fileName === imported)) atOnce.add(imported);
    }
  }
  const core = chunks.filter((chunk) => atOnce.has(chunk.fileName));
  const bytes = core.reduce((sum, chunk) => sum + gzipSync(chunk.code).length, 0);
  const parts = core
    .flatMap((chunk) => Object.entries(chunk.modules))
    .map(([path, { renderedLength }]) => `${relative(repository, path)} ${round(renderedLength / 1000)} kB`);
  const note = `before minifying it holds ${parts.join(", ")}`;
  return { what: "core bundle, minified and gzip", measured: bytes / 1000, atMost: 40, unit: "kB", note };
}

/** Reported only: what `dist` itself weighs for the main entry, readable as it is shipped. */
function shippedCore(): string {
  const files = loadedWith("dist/index.js");
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(repository, file))).length, 0);
  return `shipped core, readable, gzip: ${round(bytes / 1000)} kB in ${files.length} files`;
}

/** What `npm install` of the package alone puts on a disk: itself and its dependencies, peers not counted. */
function plainInstall(): readonly Budget[] {
  const packages = new Set<string>();
  const add = (folder: string): void => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(repository, folder, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) {
      const at = `node_modules/${name}`;
      if (packages.has(at)) continue;
      packages.add(at);
      add(at);
    }
  };
  add(".");
  const bytes = [...packages].reduce(
    (sum, folder) => sum + folderSize(join(repository, folder)),
    packed().unpackedSize,
  );
  return [
    { what: "plain install", measured: bytes / 1e6, atMost: 3, unit: "MB" },
    { what: "plain install", measured: packages.size + 1, atMost: 5, unit: "packages" },
  ];
}

function packedFile(): Budget {
  return { what: `npm pack (${packed().entryCount} files)`, measured: packed().size / 1000, atMost: 600, unit: "kB" };
}

function packed(): { readonly size: number; readonly unpackedSize: number; readonly entryCount: number } {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const text = execFileSync("npm", args, { cwd: repository, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  // npm 11 answers with a list, later ones with an object keyed by name.
  return Object.values(JSON.parse(text))[0] as ReturnType<typeof packed>;
}

/** Reported only: wall time says as much about the machine as about the package. */
function importTime(): string {
  const url = new URL("../dist/index.js", import.meta.url).href;
  const rounds = 9;
  const plain: number[] = [];
  const loaded: number[] = [];
  for (let turn = 0; turn < rounds; turn++) {
    plain.push(startNode("0"));
    loaded.push(startNode(`await import(${JSON.stringify(url)})`));
  }
  const base = Math.min(...plain);
  const whole = Math.min(...loaded);
  return `import: ${round(whole - base)} ms over plain node (${round(base)} ms), ratio ${round(whole / base)}, best of ${rounds}`;
}

function startNode(code: string): number {
  const startedAt = performance.now();
  execFileSync(process.execPath, ["--input-type=module", "-e", code]);
  return performance.now() - startedAt;
}

function folderSize(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
