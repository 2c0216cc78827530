/** What the example shows: live progress on a terminal, plain lines elsewhere. */

import type { FlockEvent } from "flock-ts";

const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Takes out everything that could steer a terminal: documents and models are not to be trusted. */
export function plain(text: string): string {
  return text.replace(control, " ");
}

/** Prints a heading and its lines. */
export function section(title: string, lines: readonly string[]): void {
  console.log(`\n${title}\n${"─".repeat(title.length)}`);
  for (const line of lines) console.log(plain(line));
}

/** Breaks a text into lines of at most 100 characters, the later ones indented. */
export function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent.length + line.length + word.length >= 100) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${indent}`);
}

/** Shows one line that is written over and over on a terminal, and nothing elsewhere. */
export function status(text: string): void {
  if (!process.stdout.isTTY) return;
  // Some terminals say they have no columns at all.
  const columns = process.stdout.columns || 80;
  process.stdout.write(`\r\u001b[2K${plain(text).slice(0, columns - 1)}`);
}

/** Makes a listener that shows which agent does what, how long it has been at it, and the tokens so far. */
export function progress(): { onEvent(event: FlockEvent): void; stop(): void } {
  const started = performance.now();
  const open = new Map<string, string>();
  let tokens = 0;
  const elapsed = () => `${((performance.now() - started) / 1_000).toFixed(2).padStart(6)} s`;
  const show = () => status(`${elapsed()}  ${[...open.values()].join(" › ")}  ${tokens} tokens`);
  const timer = setInterval(show, 100);
  return {
    onEvent(event) {
      if (event.type === "call-start") open.set(event.path, event.name);
      if (event.type === "call-end") {
        open.delete(event.path);
        const used = (event.usage?.inputTokens ?? 0) + (event.usage?.outputTokens ?? 0);
        tokens += used;
        const indent = "  ".repeat(event.path.split("/").length - 2);
        const cost = used > 0 ? `, ${used} tokens` : "";
        const failed = event.outcome === "ok" ? "" : ` — ${event.outcome}: ${event.code}`;
        status("");
        console.log(
          plain(
            `${elapsed()}  ${indent}${event.kind} ${event.name}: ${event.durationMs.toFixed(0)} ms${cost}${failed}`,
          ),
        );
      }
      show();
    },
    stop() {
      clearInterval(timer);
      status("");
    },
  };
}
