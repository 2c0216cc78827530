/** Reads the text of web pages: what a reader sees, with the page's own headings. */

import { loadPackage } from "../../core/runtime/optional-package.ts";
import type { Pacer } from "../../core/runtime/pacer.ts";
import type { ExtractedText, Mark } from "./extracted-text.ts";

const unseen = new Set(["script", "style", "template", "noscript", "svg", "iframe", "object", "select"]);
const blocks = new Set(
  `address article aside blockquote body br caption dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4
  h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead title tr ul`.split(/\s+/),
);
const paragraphs = new Set("article blockquote h1 h2 h3 h4 h5 h6 p pre section table title ul ol dl".split(" "));
const pieceLength = 16_384;
const deepest = 2_000;
/** Beyond this it is not a heading but text somebody forgot to end. */
const longestHeading = 300;

/**
 * Takes the text out of HTML, white space folded outside `pre`. Headings h1 to h6 begin passages; before the first one, the title is the heading.
 *
 * @throws package_missing without the optional package htmlparser2; RangeError for elements nested over 2,000 deep.
 */
export async function extractHtml(html: string, pacer: Pacer): Promise<ExtractedText> {
  const { Parser } = await loadPackage({
    name: "htmlparser2",
    purpose: "read HTML files",
    load: () => import("htmlparser2"),
  });
  const reader = new PageReader();
  const parser = new Parser(
    {
      onopentagname: (name) => reader.open(name),
      onclosetag: (name) => reader.close(name),
      ontext: (text) => reader.text(text),
    },
    { decodeEntities: true },
  );
  for (let offset = 0; offset < html.length; offset += pieceLength) {
    await pacer.pause();
    parser.write(html.slice(offset, offset + pieceLength));
  }
  parser.end();
  return reader.finish();
}

class PageReader {
  readonly #parts: string[] = [];
  readonly #marks: Mark[] = [];
  #length = 0;
  #depth = 0;
  #unseenDepth = 0;
  #preDepth = 0;
  /** What stands between the last text and the next one: nothing, a space, a line break or an empty line. */
  #gap = "";
  /** Where the heading being read began, and its text so far. */
  #heading: { readonly name: string; offset: number | undefined; text: string } | undefined;

  open(name: string): void {
    this.#depth++;
    if (this.#depth > deepest) throw new RangeError(`its elements are nested over ${deepest} deep`);
    if (unseen.has(name)) this.#unseenDepth++;
    if (name === "pre") this.#preDepth++;
    this.#separate(name);
    if (/^h[1-6]$/.test(name) || name === "title") this.#heading = { name, offset: undefined, text: "" };
  }

  close(name: string): void {
    this.#depth--;
    if (unseen.has(name)) this.#unseenDepth--;
    if (name === "pre") this.#preDepth--;
    if (this.#heading?.name === name) this.#endHeading(this.#heading);
    this.#separate(name);
  }

  text(text: string): void {
    if (this.#unseenDepth > 0) return;
    if (this.#preDepth > 0) {
      this.#append(text);
      return;
    }
    const folded = text.replace(/[ \t\r\n\f\u00a0]+/g, " ");
    if (folded.startsWith(" ")) this.#gap ||= " ";
    const words = folded.trim();
    if (words === "") return;
    this.#append(words);
    if (folded.endsWith(" ")) this.#gap = " ";
  }

  finish(): ExtractedText {
    return { text: this.#parts.join(""), marks: this.#marks };
  }

  #separate(name: string): void {
    if (paragraphs.has(name)) this.#gap = "\n\n";
    else if (blocks.has(name) && this.#gap !== "\n\n") this.#gap = "\n";
    else if (name === "td" || name === "th") this.#gap ||= " ";
  }

  #append(text: string): void {
    const gap = this.#length === 0 ? "" : this.#gap;
    this.#gap = "";
    const heading = this.#heading;
    if (heading !== undefined) {
      heading.offset ??= this.#length + gap.length;
      if (heading.text.length < longestHeading) heading.text += (heading.text === "" ? "" : gap) + text;
    }
    this.#parts.push(gap, text);
    this.#length += gap.length + text.length;
  }

  #endHeading(heading: { readonly name: string; offset: number | undefined; text: string }): void {
    this.#heading = undefined;
    const text = heading.text.slice(0, longestHeading).replace(/\s+/g, " ").trim();
    if (text === "" || heading.offset === undefined) return;
    this.#marks.push({ offset: heading.offset, heading: text, cut: true });
  }
}
