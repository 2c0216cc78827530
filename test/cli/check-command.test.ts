import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { caretUnder } from "../../src/cli/commands/check-command.ts";
import { typeWords } from "../../src/cli/output/type-words.ts";
import { parseSignature, TypeRegistry } from "../../src/entries/index.ts";
import { command, orders } from "./command-line.ts";

describe("flock-ts check", () => {
  it("shows the fields and the JSON Schema", async () => {
    const { code, out, err } = await command(["check", "topic: str | what to research, depth?: int"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [fields = "", schema = ""] = out.split("JSON Schema\n");
    expect(fields).toBe("Fields\n  topic: str   what to research\n  depth?: int\n\n");
    expect(JSON.parse(schema)).toEqual(parseSignature("topic: str | what to research, depth?: int").toJsonSchema());
  });

  it("prints the JSON Schema as one line with --json", async () => {
    const { code, out } = await command(["check", "--json", "tags: list[str]"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(out)).toEqual(parseSignature("tags: list[str]").toJsonSchema());
  });

  it("puts a caret under the place of an error", async () => {
    const { code, out, err } = await command(["check", "titel: strr"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe(
      "flock-ts: signature, line 1, column 8: expected a type, found unknown type 'strr'; did you mean 'str'?\n" +
        "  titel: strr\n         ^\n",
    );
  });

  it("shows the line of the error alone, also after tabs and wide characters", async () => {
    const tabbed = await command(["check", "a: str,\n\tb: lst[str],\nc: int"]);
    expect(tabbed.err).toContain("\n  \tb: lst[str],\n  \t   ^\n");
    const wide = await command(["check", 'a: str | "漢字🐝", b: xyzzy']);
    expect(wide.err).toContain(`\n  ${" ".repeat('a: str | "'.length + 6 + '", b: '.length)}^\n`);
  });

  it("shows no more of a long signature than what is near", async () => {
    const { err } = await command([
      "check",
      `${"a".repeat(5_000)}: str, ${"b".repeat(200)}: zzzz, ${"c".repeat(5_000)}`,
    ]);
    for (const line of err.split("\n").slice(1)) expect(line.length).toBeLessThan(130);
  });

  it("sends no orders of a signature to the terminal", async () => {
    for (const text of [
      'a: str | "\x1b]0;x\x07\u202e\x9b2J"',
      "a: \x1b[2J",
      "\u202ea\x07: str",
      "a: 'x\x1b[31m' | 'b'",
    ]) {
      const { out, err } = await command(["check", text]);
      expect(out + err).not.toMatch(orders);
      expect((await command(["check", "--json", text])).out.trimEnd()).not.toMatch(orders);
    }
  });

  it.each([[[]], [["a: str", "b: str"]]])("takes exactly one signature, not %j", async (args) => {
    const { code, err } = await command(["check", ...args]);
    expect(code).toBe(1);
    expect(err).toMatch(/^flock-ts: check takes one signature.*flock-ts check "topic: str"\n$/);
  });

  it("writes its titles bold on a terminal", async () => {
    const { out } = await command(["check", "a: str"], { terminal: true });
    expect(out).toContain("\x1b[1mFields\x1b[22m\n");
    const plain = await command(["check", "a: str"], { terminal: true, variables: { NO_COLOR: "1" } });
    expect(plain.out).not.toMatch(orders);
  });
});

describe("a caret", () => {
  it("stands under the very character, wherever that is", () => {
    const line = fc.string({ unit: fc.constantFrom(..."abc :,[]|"), maxLength: 150 });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), fc.nat(2), fc.nat(150), (lines, row, wanted) => {
        const before = lines.slice(0, Math.min(row, lines.length - 1));
        const at = Math.min(wanted, lines[before.length]!.length);
        const offset = before.join("\n").length + (before.length > 0 ? 1 : 0) + at;
        const text = lines.join("\n");
        const [shown = "", caret = ""] = caretUnder(text, { line: before.length + 1, column: at + 1, offset }).split(
          "\n",
        );
        expect(caret.trimStart()).toBe("^");
        const under = shown.charAt(caret.length - 1);
        expect(under).toBe(at < lines[before.length]!.length ? text.charAt(offset) : "");
      }),
    );
  });
});

describe("a type in words", () => {
  it("is spelt as a signature spells it", () => {
    const types = new TypeRegistry().register("Note", "{ text: str }");
    for (const text of [
      "str",
      "list[set[int]]",
      "dict[str, float]",
      "tuple[bool, date]",
      "'a' | 'b'",
      "Literal['a', 2, true]",
      "str | None",
      "{ title: str, pages?: datetime }",
      "any",
    ]) {
      expect(typeWords(parseSignature(`x: ${text}`, { types }).fields[0]!.type)).toBe(text);
    }
    expect(
      typeWords({ kind: "registered", name: "Note", registered: { name: "Note", toJsonSchema: () => ({}) } }),
    ).toBe("Note");
  });
});
