/** Reads the text out of an answer of any shape, for embedding and for showing. */

/** Beyond this, more text says little more about what an answer is about. */
const longestText = 20_000;
const deepest = 50;

/** Gives all strings and numbers of a value, in order, one a line; keys are left out. At most 20,000 characters. */
export function textOfAnswer(value: unknown): string {
  const lines: string[] = [];
  let length = 0;
  const visit = (part: unknown, depth: number): void => {
    if (length >= longestText || depth > deepest) return;
    if (typeof part === "string" || typeof part === "number") {
      const line = String(part).trim();
      if (line === "") return;
      lines.push(line);
      length += line.length + 1;
    } else if (typeof part === "object" && part !== null && !ArrayBuffer.isView(part)) {
      for (const item of Object.values(part)) visit(item, depth + 1);
    }
  };
  visit(value, 0);
  return lines.join("\n").slice(0, longestText).toWellFormed();
}
