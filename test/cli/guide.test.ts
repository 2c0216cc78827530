/** Holds the page about the command line to what the command line does. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkCommand } from "../../src/cli/commands/check-command.ts";
import { runCommand } from "../../src/cli/commands/run-command.ts";
import { searchCommand } from "../../src/cli/commands/search-command.ts";
import { fencesOfPage } from "../docs/fences.ts";
import { command } from "./command-line.ts";

const page = readFileSync(new URL("../../docs/guide/command-line.md", import.meta.url), "utf8");
const fences = fencesOfPage("command-line.md", page);
const promised = fences.flatMap((fence, index) => {
  const next = fences[index + 1];
  return fence.info === "sh" && next?.info === "text" && !next.apart
    ? [{ typed: fence.lines[0]!, prints: next.lines }]
    : [];
});

describe("the page about the command line", () => {
  it("shows what commands print", () => expect(promised.length).toBeGreaterThan(3));

  it.each(promised)("is right about $typed", async ({ typed, prints }) => {
    const words = [...typed.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
    expect(words.slice(0, 2)).toEqual(["npx", "flock-ts"]);
    const { out, err } = await command(words.slice(2));
    const printed = `${out}${err}`.split("\n");
    let from = 0;
    for (const line of prints.filter((one) => one.trim() !== "")) {
      const at = printed.findIndex((one, index) => index >= from && one.startsWith(line.trimEnd()));
      expect(at, `${line} in\n${printed.join("\n")}`).toBeGreaterThanOrEqual(0);
      from = at + 1;
    }
  });

  it("names every option", () => {
    for (const { options } of [runCommand, checkCommand, searchCommand]) {
      for (const name of Object.keys(options)) expect(page).toContain(`--${name}`);
    }
  });
});
