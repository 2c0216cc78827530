import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type CliProcess, type ProcessOutput, runProcess } from "../../src/cli/run-process.ts";

/** A stream that can fail, as the real ones do: later, by an event. */
class Output extends EventEmitter implements ProcessOutput {
  text = "";
  /** The error of every write from now on. */
  failure: NodeJS.ErrnoException | undefined;
  onWrite: (() => void) | undefined;

  write(text: string, written?: () => void): boolean {
    if (this.failure === undefined) this.text += text;
    else queueMicrotask(() => this.emit("error", this.failure));
    queueMicrotask(() => written?.());
    this.onWrite?.();
    return true;
  }
}

function fakeProcess(argv: readonly string[], stdin = Readable.from([])) {
  const exits: number[] = [];
  let exited = (_code: number): void => {};
  const ended = new Promise<number>((resolve) => {
    exited = resolve;
  });
  const process = Object.assign(new EventEmitter(), {
    argv: ["node", "flock-ts", ...argv],
    stdin,
    stdout: new Output(),
    stderr: new Output(),
    exit: (code: number) => {
      exits.push(code);
      exited(code);
    },
  }) satisfies CliProcess;
  return { process, exits, ended };
}

const silent = () => new Readable({ read: () => {} });
const waiting = ["run", "--input", "a: str", "--output", "b: str", "-"];
const failure = (code: string) => Object.assign(new Error(`write ${code}`), { code });

describe("the process", () => {
  it("exits with the code of the command, after all is written", async () => {
    const { process, exits } = fakeProcess(["--version"]);
    await runProcess(process);
    expect(exits).toEqual([0]);
    expect(process.stdout.text).toMatch(/^flock-ts \d/);
    const wrong = fakeProcess(["chekc"]);
    await runProcess(wrong.process);
    expect(wrong.exits).toEqual([1]);
    expect(wrong.process.stderr.text).toContain("did you mean check?");
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("ends the command at %s and exits with %i", async (signal, code) => {
    const { process, exits } = fakeProcess(waiting, silent());
    const running = runProcess(process);
    process.emit(signal);
    await running;
    expect(exits).toEqual([code]);
    expect(process.stdout.text).toBe("");
    expect(process.stderr.text).toBe("flock-ts: interrupted\n");
  });

  it("exits at once at a second signal", async () => {
    const { process, exits } = fakeProcess(waiting, silent());
    const running = runProcess(process);
    process.emit("SIGINT");
    process.emit("SIGINT");
    expect(exits).toEqual([130]);
    await running;
  });

  it("does not wait for output that does not stop by itself", async () => {
    const { process, exits, ended } = fakeProcess(["--version"]);
    process.stdout.write = () => true;
    void runProcess(process);
    process.emit("SIGINT");
    expect(await ended).toBe(130);
    expect(exits).toEqual([130]);
  });

  it("ends quietly when nobody reads its output any more", async () => {
    const { process, exits } = fakeProcess(["--help"]);
    process.stdout.failure = failure("EPIPE");
    await runProcess(process);
    expect(exits).toEqual([0]);
    expect(process.stderr.text).toBe("");
  });

  it("stops its work when nobody reads its output any more", async () => {
    const { process, exits } = fakeProcess(waiting, silent());
    const running = runProcess(process);
    process.stdout.emit("error", failure("EPIPE"));
    await running;
    expect(exits).toEqual([0]);
    expect(process.stderr.text).toBe("");
  });

  it("says when its output cannot be written", async () => {
    const { process, exits } = fakeProcess(waiting, silent());
    const running = runProcess(process);
    process.stdout.emit("error", failure("ENOSPC"));
    await running;
    expect(exits).toEqual([1]);
    expect(process.stderr.text).toBe("flock-ts: the output cannot be written (ENOSPC)\n");
    const nameless = fakeProcess(waiting, silent());
    const second = runProcess(nameless.process);
    nameless.process.stdout.emit("error", new Error("gone"));
    await second;
    expect(nameless.process.stderr.text).toContain("(gone)");
  });

  it("works on when only its progress is not read", async () => {
    const text = "Bees dance to tell each other where flowers are.";
    const { process, exits } = fakeProcess([
      "run",
      "--input",
      "text: str",
      "--output",
      "summary: str",
      "--model",
      "offline",
      text,
    ]);
    process.stderr.failure = failure("EPIPE");
    await runProcess(process);
    expect(exits).toEqual([0]);
    expect(process.stdout.text).toContain("summary: Bees dance");
  });

  it("tells an error that nobody caught in one line", async () => {
    const { process, exits } = fakeProcess(["--version"]);
    await runProcess(process);
    process.emit("uncaughtException", new Error("a listener\nfailed"));
    expect(process.stderr.text).toBe("flock-ts: a listener failed\n");
    expect(exits).toEqual([0, 1]);
  });
});
