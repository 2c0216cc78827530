/** Bounds what one streamed answer may hold, so that a stream that never ends costs neither memory nor the run. */

import { FlockError } from "../core/errors/errors.ts";

/** A stream with more text, reasoning, tool input and other content than this many characters is ended with an error. */
export const maxStreamCharacters = 64 * 1024 * 1024;

/** A stream of more parts than this is ended with an error, whatever is in them. */
export const maxStreamParts = 4 * 1024 * 1024;

/** An answer of more blocks than this (texts, tool calls, sources, files) is ended with an error. */
export const maxAnswerBlocks = 16_384;

/** What any value costs beside its text: about its memory. */
const charactersPerValue = 16;

/** Counts what comes; each of its methods throws model_failed (not retryable, `stream_too_long`) at its bound. */
export class StreamBounds {
  readonly #model: string;
  #parts = 0;
  #characters = 0;
  #blocks = 0;

  constructor(model: string) {
    this.#model = model;
  }

  /** Counts a part of any kind. */
  addPart(): void {
    this.#parts += 1;
    if (this.#parts > maxStreamParts) throw this.#tooLong(maxStreamParts, "parts");
  }

  /** Counts something that the answer keeps as a whole. */
  addBlock(): void {
    this.#blocks += 1;
    if (this.#blocks > maxAnswerBlocks) throw this.#tooLong(maxAnswerBlocks, "texts, tool calls, sources and files");
  }

  addText(text: string): void {
    this.#addCharacters(text.length);
  }

  /** Counts all texts and bytes in a value, and what each value in it takes; never looks further than the bound. */
  addContent(content: unknown): void {
    const open: unknown[] = [content];
    while (open.length > 0) {
      const value = open.pop();
      if (typeof value === "string") this.addText(value);
      else if (typeof value === "object" && value !== null) {
        if (ArrayBuffer.isView(value)) this.#addCharacters(value.byteLength);
        else for (const key of Object.keys(value)) open.push((value as Readonly<Record<string, unknown>>)[key]);
      }
      this.#addCharacters(charactersPerValue);
    }
  }

  #addCharacters(count: number): void {
    this.#characters += count;
    if (this.#characters > maxStreamCharacters) throw this.#tooLong(maxStreamCharacters, "characters");
  }

  #tooLong(most: number, what: string): FlockError<"model_failed"> {
    const message = `${this.#model} streamed more than ${most} ${what}; lower maxOutputTokens`;
    return new FlockError("model_failed", message, {
      details: { model: this.#model, retryable: false, vendorCode: "stream_too_long", progress: "answering" },
    });
  }
}
