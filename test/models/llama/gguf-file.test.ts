import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Flock } from "../../../src/entries/index.ts";
import { llamaModel } from "../../../src/entries/models.ts";
import { findGguf } from "../../../src/models/llama/gguf-file.ts";
import { resolveModelName } from "../../../src/models/resolve-model.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

let folder = "";
const named = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flock-gguf-"));
  await writeFile(named("good.gguf"), "GGUF rest");
  await writeFile(named("text.gguf"), "once upon a time");
  await writeFile(named("short.gguf"), "GG");
  await mkdir(named("folder.gguf"));
});
afterAll(() => rm(folder, { recursive: true }));

const unknown = (text: string) =>
  expect.objectContaining({ code: "model_unknown", message: expect.stringContaining(text) });

describe("the string llama:path", () => {
  it("names a file, absolute or counted from the working directory", () => {
    const expected = { path: named("good.gguf"), name: "good.gguf" };
    expect(findGguf(named("good.gguf"))).toEqual(expected);
    expect(findGguf(relative(process.cwd(), named("good.gguf")))).toEqual(expected);
  });

  it.each(["none.gguf", "a\0b", "x".repeat(10_000)])("refuses %j when the Flock is built", (name) => {
    const build = () => new Flock({ model: `llama:${named(name)}`, runtime: createTestRuntime() });
    expect(build).toThrowError(unknown("there is no file "));
    if (name.length < 100) expect(build).toThrowError(unknown(named(name)));
    else expect(build).toThrowError(expect.objectContaining({ message: expect.stringMatching(/^.{1,600}$/) }));
  });

  it.each([
    ["none.gguf", "cannot be read (ENOENT)"],
    ["text.gguf", "is no GGUF file"],
    ["short.gguf", "is no GGUF file"],
    ["folder.gguf", "is no file"],
  ])("names a model that refuses %s before the library is asked", (name, reason) => {
    expect(() => llamaModel({ path: named(name) })).toThrowError(unknown(reason));
    expect(() => llamaModel({ path: named(name) })).toThrowError(unknown(named(name)));
  });

  it("refuses what is no path or too long for a message", () => {
    expect(() => findGguf("a\0b")).toThrowError(unknown("cannot be read"));
    try {
      findGguf("x".repeat(10_000));
    } catch (error) {
      expect(error).toEqual(unknown("ENAMETOOLONG"));
      expect((error as Error).message.length).toBeLessThan(800);
      return;
    }
    throw new Error("expected model_unknown");
  });

  it("refuses no path at all, and takes ~ as a character", () => {
    const runtime = createTestRuntime();
    expect(() => resolveModelName("llama: ", { runtime })).toThrowError(unknown("there is no file"));
    expect(() => llamaModel({ path: "./" })).toThrowError(unknown("is no file"));
    expect(() => resolveModelName("llama:~/x.gguf", { runtime })).toThrowError(
      unknown(join(process.cwd(), "~/x.gguf")),
    );
  });

  // The library is no part of this repository's own install, so that its absence is the real thing here.
  it("says what to install when node-llama-cpp is missing, the factory too", () => {
    const model = `llama:${named("good.gguf")}`;
    const missing = expect.objectContaining({
      code: "model_package_missing",
      details: { model, package: "node-llama-cpp", install: "npm install node-llama-cpp" },
    });
    expect(() => new Flock({ model, runtime: createTestRuntime() })).toThrowError(missing);
    expect(() => llamaModel({ path: named("good.gguf") })).toThrowError(missing);
  });
});

describe("llamaModel", () => {
  it.each([
    [{}, "path"],
    [{ path: "" }, "path"],
    [{ path: "x", contextTokens: 10 }, "contextTokens"],
    [{ path: "x", gpuLayers: -1 }, "gpuLayers"],
    [{ path: "x", threads: 0 }, "threads"],
    [{ path: "x", parallelCalls: 0 }, "parallelCalls"],
    [{ path: "x", idleMs: -1 }, "idleMs"],
    [{ path: "x", runtime: 1 }, "runtime"],
    [{ path: "x", thread: 1 }, "thread"],
  ])("refuses the options %j", (options, option) => {
    const build = () => llamaModel(options as { path: string });
    expect(build).toThrowError(
      expect.objectContaining({ code: "option_invalid", details: expect.objectContaining({ option }) }),
    );
  });
});
