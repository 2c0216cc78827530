import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command, orders } from "./command-line.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flock-cli-"));
  writeFileSync(
    join(folder, "tax.md"),
    "# Tax\n\nSome words first.\n\n## Imports\n\nImports are taxed at five percent.\n",
  );
  writeFileSync(
    join(folder, "bees.txt"),
    `Bees dance.\nThey \x1b[31mdance\x1b]0;owned\x07 at night.\u202e\n${"They sleep by day. ".repeat(20)}`,
  );
  mkdirSync(join(folder, "empty"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("flock-ts search", () => {
  it("prints the best passages with file, heading and offset", async () => {
    const { code, out, err } = await command(["search", folder, "how are imports taxed"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^1\. tax\.md › Imports › offset \d+ \(score [01]\.\d\d\)\n {3}/);
    expect(out).toContain("Imports are taxed at five percent.");
    expect(err).toMatch(/^indexed 2 files, 2 passages: \d+ ms\n$/);
  });

  it("prints one line of JSON with --json, no more than --limit passages", async () => {
    const { out, err } = await command(["search", folder, "imports dance", "--limit", "1", "--json", "--quiet"]);
    expect(err).toBe("");
    expect(out).toMatch(/^[^\n]+\n$/);
    const found = JSON.parse(out) as { file: string; offset: number; text: string }[];
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      file: expect.stringMatching(/^(tax\.md|bees\.txt)$/),
      offset: expect.any(Number),
    });
  });

  it("lets no order of a document reach the terminal", async () => {
    const { out } = await command(["search", folder, "dance"]);
    expect(out).toContain("   Bees dance.\n   They dance at night.\n   They sleep by day.");
    expect(out).not.toMatch(orders);
    expect((await command(["search", folder, "dance", "--json"])).out.trimEnd()).not.toMatch(orders);
  });

  it("says when nothing fits", async () => {
    const { code, out } = await command(["search", folder, "zzzz", "qqqq"]);
    expect({ code, out }).toEqual({ code: 0, out: 'no passage fits "zzzz qqqq"\n' });
    expect((await command(["search", folder, "zzzz", "--json"])).out).toBe("[]\n");
  });

  it.each([
    [[], "search takes a folder and a query"],
    [["only"], "search takes a folder and a query"],
    [["x", "y", "--limit", "0"], '--limit must be a whole number from 1 to 100, not "0"'],
    [["x", "y", "--limit", "many"], "--limit must be"],
    [["x", "y", "--limit=101"], "--limit must be"],
    [["/nowhere/at/all", "y"], "it does not exist"],
    [["", "y"], "the folder is empty"],
  ])("says what is wrong with %j in one line", async (args, sentence) => {
    const { code, out, err } = await command(["search", ...args]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^flock-ts: [^\n]+\n$/);
    expect(err).toContain(sentence);
  });

  it("says when a folder holds nothing to search", async () => {
    expect((await command(["search", join(folder, "empty"), "x"])).err).toContain("there is nothing to search in");
  });

  it("writes places bold on a terminal, and takes its progress away first", async () => {
    const { out, err } = await command(["search", folder, "imports"], { terminal: true });
    expect(out).toMatch(/^\x1b\[1m1\. tax\.md .*\x1b\[22m\n/);
    expect(err).toMatch(/^\r\x1b\[2K.*\r\x1b\[2K$/s);
  });
});
