import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { createTestRuntime } from "../../src/entries/testing.ts";
import {
  chunk,
  completion,
  events,
  json,
  startVendorServer,
  usageChunk,
  type VendorAnswer,
} from "../models/vendor-server.ts";
import { type CommandRunOptions, command, orders } from "./command-line.ts";

const bees =
  "Honey bees dance to tell each other where flowers are. The waggle dance gives distance and direction. " +
  "A bee that found nectar dances on the comb, and others follow it.";
const summarize = ["run", "--input", "text: str", "--output", "summary: str, keywords: list[str]"];

/** Runs a command against a model behind a real server. */
async function served(answer: VendorAnswer, argv: readonly string[], options: CommandRunOptions = {}) {
  await using vendor = await startVendorServer(answer);
  const variables = { OLLAMA_BASE_URL: vendor.url, FLOCK_MODEL: "ollama/test", ...options.variables };
  const { monotonic, setTimer, sleep } = systemRuntime;
  const moving = { ...createTestRuntime({ variables, fetch: globalThis.fetch }), monotonic, setTimer, sleep };
  const end = await command(argv, { ...options, runtime: options.runtime ?? moving });
  return { ...end, requests: vendor.requests };
}

describe("flock-ts run", () => {
  it("prints an answer for people, and what happened on the standard error", async () => {
    const { code, out, err } = await command([...summarize, bees]);
    expect(code).toBe(0);
    expect(out).toMatch(/^summary: .*bees.*\nkeywords:\n( {2}- .+\n)+$/);
    expect(err).toMatch(/^model offline\/extractive: \d+ ms, \d+ tokens\nagent: \d+ ms, \d+ tokens\n$/);
    expect(out + err).not.toMatch(orders);
  });

  it("prints one line of JSON with --json, and nothing beside it with --quiet", async () => {
    const { code, out, err } = await command([...summarize, "--json", "--quiet", bees]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^[^\n]+\n$/);
    const answer = JSON.parse(out) as { summary: string; keywords: string[] };
    expect(Object.keys(answer)).toEqual(["summary", "keywords"]);
    expect(answer.summary).toContain("dance");
    expect(answer.keywords.length).toBeGreaterThan(0);
  });

  it("takes words, JSON, a pipe or a file alike", async () => {
    const quiet = [...summarize, "--json", "--quiet"];
    const { out } = await command([...quiet, bees]);
    expect((await command([...quiet, ...bees.split(" ")])).out).toBe(out);
    expect((await command([...quiet, JSON.stringify({ text: bees })])).out).toBe(out);
    expect((await command([...quiet, "-"], { stdin: `${bees}\n` })).out).toBe(out);
  });

  it("prints the same while it streams", async () => {
    const { out } = await command([...summarize, "--quiet", bees]);
    const streamed = await command([...summarize, "--quiet", "--stream", bees]);
    expect(streamed.code).toBe(0);
    expect(streamed.out.split("\n").sort()).toEqual(out.split("\n").sort());
  });

  it.each([
    [["run"], "run needs --input, a signature"],
    [["run", "--input", "a: str"], "run needs --output, a signature"],
    [["run", "--input", "a: strr", "--output", "b: str"], "--input, line 1, column 4: expected a type"],
    [["run", "--input", "a: str", "--output", "b: strr"], "--output, line 1, column 4: expected a type"],
    [[...summarize], "run needs a value for text"],
    [[...summarize, "--timeout", "soon", "x"], "--timeout must be a number of seconds above 0"],
    [[...summarize, "--timeout", "0", "x"], "--timeout must be"],
    [[...summarize, "--model", "opnai/gpt-5-mini", "x"], 'did you mean "openai/gpt-5-mini"?'],
    [[...summarize, "--model", "openai/gpt-5-mini", "x"], "OPENAI_API_KEY, which is not set"],
    [[...summarize, "--docs", "/nowhere/at/all", "x"], "it does not exist"],
    [[...summarize, "--docs= ", "x"], "--docs needs a value"],
  ])("says what is wrong with %j in one line", async (argv, sentence) => {
    const { code, out, err } = await command(argv);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^flock-ts: [^\n]+\n$/);
    expect(err).toContain(sentence);
  });

  it("takes the model of FLOCK_MODEL, and asks for one in production", async () => {
    const unknown = await command([...summarize, "x"], { variables: { FLOCK_MODEL: "nonsense" } });
    expect(unknown.err).toContain('there is no model "nonsense"');
    const production = await command([...summarize, "x"], { variables: { NODE_ENV: "production" } });
    expect(production).toMatchObject({
      code: 1,
      err: expect.stringContaining("write --model MODEL or set FLOCK_MODEL"),
    });
    const named = await command([...summarize, "--model", "offline", bees], { variables: { NODE_ENV: "production" } });
    expect(named.code).toBe(0);
  });

  it("says on a terminal that it waits for the value there", async () => {
    const stdin = Object.assign(Readable.from([Buffer.from(bees)]), { isTTY: true });
    expect((await command([...summarize, "-"], { stdin })).err).toContain("end it with Ctrl-D");
  });
});

describe("flock-ts run with documents", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "flock-cli-"));
    writeFileSync(join(folder, "bees.md"), `# Bees\n\n${bees}\n`);
    writeFileSync(join(folder, "tax.md"), "# Tax\n\nImports are taxed at five percent since 1911.\n");
    for (let n = 0; n < 12; n++) writeFileSync(join(folder, `image-${n}.png`), "x");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("lets the agent search them, and tells what was indexed and skipped", async () => {
    const argv = ["run", "--input", "question: str", "--output", "answer: str", "--docs", folder];
    const { code, out, err } = await command([...argv, "At what percentage are imports taxed?"]);
    expect(code).toBe(0);
    expect(out).toContain("Imports are taxed at five percent");
    expect(err).toContain("indexed 2 files, 2 passages");
    expect(err).toContain("tool searchDocuments:");
    expect(err.match(/^skipped image-/gm)).toHaveLength(10);
    expect(err).toContain("skipped 2 more files");
  });
});

describe("flock-ts run with a model behind a server", () => {
  const ask = ["run", "--input", "q: str", "--output", "answer: str", "hello"];

  it("hands over instructions and counts tokens", async () => {
    const answer = json(200, completion('{"answer":"Hi."}'));
    const { code, out, err, requests } = await served(answer, [...ask, "--instructions", "Be brief, please."]);
    expect({ code, out }).toEqual({ code: 0, out: "answer: Hi.\n" });
    expect(err).toMatch(/^model ollama\/test: .*, 18 tokens\nagent: .*, 18 tokens\n$/);
    expect(JSON.stringify(requests[0]?.body)).toContain("Be brief, please.");
    expect(requests[0]?.body.stream).toBeFalsy();
  });

  it("lets no order of the answer reach the terminal", async () => {
    const text = "\x1b[2J\x1b]0;owned\x07safe\u202e\x9b31m\rtext";
    const answer = json(200, completion(JSON.stringify({ answer: text })));
    const plain = await served(answer, [...ask, "--quiet"]);
    expect(plain.out).toBe("answer: safetext\n");
    const asJson = await served(answer, [...ask, "--json", "--quiet"]);
    expect(asJson.out.trimEnd()).not.toMatch(orders);
    expect(JSON.parse(asJson.out)).toEqual({ answer: text });
  });

  it("prints the answer as it comes with --stream", async () => {
    const parts = ['{"answer":"On', "e two", " three", '"}'].map((content) => chunk({ content }));
    const answer = events([...parts, chunk({}, "stop"), usageChunk, "[DONE]"]);
    const { code, out, requests } = await served(answer, [...ask, "--stream", "--quiet"]);
    expect({ code, out }).toEqual({ code: 0, out: "answer: One two three\n" });
    expect(requests[0]?.body.stream).toBe(true);
    const lines = (await served(answer, [...ask, "--stream", "--json", "--quiet"])).out.trimEnd().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({ answer: "One two three" });
    for (const line of lines) expect("One two three".startsWith(JSON.parse(line).answer)).toBe(true);
  });

  it("keeps progress and a growing answer apart on one terminal", async () => {
    const answer = events([chunk({ content: '{"answer":"Hi."}' }), chunk({}, "stop"), usageChunk, "[DONE]"]);
    const { out, err } = await served(answer, [...ask, "--stream"], { terminal: true });
    expect(out).toBe("\x1b[1manswer\x1b[22m: Hi.\n");
    expect(err).not.toContain("\r");
    expect(err).toContain("model ollama/test");
  });

  it("ends the line when a growing answer breaks off", async () => {
    let call = 0;
    const broken: VendorAnswer = (response, request) => {
      const part = [chunk({ content: '{"answer":"One two' })];
      if (call++ === 0) return events(part, { cut: true })(response, request);
      json(400, { error: { message: "no more" } })(response, request);
    };
    const { code, out, err } = await served(broken, [...ask, "--stream"]);
    expect(code).toBe(1);
    expect(out === "" || out.endsWith("\n")).toBe(true);
    expect(err).toMatch(/^flock-ts: .+$/m);
  });

  it("tells a failed model in one line without its orders", async () => {
    const { code, out, err } = await served(json(401, { error: { message: "no\n\x1b[2J key" } }), ask);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(
      /^model ollama\/test: .*, error \(model_unauthorized\)\nagent: .*error.*\nflock-ts: [^\n]*401[^\n]*\n$/,
    );
    expect(err).not.toMatch(orders);
  });

  it("stops when the time is up", async () => {
    await using vendor = await startVendorServer(() => {});
    const variables = { OLLAMA_BASE_URL: vendor.url, FLOCK_MODEL: "ollama/test" };
    const runtime = createTestRuntime({ variables, fetch: globalThis.fetch });
    const asked = new Promise<void>((resolve) => {
      vendor.answer = () => resolve();
    });
    const ending = command([...ask, "--timeout", "2.5"], { runtime });
    await asked;
    const gone = vendor.nextAbort();
    await runtime.clock.advance(2_500);
    const { code, err } = await ending;
    expect(code).toBe(1);
    expect(err).toContain("flock-ts: it took longer than 2.5 s; raise --timeout\n");
    await gone;
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("stops when it is interrupted, with and without a time limit", async () => {
    for (const limit of [[], ["--timeout", "60"]]) {
      await using vendor = await startVendorServer(() => {});
      const controller = new AbortController();
      vendor.answer = () => controller.abort(new DOMException("interrupted", "AbortError"));
      const variables = { OLLAMA_BASE_URL: vendor.url, FLOCK_MODEL: "ollama/test" };
      const { code, out, err } = await command([...ask, ...limit], { variables, signal: controller.signal });
      expect({ code, out }).toEqual({ code: 130, out: "" });
      expect(err).toMatch(/flock-ts: interrupted\n$/);
    }
  });
});
