import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { DeclarativeAgent } from "../../src/agent/declarative-agent.ts";
import { createTestRuntime, scriptedModel } from "../../src/entries/testing.ts";
import { Flock } from "../../src/flock.ts";
import { readSources } from "../architecture/import-graph.ts";

const source = new URL("../../src", import.meta.url).pathname;

/** What needs more than a file, or is none of a run: servers, model files, commands. */
const elsewhere = /^cli\/|llama|sentence-embedder|vendor-clients|shared-gate/;

describe("a test's clock", () => {
  it("lets the first run of a process end by itself alone, recorded, without waiting for a file", async () => {
    const runtime = createTestRuntime();
    const model = scriptedModel([{ json: { answer: "yes" }, delayMs: 50 }], { runtime });
    await using flock = new Flock({ runtime, model });
    const agent = new DeclarativeAgent({ name: "first", input: "topic: str", output: "answer: str" });
    let answer: unknown;
    void flock.run(agent, "bees").then((value) => {
      answer = value;
    });
    await runtime.clock.advance(49);
    expect([model.requests.length, answer]).toEqual([1, undefined]);
    await runtime.clock.advance(1);
    expect(answer).toEqual({ answer: "yes" });
    expect(flock.history?.runs().map((run) => run.durationMs)).toEqual([50]);
  });

  it("never waits for a file of the package: all that is imported late is imported before it", () => {
    const beforehand = readFileSync(join(source, "testing/late-parts.ts"), "utf8");
    const late = readSources(source).flatMap(({ path }) => {
      const text = readFileSync(join(source, path), "utf8");
      return [...text.matchAll(/(?<!typeof )\bimport\("(\.[^"]+)"\)/g)].map(([, target]) =>
        join(dirname(path), target!),
      );
    });
    const needed = [...new Set(late)].filter((path) => !elsewhere.test(path));
    expect(needed.length).toBeGreaterThan(15);
    expect(needed.filter((path) => !beforehand.includes(`"../${path}"`))).toEqual([]);
  });
});
