import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pacer } from "../../../src/core/runtime/pacer.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { decodeText } from "../../../src/tools/documents/decode-text.ts";
import { extractHtml } from "../../../src/tools/documents/extract-html.ts";
import { extractJson } from "../../../src/tools/documents/extract-json.ts";
import { extractMarkdown } from "../../../src/tools/documents/extract-markdown.ts";
import { extractPdf } from "../../../src/tools/documents/extract-pdf.ts";
import { type ExtractedText, markAt } from "../../../src/tools/documents/extracted-text.ts";
import { makePdf } from "./make-pdf.ts";

const pacer = new Pacer(createTestRuntime());

/** Headings with the text that begins at each. */
function sectionsOf({ text, marks }: ExtractedText): string[] {
  return marks.map(({ offset, heading }) => `${heading} @ ${text.slice(offset, offset + 12).split("\n")[0]}`);
}

describe("decodeText", () => {
  it("reads UTF-8, UTF-16 with a mark and Windows-1252, and drops the byte order mark", () => {
    expect(decodeText(new TextEncoder().encode("\ufeffnaïve 東京"))).toBe("naïve 東京");
    expect(decodeText(Uint8Array.of(0xff, 0xfe, 0x41, 0, 0xe9, 0))).toBe("Aé");
    expect(decodeText(Uint8Array.of(0xfe, 0xff, 0, 0x41))).toBe("A");
    expect(decodeText(Uint8Array.from([..."caf\xe9 \x93x\x94"].map((letter) => letter.charCodeAt(0))))).toBe(
      "café “x”",
    );
    expect(decodeText(new Uint8Array())).toBe("");
  });

  it("tells binary data from text", () => {
    expect(decodeText(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1, 2))).toBeUndefined();
    expect(decodeText(Uint8Array.from({ length: 100 }, (_, index) => (index % 20) + 1))).toBeUndefined();
    expect(decodeText(new TextEncoder().encode(`colour \x1b[31mred\x1b[0m ${"x".repeat(200)}\x01`))).toContain("red");
  });
});

describe("extractMarkdown", () => {
  it("keeps the text and marks headings of both kinds, outside code and front matter", async () => {
    const text = [
      "---",
      "title: not a heading",
      "---",
      "# One #",
      "text",
      "Two",
      "===",
      "```sh",
      "# no heading",
      "~~~",
      "```",
      "   ### Three `code`",
      "- item",
      "---",
      "#hashtag",
      "Four\r",
      "----\r",
      "#",
      "",
    ].join("\n");
    const extracted = await extractMarkdown(text, pacer);
    expect(extracted.text).toBe(text);
    expect(sectionsOf(extracted)).toEqual([
      "One @ # One #",
      "Two @ Two",
      "Three `code` @    ### Three",
      "Four @ Four\r",
    ]);
  });

  it("reads anything", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("# a", "---", "===", "```", "x", "", "\r"), { maxLength: 40 }),
        async (lines) => {
          const { text, marks } = await extractMarkdown(lines.join("\n"), pacer);
          expect(text).toBe(lines.join("\n"));
          for (const { offset, heading } of marks) expect(text.slice(offset)).toContain(heading);
        },
      ),
    );
  });
});

describe("extractJson", () => {
  it("writes texts with their keys under the path that leads there", async () => {
    const json = JSON.stringify({
      title: "Guide",
      guide: { install: "Run npm install", steps: ["one", "two", 3], empty: " ", none: null },
      people: [
        { name: "Ada", age: 36, alive: false },
        { name: "Alan", tags: ["x"] },
      ],
    });
    const extracted = await extractJson(json, pacer);
    expect(extracted.text).toBe(
      "title: Guide\ninstall: Run npm install\none\ntwo\n\nname: Ada\nage: 36\nalive: false\n\nname: Alan\nx\n\n",
    );
    expect(sectionsOf(extracted)).toEqual([
      "title @ title: Guide",
      "guide.install @ install: Run",
      "guide.steps[0] @ one",
      "guide.steps[1] @ two",
      "people[0].name @ name: Ada",
      "people[0].age @ age: 36",
      "people[0].alive @ alive: false",
      "people[1].name @ name: Alan",
      "people[1].tags[0] @ x",
    ]);
    expect(extracted.marks.map(({ cut }) => cut)).toEqual([true, true, false, false, true, false, false, true, false]);
  });

  it("reads a lone string, and prototype keys as plain ones", async () => {
    expect(await extractJson('"only"', pacer)).toEqual({ text: "only\n", marks: [{ offset: 0, cut: false }] });
    expect((await extractJson('{"__proto__":{"a":"b"}}', pacer)).text).toBe("a: b\n\n");
    expect(({} as { a?: string }).a).toBeUndefined();
  });

  it("contains every text of any JSON", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
        const { text, marks } = await extractJson(JSON.stringify(value), pacer);
        const collect = (part: unknown): string[] =>
          typeof part === "string" ? [part] : Object.values(part ?? {}).flatMap(collect);
        for (const line of collect(JSON.parse(JSON.stringify(value))))
          if (line.trim() !== "") expect(text).toContain(line);
        for (const { offset } of marks) expect(offset).toBeLessThan(text.length);
      }),
    );
  });

  it("refuses broken and bottomless JSON", async () => {
    await expect(extractJson("{", pacer)).rejects.toThrow(SyntaxError);
    await expect(extractJson(`${"[".repeat(600)}1${"]".repeat(600)}`, pacer)).rejects.toThrow("deeper than 500");
  });
});

describe("extractHtml", () => {
  it("gives what a reader sees, with headings and folded space", async () => {
    const html = `<!doctype html><html><head><title>The  Page</title><style>p{}</style><script>var x = "no";</script></head>
      <body><p>Hello <b>wor</b>ld &amp; all<br>next</p>
      <h1>First <em>part</em></h1><div>alpha</div><div>beta</div>
      <ul><li>one<li>two</ul><table><tr><td>a</td><td>b</td></tr></table>
      <pre>  keep
   this</pre><h2></h2><noscript>no</noscript></body></html>`;
    const extracted = await extractHtml(html, pacer);
    expect(extracted.text).toBe(
      "The Page\n\nHello world & all\nnext\n\nFirst part\n\nalpha\nbeta\n\none\ntwo\n\na b\n\n  keep\n   this",
    );
    expect(sectionsOf(extracted)).toEqual(["The Page @ The Page", "First part @ First part"]);
  });

  it("takes any soup of tags", async () => {
    const piece = fc.constantFrom(
      "<p>",
      "</p>",
      "<h1>",
      "</h1>",
      "<script>",
      "</script>",
      "<b",
      "text",
      "&amp;",
      "<pre>",
      " ",
      "<!--",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 60 }), async (pieces) => {
        const { text, marks } = await extractHtml(pieces.join(""), pacer);
        for (const { offset } of marks) expect(offset).toBeLessThan(text.length);
      }),
    );
  });

  it("takes no more than the beginning of a heading that never ends", async () => {
    const { marks } = await extractHtml(`<h1>${"word ".repeat(20_000)}</h1>`, pacer);
    expect(marks[0]!.heading!.length).toBeLessThanOrEqual(300);
    const { marks: written } = await extractMarkdown(`# a${" ".repeat(300_000)}b\n# ${"c ".repeat(300_000)}`, pacer);
    expect(written.map(({ heading }) => heading!.length <= 300)).toEqual([true, true]);
  });

  it("refuses elements nested without end", async () => {
    await expect(extractHtml("<div>".repeat(5_000), pacer)).rejects.toThrow("nested over 2000");
  });

  it("stops between pieces", async () => {
    const reason = new Error("enough");
    const aborted = new Pacer(createTestRuntime(), AbortSignal.abort(reason));
    await expect(extractHtml("<p>x", aborted)).rejects.toBe(reason);
  });
});

describe("extractPdf", () => {
  it("gives the text of each page with its number", async () => {
    const { text, marks } = await extractPdf(makePdf([["Hello (world)", "second line"], [], ["Third page"]]), pacer);
    expect(text).toBe("Hello (world)\nsecond line\n\nThird page\n\n");
    expect(marks).toEqual([
      { offset: 0, page: 1, cut: false },
      { offset: text.indexOf("Third"), page: 3, cut: false },
    ]);
  });

  it("leaves the bytes to whoever gave them, buffers of Node's included", async () => {
    const bytes = Buffer.from(makePdf([["Hello"]]));
    expect((await extractPdf(bytes, pacer)).text).toBe((await extractPdf(bytes, pacer)).text);
  });

  it("refuses what is no PDF", async () => {
    await expect(extractPdf(new TextEncoder().encode("no pdf at all"), pacer)).rejects.toThrow();
  });
});

describe("markAt", () => {
  it("finds the last mark at or before a place", () => {
    const marks = [2, 5, 9].map((offset) => ({ offset, cut: true }));
    expect([0, 2, 4, 5, 100].map((offset) => markAt(marks, offset)?.offset)).toEqual([undefined, 2, 2, 5, 9]);
  });
});
