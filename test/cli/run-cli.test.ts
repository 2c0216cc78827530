import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { complaint, wantsDebug } from "../../src/cli/run-cli.ts";
import { command, orders } from "./command-line.ts";

const agent = ["run", "--input", "text: str", "--output", "summary: str"] as const;

describe("flock-ts", () => {
  it("shows its help when asked, and when it has nothing to do", async () => {
    const asked = await command(["--help"]);
    expect(asked.code).toBe(0);
    for (const word of ["run", "check", "search", "help", "FLOCK_MODEL", "NO_COLOR"]) expect(asked.out).toContain(word);
    expect(await command(["-h"])).toEqual(asked);
    expect(await command(["help"])).toEqual(asked);
    expect(await command([])).toEqual({ code: 1, out: "", err: asked.out });
  });

  it.each(["run", "check", "search"])("shows the help of %s in two ways", async (name) => {
    const { code, out } = await command(["help", name]);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: flock-ts ${name} `);
    expect(await command([name, "--help"])).toEqual({ code, out, err: "" });
    expect(await command([name, "-h"])).toEqual({ code, out, err: "" });
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });

  it("says its version", async () => {
    const { code, out } = await command(["--version"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^flock-ts \d+\.\d+\.\d+\n$/);
    expect((await command(["-v"])).out).toBe(out);
  });

  it.each([
    [["rnu"], "did you mean run?"],
    [["help", "serach"], "did you mean search?"],
    [["deploy"], "see flock-ts --help"],
    [["--verison"], "did you mean --version?"],
    [["--json", "run"], "expected a command (run, check, search) before --json"],
    [["check", "--jsno", "a"], "check has no option --jsno; did you mean --json?"],
    [["check", "--zzz", "a"], "it knows --json, --debug, --help"],
    [["check", "--__proto__", "a"], "check has no option --__proto__"],
    [["check", "--constructor=1", "a"], "check has no option --constructor"],
    [["check", "--json=yes", "a"], "--json is a switch and takes no value"],
    [["search", "x", "y", "--limit"], "--limit needs a value; write --limit N"],
    [["search", "x", "y", "--limit", "--json"], "write --limit=--json"],
    [["search", "x", "y", "--limit", " "], "--limit needs a value"],
    [["search", "x", "y", "--limit", "1", "--limit", "2"], "--limit is given twice"],
    [["run", "-5"], "put -- before it"],
    [["run", "-x"], "run has no option -x"],
  ])("says what is wrong with %j", async (argv, sentence) => {
    const { code, out, err } = await command(argv);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(sentence);
    expect(err).toMatch(/^flock-ts: [^\n]+\n$/);
  });

  it("shows the stack with --debug alone", async () => {
    expect((await command(["check", "a: strr"])).err).not.toContain("    at ");
    const { err } = await command(["check", "a: strr", "--debug"]);
    expect(err).toContain("    at ");
    expect(err).toContain("signature_invalid");
    expect(wantsDebug(["check", "--", "--debug"])).toBe(false);
  });

  it("tells errors that are none in one plain line", () => {
    expect(complaint("just\ntext\x1b[2J", false)).toBe("flock-ts: just text\n");
    expect(complaint(new TypeError(""), false)).toBe("flock-ts: TypeError\n");
    expect(complaint(new Error("x".repeat(10_000_000)), false).length).toBeLessThan(2_100);
  });

  it("ends with 130 when it was interrupted before it began", async () => {
    const signal = AbortSignal.abort();
    expect(await command([...agent, "x"], { signal })).toEqual({ code: 130, out: "", err: "flock-ts: interrupted\n" });
  });

  it("answers any words with a code, and any mistake with one plain line", async () => {
    const word = fc.oneof(
      fc.constantFrom("check", "help", "--json", "--debug=", "--", "-", "--limit", "--input=a: str", "--output", "run"),
      fc.constantFrom("a: str", "{", '{"a":1}', "@", "@@a", "@/nowhere", "\x1b[2J", "__proto__", "-h", ""),
      fc.string({ unit: "binary", maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
        const { code, out, err } = await command(argv);
        expect(out + err).not.toMatch(orders);
        expect(err).not.toContain("TypeError");
        if (argv.length === 0 || code === 0) return;
        expect(code).toBe(1);
        expect(err).toMatch(argv[0] === "check" ? /^flock-ts: [^\n]+\n/ : /^flock-ts: [^\n]+\n$/);
      }),
      { numRuns: 400 },
    );
  });
});
