import { execFile, execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import { lexicalEmbedder } from "../../../src/models/offline/lexical-embedder.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { type OpenDocumentsOptions, openDocuments } from "../../../src/tools/documents/open-documents.ts";
import type { SkippedFile } from "../../../src/tools/documents/skipped-file.ts";
import { makePdf } from "./make-pdf.ts";

let home: string;
let folder: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "flock-documents-"));
  folder = join(home, "docs");
  await mkdir(folder);
});

afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

const reasonsOf = (skipped: readonly SkippedFile[]) =>
  Object.fromEntries(skipped.map(({ file, reason }) => [file, reason]));

describe("openDocuments with a folder", () => {
  it("reads every format, in folders too, and finds each by its words", async () => {
    await write({
      "tax.txt": "Steel imports are taxed at five percent.",
      "guide/install.md": "# Install\nRun the installer.\n\n# Remove\nDelete the directory of the program.",
      "data/people.json": JSON.stringify([{ name: "Ada Lovelace", work: "analytical engine" }]),
      "page.html": "<title>Whales</title><h1>Blue whales</h1><p>They weigh 150 tonnes.</p>",
      "old.HTM": "<p>Pyramids of Giza</p>",
      "report.pdf": makePdf([["Nothing on this page"], ["Quarterly revenue grew"]]),
    });
    const progress: string[] = [];
    const documents = await openDocuments(folder, {
      onProgress: ({ file, files }) => progress.push(`${files} ${file}`),
    });
    expect(documents.files).toEqual([
      "data/people.json",
      "guide/install.md",
      "old.HTM",
      "page.html",
      "report.pdf",
      "tax.txt",
    ]);
    expect(documents.skipped).toEqual([]);
    expect(progress.at(-1)).toBe("6 tax.txt");
    const best = async (query: string) => (await documents.search(query))[0];
    expect(await best("taxes on steel")).toMatchObject({ file: "tax.txt", offset: 0 });
    expect(await best("delete directory")).toMatchObject({ file: "guide/install.md", heading: "Remove" });
    expect(await best("analytical engine")).toMatchObject({ file: "data/people.json", heading: "[0].work" });
    expect(await best("whale weight tonnes")).toMatchObject({ file: "page.html", heading: "Blue whales" });
    expect(await best("giza")).toMatchObject({ file: "old.HTM" });
    expect(await best("revenue")).toMatchObject({ file: "report.pdf", page: 2 });
    expect(documents.stats).toMatchObject({ files: 6, chunks: 6 });
    expect(documents.stats.milliseconds).toBeGreaterThan(0);
  });

  it("says of each file it skipped why", async () => {
    await write({
      "good.txt": "steel",
      "broken.json": "{ not json",
      "broken.pdf": "no pdf",
      "binary.txt": Uint8Array.of(0x89, 0x50, 0, 1, 2, 3),
      "empty.md": " \n",
      "numbers.json": "[1, 2, 3]",
      "scan.pdf": makePdf([[]]),
      "word.docx": "x",
      LICENSE: "x",
      "large.txt": "x".repeat(2_000),
    });
    await symlink(join(folder, "nowhere.txt"), join(folder, "dangling.txt"));
    const told: SkippedFile[] = [];
    const documents = await openDocuments(folder, {
      maxFileBytes: 1_000,
      onSkip: (skipped) => void told.push(skipped),
    });
    expect(documents.files).toEqual(["good.txt"]);
    expect(told).toEqual(documents.skipped);
    expect(reasonsOf(documents.skipped)).toEqual({
      "broken.json": "broken",
      "broken.pdf": "broken",
      "binary.txt": "broken",
      "empty.md": "empty",
      "numbers.json": "empty",
      "scan.pdf": "empty",
      "word.docx": "format_unknown",
      LICENSE: "format_unknown",
      "large.txt": "too_large",
      "dangling.txt": "unreadable",
    });
    for (const { message } of documents.skipped) expect(message.length).toBeGreaterThan(10);
  });

  it("never reads outside the folder, whatever the links", async () => {
    await mkdir(join(home, "docs-secret"));
    await writeFile(join(home, "docs-secret", "secret.txt"), "the password is swordfish");
    await write({ "open.txt": "nothing to hide here", "inner/file.txt": "inner text" });
    await symlink(join(home, "docs-secret", "secret.txt"), join(folder, "link.txt"));
    await symlink(join(home, "docs-secret"), join(folder, "linked-folder"));
    await symlink("..", join(folder, "up"));
    await symlink("inner", join(folder, "same"));
    await symlink(".", join(folder, "loop"));
    const documents = await openDocuments(folder);
    expect(documents.files).toEqual(["inner/file.txt", "open.txt"]);
    expect(reasonsOf(documents.skipped)).toEqual({
      "link.txt": "path_forbidden",
      "linked-folder": "path_forbidden",
      up: "path_forbidden",
    });
    for (const query of ["swordfish", "password", "secret"]) {
      for (const { text } of await documents.search(query)) expect(text).not.toContain("swordfish");
    }
  });

  it("opens a folder that is itself reached through a link", async () => {
    await write({ "a.txt": "steel" });
    await symlink(folder, join(home, "alias"));
    expect((await openDocuments(join(home, "alias"))).files).toEqual(["a.txt"]);
  });

  it("passes over hidden files, hidden folders and node_modules", async () => {
    await write({ "a.txt": "x steel", ".env.txt": "x", ".git/a.txt": "x", "node_modules/p/a.md": "x", "b/.c.md": "x" });
    const documents = await openDocuments(folder);
    expect([documents.files, documents.skipped]).toEqual([["a.txt"], []]);
  });

  it("does not wait for a pipe", async () => {
    await write({ "a.txt": "steel" });
    execFileSync("mkfifo", [join(folder, "pipe.txt")]);
    expect(reasonsOf((await openDocuments(folder)).skipped)).toEqual({ "pipe.txt": "unreadable" });
  });

  it.skipIf(process.getuid?.() === 0)("reports files and folders it may not read", async () => {
    await write({ "a.txt": "steel", "locked.txt": "x", "closed/b.txt": "x" });
    await chmod(join(folder, "locked.txt"), 0);
    await chmod(join(folder, "closed"), 0);
    const { skipped } = await openDocuments(folder);
    await chmod(join(folder, "closed"), 0o700);
    expect(reasonsOf(skipped)).toEqual({ "locked.txt": "unreadable", closed: "unreadable" });
  });

  it("keeps to the patterns and the number of files asked for", async () => {
    await write({ "a.md": "steel", "b.txt": "steel", "c/d.md": "steel", "c/e/f.md": "steel", "c/g.json": '"steel"' });
    const filesOf = async (include: string[]) => (await openDocuments(folder, { include })).files;
    expect(await filesOf(["*.md"])).toEqual(["a.md", "c/d.md", "c/e/f.md"]);
    expect(await filesOf(["c/*.md"])).toEqual(["c/d.md"]);
    expect(await filesOf(["./c/**"])).toEqual(["c/d.md", "c/e/f.md", "c/g.json"]);
    expect(await filesOf(["**/f.md", "?.txt"])).toEqual(["b.txt", "c/e/f.md"]);
    expect(await filesOf(["*.{txt,json}"])).toEqual(["b.txt", "c/g.json"]);
    const { files, skipped } = await openDocuments(folder, { maxFiles: 2 });
    expect(files).toEqual(["a.md", "b.txt"]);
    expect(new Set(skipped.map(({ reason }) => reason))).toEqual(new Set(["too_many_files"]));
  });

  it.each(["../**", "a/../../b", "/etc/*"])("refuses the pattern %s", async (pattern) => {
    await expect(openDocuments(folder, { include: [pattern] })).rejects.toSatisfy((error: unknown) =>
      isFlockError(error, "path_forbidden"),
    );
  });

  it("takes odd patterns for what they are", async () => {
    await write({ "a{b.txt": "steel", "c,d.txt": "steel", "e(f).txt": "steel" });
    const filesOf = async (include: string[]) => (await openDocuments(folder, { include })).files;
    expect(await filesOf(["a{b.txt"])).toEqual(["a{b.txt"]);
    expect(await filesOf(["c,d.txt", "{e(f}).txt"])).toEqual(["c,d.txt", "e(f).txt"]);
    expect(await filesOf(["{{c,x},d}*"])).toEqual(["c,d.txt"]);
    expect(
      await filesOf(["{{e,x*.txt}*"]).catch((error: unknown) => isFlockError(error, "documents_unavailable")),
    ).toBeTruthy();
  });

  it("explains what is wrong with a folder that gives nothing", async () => {
    await write({ "file.txt": "x" });
    await mkdir(join(home, "empty"));
    await mkdir(join(home, "useless"));
    await writeFile(join(home, "useless", "a.json"), "{");
    const cases = [
      [join(home, "missing"), "it does not exist"],
      [join(folder, "file.txt"), "is a file, not a folder"],
      [join(home, "empty"), "it holds no md, txt, json, html or pdf file"],
      [join(home, "useless"), "every file was skipped (a.json: it cannot be read as json"],
      ["nul\0byte", "cannot open the folder"],
    ] as const;
    for (const [path, message] of cases) {
      const error = await openDocuments(path).catch((reason: unknown) => reason);
      expect(isFlockError(error, "documents_unavailable")).toBe(true);
      expect((error as Error).message).toContain(message);
    }
  });
});

describe("openDocuments without an optional package", () => {
  const run = promisify(execFile);
  const module = new URL("../../../src/tools/documents/open-documents.ts", import.meta.url).href;

  /** Runs in a process of its own, where Node cannot find some packages. */
  async function openWithout(packages: readonly string[]): Promise<Record<string, unknown>> {
    const script = `
      import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (!${JSON.stringify(packages)}.includes(name)) return next(name, context);
        throw Object.assign(new Error("Cannot find package " + name), { code: "ERR_MODULE_NOT_FOUND" });
      } });
      const { openDocuments } = await import(${JSON.stringify(module)});
      const answer = await openDocuments(${JSON.stringify(folder)}).then(
        ({ files, skipped }) => ({ files, skipped }), (error) => ({ error: error.toJSON() }));
      console.log(JSON.stringify(answer));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--no-warnings", "--eval", script]);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it("skips such files with a reason that names the package", async () => {
    await write({ "a.html": "<p>steel", "b.pdf": makePdf([["steel"]]), "c.txt": "steel" });
    expect(await openWithout(["htmlparser2", "unpdf"])).toEqual({
      files: ["c.txt"],
      skipped: [
        {
          file: "a.html",
          reason: "package_missing",
          message: expect.stringContaining("npm install htmlparser2"),
          package: "htmlparser2",
        },
        {
          file: "b.pdf",
          reason: "package_missing",
          message: expect.stringContaining("npm install unpdf"),
          package: "unpdf",
        },
      ],
    });
  });

  it("fails when there is nothing else, saying what to install", async () => {
    await write({ "b.pdf": makePdf([["steel"]]) });
    expect(await openWithout(["unpdf"])).toMatchObject({
      error: { code: "package_missing", details: { package: "unpdf", install: "npm install unpdf" } },
    });
    await rm(join(folder, "b.pdf"));
    await write({ "a.htm": "<p>steel" });
    expect(await openWithout(["htmlparser2"])).toMatchObject({
      error: { code: "package_missing", details: { package: "htmlparser2" } },
    });
  });

  it("needs neither package for other files", async () => {
    await write({ "c.txt": "steel" });
    expect(await openWithout(["htmlparser2", "unpdf"])).toEqual({ files: ["c.txt"], skipped: [] });
  });
});

describe("openDocuments with given texts", () => {
  it("reads them by the format given or their name's ending, and gives their metadata back", async () => {
    const documents = await openDocuments({
      documents: [
        { name: "notes", text: "# No heading: iron", metadata: { author: "Ada" } },
        { name: "guide.md", text: "# Gold\nshiny" },
        { name: "page", text: "<h2>Zinc</h2><p>grey metal", format: "html" },
        { name: "scan.pdf", text: "plain lead" },
      ],
    });
    expect((await documents.search("iron"))[0]).toEqual({
      file: "notes",
      offset: 0,
      text: "# No heading: iron",
      score: expect.any(Number),
      metadata: { author: "Ada" },
    });
    expect((await documents.search("shiny"))[0]!.heading).toBe("Gold");
    expect((await documents.search("grey"))[0]!.heading).toBe("Zinc");
    expect((await documents.search("lead"))[0]!.file).toBe("scan.pdf");
  });

  it.each([
    [7, "the path of a folder or"],
    ["", "the path of a folder or"],
    [null, "an object"],
    [{}, "a list of { name, text }"],
    [{ documents: "x" }, "a list"],
    [{ documents: [7] }, "an object"],
    [{ documents: [{ name: "a" }] }, "a string"],
    [{ documents: [{ text: "a" }] }, "a string"],
    [{ documents: [{ name: "a", text: "x", format: "pdf" }] }, "one of"],
    [{ documents: [{ name: "a", text: "x", metdata: {} }] }, 'did you mean "metadata"'],
    [
      {
        documents: [
          { name: "a", text: "x" },
          { name: "a", text: "y" },
        ],
      },
      "unlike all others",
    ],
  ])("names what is wrong with the source %j", async (source, message) => {
    const error = await openDocuments(source as never).catch((reason: unknown) => reason);
    expect(isFlockError(error, "option_invalid")).toBe(true);
    expect((error as Error).message).toContain(message);
  });

  it("needs something to search", async () => {
    await expect(openDocuments({ documents: [] })).rejects.toSatisfy((error: unknown) =>
      isFlockError(error, "documents_unavailable"),
    );
  });

  it.each([
    [{ chunkCharacters: 99 }],
    [{ overlapCharacters: 600 }],
    [{ chunkCharacters: 100, overlapCharacters: 50 }],
    [{ maxFiles: 0 }],
    [{ include: "*.md" }],
    [{ include: [""] }],
    [{ embedder: 3 }],
    [{ chunkCharacter: 500 }],
  ])("names what is wrong with the options %j", async (options) => {
    const opening = openDocuments({ documents: [{ name: "a", text: "x" }] }, options as OpenDocumentsOptions);
    await expect(opening).rejects.toSatisfy((error: unknown) => isFlockError(error, "option_invalid"));
  });
});

describe("openDocuments", () => {
  const text = "Steel is taxed. ".repeat(2_000);

  it("stops with the signal's own reason, before and in between", async () => {
    const reason = new Error("enough");
    const source = { documents: [1, 2, 3].map((number) => ({ name: `${number}`, text })) };
    await expect(openDocuments(source, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await write({ "a.txt": text });
    await expect(openDocuments(folder, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const seen: string[] = [];
    const opening = openDocuments(source, {
      signal: controller.signal,
      onProgress: ({ file }) => {
        seen.push(file);
        controller.abort(reason);
      },
    });
    await expect(opening).rejects.toBe(reason);
    expect(seen).toEqual(["1"]);
  });

  it("lets the event loop turn while it works", async () => {
    let now = 0;
    let turns = 0;
    let open = true;
    const count = () => {
      turns++;
      if (open) setImmediate(count);
    };
    setImmediate(count);
    await openDocuments(
      { documents: [{ name: "a", text }] },
      { runtime: { ...createTestRuntime(), monotonic: () => now++ } },
    );
    open = false;
    expect(turns).toBeGreaterThan(3);
  });

  it("measures its time on the runtime given", async () => {
    let now = 0;
    const runtime = { ...createTestRuntime(), monotonic: () => now };
    const { stats } = await openDocuments(
      { documents: [{ name: "a", text: "steel" }] },
      {
        runtime,
        onProgress: () => {
          now = 250;
        },
      },
    );
    expect(stats).toEqual({ files: 1, chunks: 1, characters: 5, milliseconds: 250 });
  });

  it("passes on that the embedder fails", async () => {
    const embedder = { ...lexicalEmbedder(), doEmbed: () => Promise.reject(new Error("no connection")) };
    const opening = openDocuments({ documents: [{ name: "a", text: "steel" }] }, { embedder });
    await expect(opening).rejects.toSatisfy((error: unknown) => isFlockError(error, "model_unreachable"));
  });

  it("gives offsets that point at the passage in the document's text, for any text", async () => {
    const words = fc.constantFrom("steel", "gold", "tax.", "\n\n", "# Head\n", "war", "😀", "- x", "é");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(words, { minLength: 1, maxLength: 150 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom("txt" as const, "md" as const),
        async (texts, format) => {
          const source = texts.map((parts, index) => ({ name: `${index}`, text: `steel ${parts.join(" ")}`, format }));
          const documents = await openDocuments({ documents: source }, { chunkCharacters: 100, overlapCharacters: 20 });
          for (const query of ["steel", "gold tax", "head"]) {
            const found = await documents.search(query, { limit: 10 });
            for (const match of found) {
              const original = source.find(({ name }) => name === match.file)!.text;
              expect(documents.textOf(match.file)).toBe(original);
              expect(original.slice(match.offset, match.offset + match.text.length)).toBe(match.text);
              expect(match.score).toBeGreaterThan(0);
              expect(match.score).toBeLessThanOrEqual(1);
            }
            for (const one of found) {
              for (const other of found) {
                if (one === other || one.file !== other.file) continue;
                const apart =
                  one.offset + one.text.length <= other.offset || other.offset + other.text.length <= one.offset;
                expect(apart).toBe(true);
              }
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
