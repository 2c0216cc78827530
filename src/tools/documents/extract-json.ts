/** Makes JSON searchable: a line for each text in it, under the path of keys that leads there. */

import type { Pacer } from "../../core/runtime/pacer.ts";
import type { ExtractedText, Mark } from "./extracted-text.ts";

const valuesBetweenPauses = 500;
const deepest = 500;

/**
 * Writes every string as `key: value` (in lists just the value), with its path, such as `products[3].name`, as heading.
 * Numbers and booleans are written where they are fields of a record, since they say something of it. An object in a list, and any
 * object at the top, begins a new passage. The file is parsed in one go, about 10 ms a megabyte.
 *
 * @throws SyntaxError for what is no JSON, RangeError for more than 500 levels.
 */
export async function extractJson(text: string, pacer: Pacer): Promise<ExtractedText> {
  const writer = new JsonWriter();
  const value: unknown = JSON.parse(text);
  await pacer.pause();
  let count = 0;
  for (const _ of writer.write(value, "", undefined, 0)) {
    if (++count % valuesBetweenPauses === 0) await pacer.pause();
  }
  return { text: writer.lines.join(""), marks: writer.marks };
}

class JsonWriter {
  readonly lines: string[] = [];
  readonly marks: Mark[] = [];
  #offset = 0;
  #cutNext = false;

  /** Yields after each value, so that the caller may pause. */
  *write(value: unknown, path: string, key: string | undefined, depth: number): Generator<void> {
    if (depth > deepest) throw new RangeError(`it is nested deeper than ${deepest} levels`);
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        this.#cutNext ||= typeof item === "object";
        yield* this.write(item, `${path}[${index}]`, undefined, depth + 1);
      }
    } else if (typeof value === "object" && value !== null) {
      this.#cutNext ||= depth < 2;
      for (const [name, field] of Object.entries(value)) {
        yield* this.write(field, path === "" ? name : `${path}.${name}`, name, depth + 1);
      }
      this.#endParagraph();
    } else if (typeof value === "string" || (key !== undefined && value !== null)) {
      this.#writeLine(`${value}`, path, key);
    }
    yield;
  }

  #writeLine(value: string, path: string, key: string | undefined): void {
    if (value.trim() === "") return;
    this.marks.push({ offset: this.#offset, cut: this.#cutNext, ...(path === "" ? {} : { heading: path }) });
    this.#cutNext = false;
    this.#append(key === undefined ? `${value}\n` : `${key}: ${value}\n`);
  }

  #endParagraph(): void {
    if (this.lines.length > 0 && this.lines.at(-1) !== "\n") this.#append("\n");
  }

  #append(line: string): void {
    this.lines.push(line);
    this.#offset += line.length;
  }
}
