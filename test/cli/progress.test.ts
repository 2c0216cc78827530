import { describe, expect, it } from "vitest";
import { takesEscapes } from "../../src/cli/command.ts";
import { Progress, type ProgressOptions, seconds } from "../../src/cli/output/progress.ts";
import type { FlockEvent } from "../../src/entries/index.ts";
import { createTestRuntime } from "../../src/entries/testing.ts";
import { Collector, orders } from "./command-line.ts";

const head = { v: 1, runId: "r", time: 0 } as const;
const start = (path: string, name: string, kind: "agent" | "model" | "tool") =>
  ({ ...head, type: "call-start", path, name, kind, reads: [], writes: [], attempt: 1 }) as unknown as FlockEvent;
const end = (path: string, name: string, kind: "agent" | "model" | "tool", more: object = {}) =>
  ({ ...head, type: "call-end", path, name, kind, outcome: "ok", durationMs: 12, ...more }) as unknown as FlockEvent;

function progress(options: Partial<ProgressOptions> & { terminal?: boolean; variables?: Record<string, string> } = {}) {
  const stderr = new Collector(options.terminal ?? false);
  const runtime = createTestRuntime({ variables: options.variables ?? {} });
  const { quiet = false, still = false } = options;
  return { stderr, runtime, shown: new Progress({ stderr, runtime }, { quiet, still }) };
}

describe("progress", () => {
  it("is a plain line for each finished call where no terminal is", () => {
    const { stderr, shown, runtime } = progress();
    shown.doing("reading");
    shown.onEvent(start("a", "agent", "agent"));
    shown.onEvent(start("a/m", "openai/x", "model"));
    shown.onEvent(end("a/m", "openai/x", "model", { usage: { inputTokens: 10, outputTokens: 5 } }));
    shown.onEvent(end("a/t", "lo\x1b[2Jok", "tool", { outcome: "error", code: "tool_failed" }));
    shown.onEvent({ ...head, path: "a", type: "warning", code: "w", message: "mind\nthis" });
    shown.onEvent(end("a", "agent", "agent", { durationMs: 1_240 }));
    shown[Symbol.dispose]();
    expect(stderr.text).toBe(
      "model openai/x: 12 ms, 15 tokens\ntool look: 12 ms, error (tool_failed)\nwarning: mind this\nagent: 1.2 s, 15 tokens\n",
    );
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("is nothing when it is to be quiet", () => {
    const { stderr, shown } = progress({ quiet: true, terminal: true });
    shown.doing("reading");
    shown.onEvent(start("a", "agent", "agent"));
    shown.onEvent(end("a", "agent", "agent"));
    shown.line("x");
    shown[Symbol.dispose]();
    expect(stderr.text).toBe("");
  });

  it("rewrites a line on a terminal, never longer than it, and takes it away", async () => {
    const { stderr, shown, runtime } = progress({ terminal: true });
    shown.onEvent(start("a", `agent ${"x".repeat(100)}\x1b[31m`, "agent"));
    shown.onEvent(start("a/m", "openai/x", "model"));
    shown.onEvent(end("a/m", "openai/x", "model", { usage: { inputTokens: 10, outputTokens: 5 } }));
    await runtime.clock.advance(1_500);
    const live = stderr.text.split("\r\x1b[2K");
    expect(live.at(-1)).toMatch(/^1\.5 s {1,2}agent x+…$/);
    for (const line of live.filter((one) => !one.endsWith("\n"))) expect(line.length).toBeLessThan(60);
    shown[Symbol.dispose]();
    expect(stderr.text.endsWith("\r\x1b[2K")).toBe(true);
    const { length } = stderr.text;
    await runtime.clock.advance(1_000);
    shown[Symbol.dispose]();
    expect(stderr.text).toHaveLength(length);
  });

  it("does not keep the process alive", () => {
    const { shown, runtime } = progress({ terminal: true });
    shown.doing("reading");
    expect(runtime.clock.pendingTimers).toBe(0);
    shown[Symbol.dispose]();
  });

  it("keeps the lines of a run for the end where the answer grows on the same terminal", () => {
    const { stderr, shown } = progress({ terminal: true, still: true });
    shown.line("indexed");
    expect(stderr.text).toContain("indexed");
    shown.onEvent(start("a", "agent", "agent"));
    shown.onEvent(end("a", "agent", "agent"));
    expect(stderr.text).not.toContain("agent");
    shown[Symbol.dispose]();
    shown[Symbol.dispose]();
    expect(stderr.text).toBe("\x1b[2mindexed\x1b[22m\n\x1b[2magent: 12 ms\x1b[22m\n");
  });

  it.each([{ NO_COLOR: "1" }, { TERM: "dumb" }])("sends no orders with %j", (variables) => {
    const { stderr, shown } = progress({ terminal: true, variables });
    shown.doing("reading");
    shown.onEvent(end("a", "agent", "agent"));
    shown[Symbol.dispose]();
    expect(stderr.text).toBe("agent: 12 ms\n");
    expect(stderr.text).not.toMatch(orders);
  });
});

describe("escapes", () => {
  it("go to terminals alone", () => {
    expect(takesEscapes({ write: () => true }, createTestRuntime())).toBe(false);
    expect(takesEscapes({ write: () => true, isTTY: true }, createTestRuntime())).toBe(true);
  });
});

describe("a duration", () => {
  it("is in milliseconds, then in seconds", () => {
    expect([0, 12.4, 999, 1_000, 61_250].map(seconds)).toEqual(["0 ms", "12 ms", "999 ms", "1.0 s", "61.3 s"]);
  });
});
