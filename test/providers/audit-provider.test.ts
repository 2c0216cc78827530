import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { InputReference } from "../../src/core/events/input-reference.ts";
import { Flock } from "../../src/flock.ts";
import { AuditProvider, type AuditSink } from "../../src/providers/audit-provider.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { runnable } from "../core/make-environment.ts";
import { eventsOf } from "../introspection/run-events.ts";

const head = { v: 1, runId: "r", path: "run/a#0", time: 5 } as const;
const warning = (message: string): FlockEvent => ({ ...head, type: "warning", code: "c", message });

function feed(audit: AuditProvider, ...events: readonly FlockEvent[]): AuditProvider {
  for (const event of events) audit.handle(event);
  return audit;
}

/** A sink that keeps its lines. */
function keeper(write: (line: string) => unknown = () => undefined): AuditSink & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    write(line) {
      const result = write(line);
      lines.push(line);
      return result;
    },
  };
}

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function newFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "flock-audit-"));
  folders.push(folder);
  return join(folder, "audit.jsonl");
}

describe("AuditProvider", () => {
  it("writes one line of JSON an event, in order", async () => {
    const sink = keeper();
    const events = eventsOf({ name: "a", calls: [{ name: "model", ms: 3, tokens: 8 }] }, { runId: "r1" });
    const audit = feed(new AuditProvider({ sink }), ...events);
    await audit.drain();
    expect(sink.lines.every((line) => line.endsWith("\n") && !line.slice(0, -1).includes("\n"))).toBe(true);
    expect(sink.lines.map((line) => JSON.parse(line).type)).toEqual(events.map(({ type }) => type));
    expect(audit.counts).toEqual({ written: 6, pending: 0, dropped: 0, failed: 0, lastError: undefined });
  });

  it("writes inputs as hash and size alone, and outputs and deltas without their value", async () => {
    const sink = keeper();
    const audit = new AuditProvider({ sink, events: ["call-start", "output", "delta", "custom"] });
    const input = new InputReference({ topic: "canary" });
    const start: FlockEvent = {
      ...head,
      type: "call-start",
      name: "a",
      kind: "agent",
      input,
      reads: ["topic"],
      writes: [],
      attempt: 1,
    };
    feed(
      audit,
      start,
      { ...head, type: "output", name: "a", value: { text: "canary" } },
      { ...head, type: "delta", delta: { kind: "text", text: "canary" } },
      { ...head, type: "delta", delta: { kind: "partial", value: { text: "canary" } } },
      { ...head, type: "delta", delta: { kind: "tool-input", toolCallId: "1", tool: "t", text: "canary" } },
      { ...head, type: "custom", name: "mine", data: { step: 2 } },
    );
    await audit.drain();
    expect(sink.lines.join("")).not.toContain("canary");
    const [first, output, text, , , custom] = sink.lines.map((line) => JSON.parse(line));
    expect(first.input).toEqual(input.toJSON());
    expect(output).toEqual({ ...head, type: "output", name: "a" });
    expect(text.delta).toEqual({ kind: "text" });
    expect(custom.data).toEqual({ step: 2 });
  });

  it("writes failures as code and fingerprint, from the first one on", async () => {
    const sink = keeper();
    const call = {
      name: "m",
      ms: 3,
      outcome: "error",
      code: "unknown",
      error: new Error("his name is Rumpel"),
    } as const;
    const audit = feed(new AuditProvider({ sink }), ...eventsOf(call, { runId: "r1" }));
    await audit.drain();
    const written = sink.lines.map((line) => JSON.parse(line)).find(({ type }) => type === "call-end");
    expect(written.failure).toEqual({ code: "unknown", fingerprint: expect.stringMatching(/^[\w-]{16}$/) });
    expect(sink.lines.join("")).not.toContain("Rumpel");
  });

  it("hashes an input as it was when the event came", async () => {
    const sink = keeper();
    const input = { topic: "one" };
    const before = new InputReference({ topic: "one" }).toJSON();
    const [, start] = eventsOf({ name: "a", kind: "agent", ms: 1, input }, { runId: "r" });
    const audit = feed(new AuditProvider({ sink }), start!);
    input.topic = "two";
    await audit.drain();
    expect(JSON.parse(sink.lines[0]!).input).toEqual(before);
  });

  it("asks for everything but deltas and outputs, or what it is told", () => {
    const sink = keeper();
    const wanted = new AuditProvider({ sink }).events;
    expect(wanted).toContain("alert-fired");
    expect(wanted).not.toContain("output");
    expect(wanted).not.toContain("delta");
    expect(new AuditProvider({ sink, events: ["run-end"], name: "log" })).toMatchObject({
      name: "log",
      events: ["run-end"],
    });
  });

  it("waits for a sink that gives promises, and drops and counts what finds the buffer full", async () => {
    const opened = Promise.withResolvers<void>();
    const sink = keeper(() => opened.promise);
    const audit = new AuditProvider({ sink, maxPending: 10 });
    feed(audit, ...Array.from({ length: 25 }, (_, index) => warning(`${index}`)));
    expect(audit.counts).toMatchObject({ written: 0, pending: 10, dropped: 15 });
    opened.resolve();
    await audit.drain();
    expect(sink.lines.map((line) => JSON.parse(line).message)).toEqual(
      Array.from({ length: 10 }, (_, index) => `${index}`),
    );
    expect(audit.counts).toMatchObject({ written: 10, pending: 0, dropped: 15 });
  });

  it("accounts for every event, whatever the sink does", async () => {
    const behaviour = fc.constantFrom("take", "throw", "reject", "later", "false");
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { maxLength: 40 }),
        fc.integer({ min: 1, max: 30 }),
        async (behaviours, maxPending) => {
          let at = 0;
          const sink = keeper(() => {
            const next = behaviours[at++ % Math.max(1, behaviours.length)];
            if (next === "throw") throw new Error("sink");
            if (next === "reject") return Promise.reject(Object.assign(new Error("sink"), { code: "EPIPE" }));
            if (next === "later") return Promise.resolve();
            return next !== "false";
          });
          const audit = new AuditProvider({ sink, maxPending });
          feed(audit, ...behaviours.map((_, index) => warning(`${index}`)));
          await audit.drain();
          const { written, pending, dropped, failed } = audit.counts;
          expect(pending).toBe(0);
          expect(written + dropped + failed).toBe(behaviours.length);
        },
      ),
    );
  });

  it("says with what code it failed last, and goes on", async () => {
    let broken = true;
    const sink = keeper(() => {
      if (broken) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    });
    const audit = feed(new AuditProvider({ sink }), warning("lost"));
    await audit.drain();
    broken = false;
    await feed(audit, warning("kept")).drain();
    expect(audit.counts).toMatchObject({ written: 1, failed: 1, lastError: "ENOSPC" });
    expect(sink.lines.map((line) => JSON.parse(line).message)).toEqual(["kept"]);
  });

  it("counts an event that cannot be written as JSON, and shortens one that is very long", async () => {
    const sink = keeper();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const audit = feed(
      new AuditProvider({ sink }),
      { ...head, type: "custom", name: "mine", data: cycle as never },
      warning("x".repeat(70_000)),
    );
    await audit.drain();
    expect(audit.counts).toMatchObject({ written: 1, failed: 1, lastError: "unknown" });
    expect(JSON.parse(sink.lines[0]!)).toMatchObject({ type: "warning", path: "run/a#0", truncated: true });
    expect(sink.lines[0]!.length).toBeLessThan(200);
  });

  it("waits until a full stream has room, and writes all of it", async () => {
    const taken: string[] = [];
    const stream = new Writable({
      highWaterMark: 1,
      decodeStrings: false,
      write(chunk, _, done) {
        taken.push(chunk);
        setImmediate(done);
      },
    });
    const audit = feed(
      new AuditProvider({ sink: stream }),
      ...Array.from({ length: 50 }, (_, index) => warning(`${index}`)),
    );
    await audit.drain();
    expect(taken).toHaveLength(50);
    expect(stream.writableLength).toBe(0);
  });

  it("neither hangs nor ends the process when a stream breaks", async () => {
    const stream = new Writable({ highWaterMark: 1, write: (_, __, done) => done(new Error("gone")) });
    const audit = feed(new AuditProvider({ sink: stream }), warning("a"), warning("b"), warning("c"));
    await audit.drain();
    await feed(audit, warning("d")).drain();
    expect(audit.counts).toMatchObject({ pending: 0, dropped: 0 });
    expect(audit.counts.failed).toBeGreaterThanOrEqual(3);
    expect(audit.counts.lastError).toBe("sink_closed");
    await audit[Symbol.asyncDispose]();
    expect(stream.listenerCount("error")).toBe(0);
    const ended = new PassThrough();
    ended.end();
    const late = feed(new AuditProvider({ sink: ended }), warning("a"));
    await late.drain();
    expect(late.counts.failed).toBe(1);
  });

  it("appends to a file that only its owner can read, and closes it", async () => {
    const path = await newFile();
    for (const message of ["first", "second"]) {
      await using audit = new AuditProvider({ path });
      feed(audit, ...Array.from({ length: 100 }, () => warning(message)));
    }
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).message)).toEqual([
      ...Array(100).fill("first"),
      ...Array(100).fill("second"),
    ]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("writes nothing after it was disposed, and can be disposed unused and twice", async () => {
    const path = await newFile();
    const audit = new AuditProvider({ path });
    await audit[Symbol.asyncDispose]();
    await audit[Symbol.asyncDispose]();
    await feed(audit, warning("late")).drain();
    expect(audit.counts).toMatchObject({ written: 0, dropped: 1 });
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("counts lines for a file that cannot be opened", async () => {
    const path = await newFile();
    await writeFile(path, "");
    const audit = feed(new AuditProvider({ path: join(path, "below-a-file") }), warning("a"), warning("b"));
    await audit.drain();
    expect(audit.counts).toMatchObject({ written: 0, failed: 2, pending: 0, lastError: "ENOTDIR" });
  });

  it("refuses to be without a place, in two places, or with wrong options", () => {
    const sink = keeper();
    for (const options of [
      {},
      { path: "a", sink },
      { path: "" },
      { sink: {} },
      { sink, events: ["all"] },
      { sink, maxPending: 0 },
      { snk: sink },
    ]) {
      expect(() => new AuditProvider(options as never)).toThrow(expect.objectContaining({ code: "option_invalid" }));
    }
    expect(() => new AuditProvider(undefined as never)).toThrow(expect.objectContaining({ code: "option_invalid" }));
  });

  it("keeps the story of a real run", async () => {
    const sink = keeper();
    {
      await using flock = new Flock({ runtime: createTestRuntime(), providers: [new AuditProvider({ sink })] });
      await flock.run(
        runnable("a", async ({ topic }: { topic: string }) => ({ topic })),
        { topic: "canary" },
      );
    }
    const story = sink.lines.map((line) => JSON.parse(line));
    expect(story.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["run-start", "call-start", "call-end", "run-end"]),
    );
    expect(sink.lines.join("")).not.toContain("canary");
  });
});
