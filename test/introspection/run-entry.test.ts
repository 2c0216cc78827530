import { expect, it } from "vitest";
import { InputReference } from "../../src/core/events/input-reference.ts";
import { CallEntry, RunEntry } from "../../src/introspection/record/run-entry.ts";

it("finds the model that a call asked, not that of a call whose number begins alike", () => {
  const run = new RunEntry({ type: "run-start", runId: "r", name: "p", kind: "pattern", time: 0 } as never);
  const entry = (path: string, name: string, kind: "agent" | "model") => {
    const start = { type: "call-start", runId: "r", path, name, kind, time: 0, reads: [], writes: [] };
    return new CallEntry({ ...start, attempt: 1, input: new InputReference({}) } as never, false);
  };
  const agent = entry("run/p#0/x#1", "x", "agent");
  run.open(agent);
  run.open(entry("run/p#0/x#1/m#0", "cheap", "model"));
  run.open(entry("run/p#0/x#10", "x", "agent"));
  run.open(entry("run/p#0/x#10/m#0", "dear", "model"));
  expect(run.modelBelow(agent)).toBe("cheap");
});
