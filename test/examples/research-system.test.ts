/** The example as a newcomer starts it: a process of its own, not a terminal. */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "flock-example-"));
const empty = join(scratch, "empty");
const bees = join(scratch, "bees");
const short = join(scratch, "short");
mkdirSync(empty);
mkdirSync(short);
writeFileSync(join(short, "dance.txt"), "Honey bees dance to tell other bees where flowers are.");
mkdirSync(bees);
writeFileSync(
  join(bees, "dance.md"),
  "# The dance\n\nHoney bees dance to tell other bees where flowers are. In 1923 the dance of honey bees was described for the first time. A longer dance means that the flowers are farther away.",
);
writeFileSync(
  join(bees, "winter.txt"),
  "Honey bees keep warm in winter by forming a cluster. The cluster of bees eats the honey that was stored in summer.",
);
writeFileSync(join(bees, "broken.pdf"), "this is no pdf");
afterAll(() => rmSync(scratch, { recursive: true }));

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], variables: Record<string, string> = {}) {
  const { FLOCK_MODEL: _, OPENAI_API_KEY: __, ...inherited } = process.env;
  const child = spawn(
    process.execPath,
    ["--conditions=flock-source", "examples/advanced/research-system.ts", ...args],
    {
      cwd: root,
      env: { ...inherited, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const ended = new Promise<Ending>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  return { child, ended };
}

describe("npm start", () => {
  it("researches real speeches offline, and shows progress, findings with their year, metrics and advice", async () => {
    const { code, stdout, stderr } = await start(["immigration"]).ended;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toMatch(/^233 documents, [\d,]+ passages indexed in [\d.]+ s; model: offline$/m);
    expect(stdout).toMatch(/^ +[\d.]+ s +model offline\/extractive: \d+ ms, \d+ tokens$/m);
    expect(stdout).toMatch(/^ +[\d.]+ s +tool searchDocuments: \d+ ms$/m);
    const findings = [...stdout.matchAll(/^\d+\. “([^”]+)” — (\d{4}) \S/gms)];
    expect(findings.length).toBeGreaterThanOrEqual(3);
    for (const [, , year] of findings) expect(Number(year)).toBeGreaterThanOrEqual(1790);
    expect(stdout).toMatch(/^Metrics of \d{2} runs$/m);
    expect(stdout).toContain("success 100 %");
    expect(stdout).toMatch(/^Suggestions$/m);
  });

  it("prints by itself what the README's first screen shows", async () => {
    const { code, stdout } = await start([]).ended;
    expect(code).toBe(0);
    const answer = /^What they say about [\s\S]+?^Tone: .+$/m;
    const shown = answer.exec(readFileSync(join(root, "README.md"), "utf8"))?.[0];
    expect(shown).toBeDefined();
    expect(answer.exec(stdout)?.[0]).toBe(shown);
  });

  it("takes any topic and any folder, and reports the file it could not read", async () => {
    const { code, stdout } = await start(["how", "bees", "dance", "--docs", bees]).ended;
    expect(code).toBe(0);
    expect(stdout).toContain("2 documents");
    expect(stdout).toContain("skipped broken.pdf");
    expect(stdout).toMatch(/dance\.md/);
  });

  it("says that too little was recorded for advice, which is not that nothing is worth changing", async () => {
    const { code, stdout } = await start(["how", "bees", "dance", "--docs", short]).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Too little was recorded for advice; runs still needed: \d$/m);
    expect(stdout).not.toContain("Nothing worth changing");
  });

  it.each([
    ["an empty topic", [" "], "the topic is empty"],
    ["a missing folder", ["x", "--docs", join(scratch, "nowhere")], "it does not exist"],
    ["an empty folder", ["x", "--docs", empty], "there is nothing to search"],
    ["a file in place of a folder", ["x", "--docs", join(bees, "dance.md")], "folder"],
    ["an unknown model", ["x", "--model", "offlin"], 'did you mean "offline"?'],
    ["a missing key", ["x", "--model", "openai/gpt-5-mini"], "OPENAI_API_KEY"],
    ["a wrong option", ["x", "--dcs", "y"], "Unknown option '--dcs'"],
    ["an option without its value", ["x", "--docs"], "--docs"],
  ])("answers %s with one line that says what to do, and exit code 1", async (_, args, message) => {
    const { code, stderr } = await start(args).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("shows the stack when asked to", async () => {
    const { code, stderr } = await start(["x", "--model", "offlin", "--debug"]).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/\n {4}at /);
  });

  it("says what it takes", async () => {
    const { code, stdout } = await start(["--help"]).ended;
    expect(code).toBe(0);
    expect(stdout).toContain("--docs FOLDER");
  });

  it("ends within a second of Ctrl-C", async () => {
    const { child, ended } = start(["immigration"]);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const before = performance.now();
    child.kill("SIGINT");
    const { code } = await ended;
    expect(code).toBe(130);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});
