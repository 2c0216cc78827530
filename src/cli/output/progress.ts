/** Shows on the standard error what is going on: a line for each finished call, and on a terminal one that is rewritten. */

import { styleText } from "node:util";
import type { FlockEvent, Timer } from "../../entries/index.ts";
import { type CliHost, takesEscapes } from "../command.ts";
import { plainLine } from "./plain-text.ts";

const refreshMs = 100;
const clearLine = "\r\u001b[2K";

/** How much is shown. */
export interface ProgressOptions {
  /** Show nothing. */
  readonly quiet: boolean;
  /** The same terminal shows an answer that grows: rewrite no line, and keep what happens in the run for the end. @default false */
  readonly still?: boolean;
}

/** The progress of one command. Dispose it when the command is over. */
export class Progress implements Disposable {
  readonly #host: Pick<CliHost, "stderr" | "runtime">;
  readonly #quiet: boolean;
  readonly #escapes: boolean;
  readonly #live: boolean;
  readonly #still: boolean;
  readonly #started: number;
  readonly #open = new Map<string, string>();
  #tokens = 0;
  #doing = "";
  #timer: Timer | undefined = undefined;
  #held: string[] | undefined = undefined;

  constructor(host: Pick<CliHost, "stderr" | "runtime">, options: ProgressOptions) {
    this.#host = host;
    this.#quiet = options.quiet;
    this.#escapes = takesEscapes(host.stderr, host.runtime);
    this.#still = options.still === true;
    this.#live = this.#escapes && !options.quiet && !this.#still;
    this.#started = host.runtime.monotonic();
  }

  /** Shows a line that stays. */
  line(text: string): void {
    if (this.#quiet) return;
    const plain = plainLine(text, 500);
    const shown = this.#escapes ? styleText("dim", plain, { validateStream: false }) : plain;
    const line = `${this.#live ? clearLine : ""}${shown}\n`;
    if (this.#held === undefined) this.#host.stderr.write(line);
    else this.#held.push(line);
  }

  /** Says what is being done now; shown on terminals alone. */
  doing(text: string): void {
    this.#doing = text;
    if (this.#live && this.#timer === undefined) this.#refresh();
  }

  /** Is told the events of the run. */
  readonly onEvent = (event: FlockEvent): void => {
    if (event.type === "call-start") {
      if (this.#still) this.#held ??= [];
      this.#open.set(event.path, event.name);
      this.doing([...this.#open.values()].join(" › "));
    } else if (event.type === "call-end") {
      this.#open.delete(event.path);
      this.doing([...this.#open.values()].join(" › "));
      const tokens = (event.usage?.inputTokens ?? 0) + (event.usage?.outputTokens ?? 0);
      this.#tokens += tokens;
      const shown = event.kind === "agent" ? this.#tokens : tokens;
      const used = shown === 0 ? "" : `, ${shown} tokens`;
      const failed = event.outcome === "ok" ? "" : `, ${event.outcome} (${event.code})`;
      const name = event.kind === event.name ? event.name : `${event.kind} ${event.name}`;
      this.line(`${name}: ${seconds(event.durationMs)}${used}${failed}`);
    } else if (event.type === "warning") this.line(`warning: ${event.message}`);
  };

  /** Takes the rewritten line away, and shows what was kept. */
  [Symbol.dispose](): void {
    for (const line of this.#held?.splice(0) ?? []) this.#host.stderr.write(line);
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#host.stderr.write(clearLine);
  }

  #refresh(): void {
    const { runtime, stderr } = this.#host;
    const tokens = this.#tokens === 0 ? "" : `  ${this.#tokens} tokens`;
    const text = `${seconds(runtime.monotonic() - this.#started)}  ${this.#doing}${tokens}`;
    stderr.write(`${clearLine}${plainLine(text, Math.max(20, (stderr.columns || 80) - 1))}`);
    this.#timer = runtime.setTimer(() => this.#refresh(), refreshMs);
    this.#timer.unref();
  }
}

/** Gives a duration for people. */
export function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
