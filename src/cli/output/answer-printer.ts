/** Prints an answer while it grows, by appending only: the same on a terminal, in a pipe and in a file. */

import { type CliHost, takesEscapes } from "../command.ts";
import { jsonLine } from "./plain-text.ts";
import { renderAnswer } from "./render-answer.ts";

/** Most often that a growing answer is looked at; each look reads all of it. */
const lookEveryMs = 30;

/** How answers are printed. */
export interface AnswerPrinterOptions {
  /** JSON lines in place of text for people. */
  readonly json: boolean;
  /** The declared fields. An answer that did not grow before people's eyes is printed in their order. */
  readonly order: readonly string[];
}

/** Prints one answer. */
export class AnswerPrinter {
  readonly #host: Pick<CliHost, "stdout" | "runtime">;
  readonly #json: boolean;
  readonly #bold: boolean;
  readonly #declared: readonly string[];
  #printed = "";
  /** The fields printed so far: a model may write them in another order than declared. */
  #shown: readonly string[] = [];
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(host: Pick<CliHost, "stdout" | "runtime">, options: AnswerPrinterOptions) {
    this.#host = host;
    this.#json = options.json;
    this.#declared = options.order;
    this.#bold = takesEscapes(host.stdout, host.runtime);
  }

  /** Prints what is new in the answer so far; one line of JSON for each state of it. */
  grow(answer: object): void {
    const now = this.#host.runtime.monotonic();
    if (now - this.#lookedAt < lookEveryMs) return;
    this.#lookedAt = now;
    if (this.#json) this.#host.stdout.write(jsonLine(answer));
    else {
      this.#shown = [...new Set([...this.#shown, ...Object.keys(answer)])].filter((name) =>
        Object.hasOwn(answer, name),
      );
      this.#append(renderAnswer(inOrder(answer, this.#shown), { bold: this.#bold, open: true }));
    }
  }

  /** Prints the rest of the whole answer. */
  end(answer: object): void {
    if (this.#json) {
      this.#host.stdout.write(jsonLine(inOrder(answer, this.#declared)));
      return;
    }
    this.#append(renderAnswer(inOrder(answer, [...this.#shown, ...this.#declared]), { bold: this.#bold }));
    this.#host.stdout.write("\n");
  }

  /** Ends the line of an answer that will not be whole. */
  abandon(): void {
    if (this.#printed !== "") this.#host.stdout.write("\n");
  }

  /** An answer that does not go on where the last one was (it was asked for again) is printed from its beginning. */
  #append(text: string): void {
    // Half of a surrogate pair waits for its other half.
    const whole = /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
    const goesOn = whole.startsWith(this.#printed);
    if (!goesOn) this.#host.stdout.write("\n\n");
    this.#host.stdout.write(goesOn ? whole.slice(this.#printed.length) : whole);
    this.#printed = whole;
  }
}

function inOrder(answer: object, order: readonly string[]): Readonly<Record<string, unknown>> {
  const values = new Map<string, unknown>(Object.entries(answer));
  const names = [...new Set([...order.filter((name) => values.has(name)), ...values.keys()])];
  return Object.fromEntries(names.map((name) => [name, values.get(name)]));
}
