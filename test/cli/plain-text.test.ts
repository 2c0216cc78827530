import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonLine, plainLine, plainText } from "../../src/cli/output/plain-text.ts";
import { orders } from "./command-line.ts";

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\x1b[",
        "\x1b]",
        "\x1bP",
        "\x9b",
        "\x9d",
        "\x07",
        "\x1b\\",
        "\x9c",
        "\x1b",
        "31m",
        "0;",
        "\r",
        "\n",
      ),
      fc.constantFrom("\u202e", "\u2066", "\u200f", "\u061c", "\x7f", "\x85", "\u2028"),
      fc.string({ unit: "binary", maxLength: 5 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(""));

describe("plain text", () => {
  it.each([
    ["colours", "a\x1b[1;31mred\x1b[0m", "ared"],
    ["cursor orders", "a\x1b[2J\x1b[10;10Hb\x1b[?25lc", "abc"],
    ["C1 orders", "a\x9b2Jb", "ab"],
    ["window titles, to the bell", "a\x1b]0;owned\x07b", "ab"],
    ["links, to the string end", "a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb"],
    ["device strings", "a\x1bPq#0\x1b\\b\x90q\x9cc", "abc"],
    ["character sets and resets", "a\x1b(0b\x1bcc\x1b7d", "abcd"],
    ["bells, backspaces and returns", "safe\b\b\b\b\revil\x07\x7f", "safeevil"],
    ["marks that turn text around", "a\u202eb\u2066c\u200fd\u061ce", "abcde"],
  ])("loses %s", (_, text, plain) => expect(plainText(text)).toBe(plain));

  it("keeps what an order without end would swallow", () => {
    expect(plainText("a\x1b]0;never ended. The rest is read.")).toBe("a]0;never ended. The rest is read.");
  });

  it("keeps tabs, line ends, accents, other scripts and emoji", () => {
    const text = "a\tb\nÄé 漢字 عربى 👩‍🔬 — “x”";
    expect(plainText(text)).toBe(text);
    expect(plainText("a\r\nb")).toBe("a\nb");
  });

  it("never holds an order, whatever comes, and is itself plain", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const plain = plainText(text);
        expect(plain).not.toMatch(orders);
        expect(plainText(plain)).toBe(plain);
        expect(plainLine(text)).not.toMatch(/[\n\t]/);
        expect(plainLine(text)).not.toMatch(orders);
      }),
    );
  });

  it("takes time in proportion to the text", () => {
    for (const unit of ["\x1b]", "\x1b[", "\x1b[1", "\x9d", "\x1b ", "\x1b[ "]) {
      expect(plainText(unit.repeat(200_000))).not.toMatch(orders);
    }
  });

  it("cuts a line to its length", () => {
    expect(plainLine("x".repeat(5_000))).toHaveLength(2_000);
    expect(plainLine("one two", 5)).toBe("one …");
  });
});

describe("a line of JSON", () => {
  it("is one line without orders, and loses no character", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), hostile), (value) => {
        const line = jsonLine(value);
        expect(line.slice(0, -1)).not.toMatch(orders);
        expect(line).toMatch(/^[^\n\u2028\u2029]*\n$/);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
