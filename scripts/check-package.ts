/** Packs the package, unpacks it where no source is, and uses it the way a stranger would: plain Node, both compilers. */

import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "tsdown";
import { importsOf, packageOf, repository } from "./built-files.ts";

const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};
const subpaths = Object.keys(manifest.exports).filter((path) => path !== "./package.json");
const specifiers = subpaths.map((path) => manifest.name + path.slice(1));
const complaints: string[] = [];

const project = installed();
checkImports();
checkExports();
checkCommand();
await checkUse();
for (const compiler of ["node_modules/typescript/bin/tsc", "bench/node_modules/typescript/bin/tsc"])
  checkTypes(compiler);

process.stdout.write(
  complaints.length === 0
    ? `ok: ${specifiers.length} front doors load in plain Node, an agent runs, bundled too, and both compilers agree\n`
    : `${complaints.join("\n")}\n`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;

/** Unpacks the packed package into a project of its own; its dependencies are links to ours. */
function installed(): string {
  // Outside the repository, or everything missing would be found in our own node_modules.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "flock-ts-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const home = join(folder, "node_modules", manifest.name);
  mkdirSync(home, { recursive: true });
  run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], repository);
  const archive = readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? "";
  run("tar", ["-xzf", join(folder, archive), "-C", home, "--strip-components=1"], folder);
  for (const name of [...Object.keys(manifest.dependencies), "json-schema", "@types/node", "undici-types"]) {
    const target = join(repository, "node_modules", name);
    if (!existsSync(target)) continue;
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link);
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
  return folder;
}

/** Every package a built file names must be one the user has: a dependency, or loaded lazily as a peer. */
function checkImports(): void {
  const dependencies = new Set(Object.keys(manifest.dependencies));
  const peers = new Set(Object.keys(manifest.peerDependencies ?? {}));
  const home = join(repository, "dist");
  const built = readdirSync(home, { recursive: true, encoding: "utf8" }).filter((file) => /\.(js|d\.ts)$/.test(file));
  for (const file of built) {
    if (/\/\/#region [^\n]*node_modules\//.test(readFileSync(join(home, file), "utf8"))) {
      complaints.push(`dist/${file} contains code of another package; keep packages outside the bundle`);
    }
    const { atOnce, lazily } = importsOf(`dist/${file}`);
    for (const name of atOnce.map(packageOf)) {
      if (name === undefined || dependencies.has(name)) continue;
      complaints.push(`dist/${file} imports "${name}" at once, which is not in dependencies`);
    }
    for (const name of lazily.map(packageOf)) {
      if (name === undefined || dependencies.has(name) || peers.has(name)) continue;
      complaints.push(`dist/${file} loads "${name}", which is neither a dependency nor an optional peer`);
    }
  }
}

/** The built front doors must give the same names as their sources. */
function checkExports(): void {
  const code = `const names = {};
    for (const specifier of ${JSON.stringify(specifiers)}) names[specifier] = Object.keys(await import(specifier)).sort();
    process.stdout.write(JSON.stringify(names));`;
  const args = ["--input-type=module", "-e", code];
  const built = run(process.execPath, args, project);
  const source = run(process.execPath, ["--conditions=flock-source", ...args], repository);
  if (built === undefined || source === undefined) return;
  if (built !== source) complaints.push(`the built front doors differ from their sources:\n${built}\n${source}`);
}

function checkCommand(): void {
  for (const [name, path] of Object.entries(manifest.bin)) {
    const version = run(process.execPath, [join("node_modules", manifest.name, path), "--version"], project);
    const { version: expected } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
    if (version !== undefined && !version.includes(expected)) {
      complaints.push(`${name} --version prints "${version.trim()}", not ${expected}`);
    }
  }
}

/** An agent must run from the installed package, also after an application's bundler took what it thinks is needed. */
async function checkUse(): Promise<void> {
  const program = `import { DeclarativeAgent } from "${manifest.name}";
    const agent = new DeclarativeAgent({ name: "summarizer", input: "text: str", output: "summary: str" });
    const { summary } = await agent.execute("Swallows leave in autumn. They come back in April, when insects fly again.");
    process.stdout.write(summary);`;
  writeFileSync(join(project, "stranger.js"), program);
  const bundle = join(project, "bundle");
  await build({
    config: false,
    cwd: project,
    entry: { stranger: "stranger.js" },
    outDir: bundle,
    format: "esm",
    platform: "node",
    dts: false,
    minify: true,
    tsconfig: false,
    deps: { alwaysBundle: [manifest.name] },
    report: false,
    logLevel: "silent",
  });
  const bundled = readdirSync(bundle).find((file) => file.startsWith("stranger")) ?? "";
  for (const file of [join(project, "stranger.js"), join(bundle, bundled)]) {
    const answer = run(process.execPath, [file], project, { FLOCK_MODEL: "offline" });
    if (answer?.trim() === "") complaints.push(`${file} gave an empty answer`);
  }
}

function checkTypes(compiler: string): void {
  const lines = specifiers.map((specifier, index) => `export * as entry${index} from "${specifier}";`);
  writeFileSync(join(project, "stranger.ts"), `${lines.join("\n")}\n`);
  const compilerOptions = {
    module: "nodenext",
    target: "es2023",
    lib: ["es2023", "esnext.disposable"],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    // The declarations themselves are under test.
    skipLibCheck: false,
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["stranger.ts"] }));
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(repository, compiler), "--pretty", "false", "-p", project],
    {
      cwd: project,
      encoding: "utf8",
    },
  );
  const errors = stdout.split("\n").filter((line) => / error TS\d+|^error TS\d+/.test(line));
  // Declarations of our dependencies have errors of their own, which skipLibCheck hides from everyone.
  const ours = errors.filter(
    (line) => line.startsWith("error") || /^(stranger\.ts|node_modules\/flock-ts\/)/.test(line),
  );
  complaints.push(...ours.map((line) => `${compiler}: ${line}`));
  if (status !== 0 && errors.length === 0) complaints.push(`${compiler} ended with ${status}:\n${stdout}`);
}

function run(command: string, args: readonly string[], cwd: string, variables?: NodeJS.ProcessEnv): string | undefined {
  try {
    const env = { ...process.env, ...variables };
    return execFileSync(command, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
    complaints.push(`${command} ${args.slice(0, 3).join(" ")} failed:\n${stdout}${stderr}`);
    return undefined;
  }
}
