/** Runs carried out as lines of JSON and in again, from files of any quality. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FlockError, isFlockError } from "../../../src/core/errors/errors.ts";
import { exportRuns, importRuns } from "../../../src/entries/introspection.ts";
import { longestLine } from "../../../src/introspection/history/run-line.ts";
import { RunSnapshot } from "../../../src/introspection/history/run-snapshot.ts";
import { anyRun, listOf, plainRun } from "./recorded-runs.ts";

const textOf = async (runs: Parameters<typeof exportRuns>[0], options = {}) =>
  (await listOf(exportRuns(runs, options))).join("");
const all = { redact: (run: ReturnType<typeof plainRun>) => run };

async function failureOf(source: Parameters<typeof importRuns>[0]): Promise<FlockError<"history_invalid">> {
  const error = await listOf(importRuns(source)).catch((reason: unknown) => reason);
  if (!isFlockError(error, "history_invalid")) throw error;
  return error;
}

describe("exportRuns and importRuns", () => {
  it("give back the records they were given, cut into pieces anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRun, { maxLength: 5 }), fc.integer({ min: 1, max: 400 }), async (runs, size) => {
        const bytes = Buffer.from(await textOf(runs, all));
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        expect(await listOf(importRuns(pieces))).toEqual(runs);
        expect(await listOf(importRuns(bytes))).toEqual(runs);
        expect(await textOf(importRuns(bytes), all)).toBe(bytes.toString());
      }),
      { numRuns: 100 },
    );
  });

  it("carry codes and fingerprints of failures, their messages only when asked, and nothing a record has not", async () => {
    const run = plainRun({}, {
      input: "secret",
      failure: { code: "timeout", fingerprint: "f1", title: "secret" },
    } as never);
    const text = await textOf(new RunSnapshot([{ ...run, output: "secret" } as never]));
    expect(text).not.toContain("secret");
    const [read] = await listOf(importRuns(text));
    expect(read?.calls[0]?.failure).toEqual({ code: "timeout", fingerprint: "f1", title: "timeout" });
    expect(await textOf(importRuns(await textOf([run], all)))).toBe(text);
    expect(
      await textOf([run, plainRun({ runId: "run-2" })], {
        redact: (each: { runId: string }) => (each.runId === "run-2" ? each : undefined),
      }),
    ).toContain("run-2");
  });

  it("read lines of a version that knew one hash of an input alone", async () => {
    const text = await textOf([plainRun()], all);
    const older = text.replace('"looseInputHash":5,', "");
    expect(older).not.toBe(text);
    const [read] = await listOf(importRuns(older));
    expect(read?.calls[0]).toMatchObject({ inputHash: 17, looseInputHash: undefined, inputSize: 9 });
  });

  it("leave out a run that a redaction keeps in, and fail without a word of it when the redaction does", async () => {
    expect(await textOf([plainRun()], { redact: () => undefined })).toBe("");
    const broken = () => {
      throw new Error("secret");
    };
    for (const redact of [broken, () => ({ runId: "secret" }), () => "secret"]) {
      const error = await textOf([plainRun()], { redact }).catch((reason: unknown) => reason);
      expect(isFlockError(error, "option_invalid")).toBe(true);
      expect(`${error} ${JSON.stringify(error)} ${(error as Error).cause}`).not.toContain("secret");
    }
  });

  it("read lines from before answers were compared", async () => {
    const [old] = await listOf(importRuns(await textOf([plainRun()])));
    expect([old!.calls[0]!.outputHashes, old!.calls[0]!.answeredBy]).toEqual([undefined, undefined]);
    expect(await textOf([plainRun()])).not.toMatch(/outputHashes|answeredBy/);
  });

  it("name the line and the place of what is no run", async () => {
    const good = (await textOf([plainRun()])).trim();
    const change = (text: string) => text.replace('"startMs":', '"startMs":null,"wasMs":');
    const cases: readonly (readonly [string, number, string, string])[] = [
      ["nonsense", 1, "", "JSON"],
      [`${good}\n\n{`, 3, "", "JSON"],
      ["[]", 1, "", "a run of version 1"],
      ["null", 1, "", "a run of version 1"],
      ['{"v":2}', 1, "", "a run of version 1"],
      ['{"v":1}', 1, "/runId", "a string"],
      [`${good}\n${change(good)}\n`, 2, "/startMs", "a finite number"],
      [good.replace('"ended":true', '"ended":1'), 1, "/calls/0/ended", "true or false"],
      [good.replace('"kind":"agent"', '"kind":"ghost"'), 1, "/kind", "one of agent, pattern, model, tool"],
      [good.replace('"reads":["topic"]', '"reads":[1]'), 1, "/calls/0/reads", "a list of strings"],
      [
        good.replace('"reads":', '"outputHashes":[1,null,"x"],"reads":'),
        1,
        "/calls/0/outputHashes",
        "a list of numbers and nulls",
      ],
      [good.replace('"reads":', '"answeredBy":7,"reads":'), 1, "/calls/0/answeredBy", "a string"],
      [good.replace('"fingerprint":"f1"', '"fingerprint":7'), 1, "/calls/0/failure/fingerprint", "a string"],
      [good.replace(/"failure":\{[^}]*\}/, '"failure":[]'), 1, "/calls/0/failure", "an object"],
      [good.replace('"durationMs":20', '"durationMs":1e999'), 1, "/durationMs", "a finite number"],
      [good.replace('"durationMs":20', '"durationMs":1e308'), 1, "/durationMs", "a number within ±2^53"],
      [good.replace('"attempts":1', '"attempts":-1'), 1, "/calls/0/attempts", "a whole number, 0 or more"],
      [good.replace('"attempts":1', '"attempts":1.5'), 1, "/calls/0/attempts", "a whole number, 0 or more"],
      [
        good.replace('"attempts":1', `"attempts":33,"tried":[${Array(33).fill("{}").join()}]`),
        1,
        "/calls/0/tried",
        "a list of 32 at most",
      ],
      [good.replace(/"calls":.*\}$/, '"calls":{}}'), 1, "/calls", "a list"],
    ];
    for (const [text, line, pointer, expected] of cases) {
      const error = await failureOf(text);
      expect(error.details, text.slice(0, 60)).toMatchObject({ line, pointer, expected });
      expect(error.message).toContain(`line ${line}`);
    }
  });

  it("pass over bad lines when told to, and go on with the good ones", async () => {
    const good = await textOf([plainRun()]);
    const told: number[] = [];
    const onInvalid = (error: FlockError<"history_invalid">) => told.push(error.details.line);
    const read = await listOf(importRuns(`x\n${good}\r\n{}\n${good.trim()}`, { onInvalid }));
    expect([read.length, told]).toEqual([2, [1, 4]]);
  });

  it("hold no line longer than they may, though the file never ends it", async () => {
    const piece = "x".repeat(1_000_000);
    const good = await textOf([plainRun()]);
    async function* file() {
      for (let index = 0; index < 40; index++) yield piece;
      yield `\n${good}`;
      for (let index = 0; index < 20; index++) yield piece;
    }
    expect((await failureOf(file())).details).toMatchObject({ line: 1, expected: `at most ${longestLine} characters` });
    const told: number[] = [];
    expect(await listOf(importRuns(file(), { onInvalid: (error) => told.push(error.details.line) }))).toHaveLength(1);
    expect(told).toEqual([1, 3]);
  });

  it("let no line reach a prototype, whatever it names", async () => {
    const good = (await textOf([plainRun()])).trim();
    const hostile = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${good.slice(1)}`;
    const [run] = await listOf(importRuns(hostile));
    expect(run).toEqual(plainRun({}, { failure: { code: "timeout", fingerprint: "f1", title: "timeout" } }));
    expect(Object.getPrototypeOf(run)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const inherited = '{"v":1,"__proto__":{"runId":"x"}}';
    expect((await failureOf(inherited)).details.pointer).toBe("/runId");
  });

  it("answer any text with runs or a positioned error", { timeout: 30_000 }, async () => {
    const good = (await textOf([plainRun()])).trim();
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.string({ maxLength: 4 }), fc.nat(5), async (at, text, cut) => {
        const mutated = good.slice(0, at) + text + good.slice(at + cut);
        try {
          await listOf(importRuns(mutated));
        } catch (error) {
          expect(isFlockError(error, "history_invalid"), mutated).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect((await failureOf("[".repeat(3_000_000))).details.line).toBe(1);
  });

  it("refuse what is no source, no history and no option", async () => {
    const refused = expect.toSatisfy((error) => isFlockError(error, "option_invalid"));
    for (const source of [null, 1, {}]) await expect(listOf(importRuns(source as never))).rejects.toEqual(refused);
    for (const runs of [null, 1, {}]) await expect(textOf(runs as never)).rejects.toEqual(refused);
    await expect(textOf([], { redact: 1 })).rejects.toEqual(refused);
    await expect(listOf(importRuns("", { onInvalid: 1 } as never))).rejects.toEqual(refused);
  });
});
