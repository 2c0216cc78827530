/** The command as people run it: a process with signals, pipes and an exit code. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startVendorServer } from "../models/vendor-server.ts";
import { orders } from "./command-line.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

function start(argv: readonly string[], variables: Readonly<Record<string, string>> = {}): ChildProcess {
  const { FLOCK_MODEL: _model, NODE_ENV: _mode, ...inherited } = process.env;
  return spawn(process.execPath, ["--conditions=flock-source", main, ...argv], {
    env: { ...inherited, NODE_NO_WARNINGS: "", ...variables },
  });
}

async function ended(child: ChildProcess) {
  let out = "";
  let err = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code, signal, out, err };
}

const ask = ["run", "--input", "q: str", "--output", "answer: str", "--model", "ollama/test", "hello"];

describe.concurrent("the command", () => {
  it("answers a pipe without any order for a terminal", async () => {
    const child = start(["run", "--input", "text: str", "--output", "summary: str", "-"]);
    child.stdin?.end("Swallows leave in autumn. They come back in April, when insects fly again.");
    const { code, out, err } = await ended(child);
    expect(code).toBe(0);
    expect(out).toMatch(/^summary: .+\n$/);
    expect(err).toMatch(/^model offline\/extractive: /);
    expect(out + err).not.toMatch(orders);
  });

  it("exits with 1 and one line at a mistake", async () => {
    const { code, out, err } = await ended(start(["serach", "docs", "x"]));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^flock-ts: [^\n]*did you mean search\?\n$/);
  });

  it("ends with 130 at Ctrl-C, and hangs up on the model", async () => {
    await using vendor = await startVendorServer(() => {});
    const child = start(ask, { OLLAMA_BASE_URL: vendor.url });
    vendor.answer = () => child.kill("SIGINT");
    const gone = vendor.nextAbort();
    const { code, signal, err } = await ended(child);
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(err).toMatch(/flock-ts: interrupted\n$/);
    await gone;
  });

  it("ends with 130 at Ctrl-C while it waits for its input", async () => {
    const child = start(["run", "--input", "q: str", "--output", "answer: str", "-"]);
    // More than a pipe holds: once it is written the program is reading. Then the pipe stays open and silent.
    child.stdin?.write("a".repeat(2 ** 20), () => child.kill("SIGINT"));
    const { code, signal } = await ended(child);
    expect({ code, signal }).toEqual({ code: 130, signal: null });
  });

  it("ends quietly when the reader has enough", async () => {
    const child = start(["help", "run"]);
    child.stdout?.destroy();
    const { code, err } = await ended(child);
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });
});
