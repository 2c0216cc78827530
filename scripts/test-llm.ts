/**
 * Runs the tests on a real language model. It fetches what they need into folders git ignores, and puts the packed package
 * beside node-llama-cpp, as its users have it. What cannot be had on this machine is a skip, said in one line.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getWeights, repository } from "./get-llm-weights.ts";
import { summaryLine } from "./summary-reporter.ts";

const project = join(repository, "test", "llm", "project");
/** The binaries without CUDA, Vulkan or Metal builds beside them: 28 MB instead of 900. */
const binaries: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "darwin-x64": "mac-x64",
  "darwin-arm64": "mac-arm64-metal",
  "win32-x64": "win-x64",
  "win32-arm64": "win-arm64",
};
const longestMs = 120_000;

const prepared = await prepare();
if (prepared === undefined) {
  const config = join(repository, "test", "llm", "vitest.config.ts");
  const vitest = join(repository, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(process.execPath, [vitest, "run", "--config", config, ...process.argv.slice(2)], {
    cwd: repository,
    stdio: ["ignore", "inherit", "inherit"],
  });
  process.exitCode = status ?? 1;
} else {
  console.log(`skipped the tests on a real language model: ${prepared}`);
  console.log(summaryLine({ passed: 0, failed: 0, skipped: 1 }));
}

/** Gives the reason when something cannot be had. */
async function prepare(): Promise<string | undefined> {
  try {
    process.env.FLOCK_GGUF = await getWeights();
  } catch (error) {
    return `no weights (${firstLine(error)})`;
  }
  try {
    installLibrary();
  } catch (error) {
    return `no node-llama-cpp (${firstLine(error)})`;
  }
  installPackage();
  return undefined;
}

function installLibrary(): void {
  const { dependencies } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const version = dependencies["node-llama-cpp"];
  const machine = `${process.platform}-${process.arch}`;
  const binary = binaries[machine];
  if (binary === undefined) throw new Error(`it has no binary for ${machine}`);
  const wanted = [`node-llama-cpp`, `@node-llama-cpp/${binary}`];
  if (wanted.every((name) => versionOf(name) === version)) return;
  const quiet = ["--omit=optional", "--ignore-scripts", "--loglevel=error"];
  npm(["ci", ...quiet]);
  npm(["install", "--no-save", ...quiet, `@node-llama-cpp/${binary}@${version}`]);
}

function versionOf(name: string): string | undefined {
  const manifest = join(project, "node_modules", name, "package.json");
  return existsSync(manifest) ? (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version : undefined;
}

function npm(args: readonly string[]): void {
  execFileSync("npm", args, { cwd: project, stdio: ["ignore", "ignore", "pipe"], timeout: longestMs });
}

/** Packing builds; unpacking over the last one keeps nothing of it. */
function installPackage(): void {
  const home = join(project, "node_modules", "flock-ts");
  const folder = mkdtempSync(join(tmpdir(), "flock-ts-llm-"));
  try {
    const pack = ["pack", "--silent", "--pack-destination", folder];
    execFileSync("npm", pack, { cwd: repository, stdio: ["ignore", "ignore", "pipe"], timeout: longestMs });
    const archive = readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? "";
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    execFileSync("tar", ["-xzf", join(folder, archive), "-C", home, "--strip-components=1"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function firstLine(error: unknown): string {
  const { message, stderr } = error as { readonly message?: string; readonly stderr?: Buffer | string };
  const lines = `${stderr ?? ""}\n${message ?? error}`.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "") ?? "no reason given";
}
