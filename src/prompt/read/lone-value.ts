/** Reads a text that means one value without brackets: a word, a number, a quoted text, a tuple, a call around one. */

import { notJson } from "./plain-json.ts";
import { missing, TolerantReader } from "./tolerant-reader.ts";
import { closersOf, wordValue } from "./tolerant-text.ts";

/** Reads a text that is one lone value, maybe fenced or after a thought. Prose is never taken for one. */
export function readLoneValue(text: string, limits: { readonly maxDepth: number; readonly partial: boolean }): unknown {
  const trimmed = bodyOf(text)
    .trim()
    .replace(/\s{0,16}[,;]$/, "");
  if (trimmed === "") return notJson;
  if (listEnd.test(trimmed) && !trimmed.includes("[")) return readWhole(`[${trimmed}`, limits, false);
  const quoted = closersOf(trimmed.charCodeAt(0)) !== "" && trimmed.length > 1;
  if (quoted || called.test(trimmed) || /^\(.*\)$/s.test(trimmed)) return readWhole(trimmed, limits, quoted);
  if (/^\\["']/.test(trimmed)) return readWhole(trimmed.replaceAll(/\\(?=["'\\])/g, ""), limits, true);
  const value = wordValue(trimmed);
  return value === undefined ? notJson : value;
}

/** Items and the closing bracket of a list that lost its opening one. */
const listEnd = /^["'\w+-][^{}]{0,65536}\]$/;

/** A call with one literal argument, such as `callback("x")` or `NumberLong(2)`. */
const called = /^[A-Za-z_$][\w.$]{0,64}\s{0,8}\(\s{0,8}(?:["'\d-]|true|false|null).*\)$/s;

function readWhole(
  text: string,
  limits: { readonly maxDepth: number; readonly partial: boolean },
  quoted: boolean,
): unknown {
  const reader = new TolerantReader(text, 0, limits);
  const value = reader.read();
  if (value === missing || reader.tooDeep || reader.at < text.length || !reader.complete) return notJson;
  if (Array.isArray(value)) return reader.plainWords === 0 && value.length > 0 ? value : notJson;
  if (!quoted || typeof value !== "string") return value;
  // A second such quote inside means two quoted words in a sentence, not one string.
  return text.includes("\\") || reader.joins > 0 || !value.includes(text.at(-1)!) ? value : notJson;
}

/** Gives what is behind a thought, and inside a fence. */
function bodyOf(text: string): string {
  const answer = text.slice(text.lastIndexOf("</think>") + 1 && text.lastIndexOf("</think>") + 8);
  const fence = answer.indexOf("```");
  if (fence === -1) return answer;
  const line = answer.indexOf("\n", fence);
  const close = answer.indexOf("```", fence + 3);
  if (line === -1) return answer;
  return answer.slice(line + 1, close === -1 || close < line ? undefined : close);
}
