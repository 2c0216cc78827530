import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInput } from "../../src/cli/input/read-input.ts";
import { readText } from "../../src/cli/input/read-text.ts";
import { isFlockError, parseSignature } from "../../src/entries/index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flock-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const open = new AbortController().signal;
const nothing = { stdin: Readable.from([]) };
const read = (argument: string, stdin: Readable = nothing.stdin) => readText(argument, { stdin }, open);
const input = (text: string | undefined, signature: string) => readInput(text, parseSignature(signature));

describe("a text", () => {
  it("is what is written, what a file holds, or what is piped in", async () => {
    expect(await read("plain")).toBe("plain");
    expect(await read(`@${file("a.txt", "from a file\n")}`)).toBe("from a file");
    expect(await read("-", Readable.from([Buffer.from("piped "), "in\r\n"]))).toBe("piped in");
  });

  it("begins with @ when it is doubled, or alone", async () => {
    expect(await read("@@alice said")).toBe("@alice said");
    expect(await read("@")).toBe("@");
  });

  it("keeps all line ends but the last, and loses its byte order mark", async () => {
    expect(await read(`@${file("b.txt", "\ufeffa\n\nb\n\n")}`)).toBe("a\n\nb\n");
  });

  it("joins characters that were cut in two", async () => {
    const bytes = Buffer.from("é🐝");
    const pieces = [...bytes].map((byte) => Buffer.from([byte]));
    expect(await read("-", Readable.from(pieces))).toBe("é🐝");
  });

  it("says which file cannot be read, and why", async () => {
    mkdirSync(join(folder, "inner"));
    const missing = await read(`@${join(folder, "missing.txt")}`).catch((error: unknown) => error);
    expect((missing as Error).message).toMatch(/missing\.txt": there is no such file; for a text .* write @@/);
    await expect(read(`@${join(folder, "inner")}`)).rejects.toThrow(/it is a folder; search folders with --docs/);
    await expect(read("@\0")).rejects.toThrow(/cannot read the file/);
  });

  it("refuses what is no text, and what is too much of it", async () => {
    await expect(read(`@${file("c.bin", Uint8Array.of(0xff, 0xfe, 0x00))}`)).rejects.toThrow(/is not UTF-8 text/);
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(2 ** 20, "a");
      })(),
    );
    const error = await read("-", endless).catch((reason: unknown) => reason);
    expect(isFlockError(error, "option_invalid")).toBe(true);
    expect((error as Error).message).toContain("holds more than 32 MiB");
    expect(endless.destroyed).toBe(true);
  });

  it("tells what failed underneath", async () => {
    const broken = new Readable({ read: () => {} });
    broken.destroy(Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" }));
    await expect(read("-", broken)).rejects.toThrow("EIO");
  });

  it("is not waited for after an abort", async () => {
    const controller = new AbortController();
    const silent = new Readable({ read: () => {} });
    const waiting = readText("-", { stdin: silent }, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(silent.destroyed).toBe(true);
    await expect(readText(`@${file("d.txt", "x")}`, nothing, controller.signal)).rejects.toBe(reason);
  });
});

describe("an input", () => {
  it("is a bare value where there is one plain field", async () => {
    expect(await input("bees", "topic: str")).toEqual({ topic: "bees" });
    expect(await input("42", "n: int")).toEqual({ n: 42 });
    expect(await input("[1, 2]", "n: list[int]")).toEqual({ n: [1, 2] });
    expect(await input("yes", "sure: bool")).toEqual({ sure: true });
    expect(await input("  {not json", "topic: str")).toEqual({ topic: "  {not json" });
  });

  it("is a JSON object with the fields", async () => {
    expect(await input('{"topic":"bees"}', "topic: str")).toEqual({ topic: "bees" });
    expect(await input(' {"a":"x","n":"3"}', "a: str, n?: int")).toEqual({ a: "x", n: 3 });
    expect(await input('{"o":{"k":1}}', "o: { k: int }")).toEqual({ o: { k: 1 } });
  });

  it("is JSON as text where text is wanted and none of the fields is named", async () => {
    expect(await input('{"name":"flock"}', "text: str")).toEqual({ text: '{"name":"flock"}' });
    expect(await input('{"name":"flock"}', "text: str | None")).toEqual({ text: '{"name":"flock"}' });
    expect(await input("{}", "text: str")).toEqual({ text: "{}" });
  });

  it("may be nothing where every field is optional", async () => {
    expect(await input(undefined, "a?: str, b?: int")).toEqual({});
    await expect(input(undefined, "a: str, b?: int")).rejects.toThrow(/run needs a value for a, b/);
  });

  it.each([
    [" \n", "a: str", "the value is empty"],
    ["hello", "a: str, b: str", `such as '{"a":"…","b":"…"}'`],
    ["{a:1}", "a: str, b: str", "the value is not valid JSON"],
    ['{"topik":"x","b":"y"}', "topic: str, b: str", '--input has no field "topik"; did you mean "topic"?'],
    ['{"zzz":1}', "n: int", '--input has no field "zzz"; it has n'],
    ['{"__proto__":{"x":1}}', "a: str, b?: str", 'no field "__proto__"'],
    ["many", "n: int", "does not fit --input: n: expected int"],
    ['{"a":{"x":"q"}}', "a: { x: int }, b: str", "a/x: expected int"],
  ])("%j is none for %s", async (text, signature, sentence) => {
    const error = await input(text, signature).catch((reason: unknown) => reason);
    expect(isFlockError(error)).toBe(true);
    expect((error as Error).message).toContain(sentence);
  });

  it("names the first five things that are wrong", async () => {
    const fields = ["a", "b", "c", "d", "e", "f", "g"];
    const value = JSON.stringify(Object.fromEntries(fields.map((name) => [name, "x"])));
    const signature = fields.map((name) => `${name}: int`).join(", ");
    await expect(input(value, signature)).rejects.toThrow(/e: expected int[^;]*; and 2 more$/);
  });
});
