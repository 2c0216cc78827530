/** Says where in a text something was found, so that every refusal of model text names a place. */

import { FlockError, type SourcePosition } from "../../core/errors/errors.ts";

/** Gives line and column (from 1) of an offset, which is clipped to the text. */
export function positionAt(text: string, offset: number): SourcePosition {
  const end = Math.max(0, Math.min(offset, text.length));
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: end - lineStart + 1, offset: end };
}

/** Makes the error for text that holds no readable value. The text itself never becomes part of it. */
export function unreadable(reason: string, text: string, offset: number): FlockError<"output_unreadable"> {
  const position = positionAt(text, offset);
  return new FlockError(
    "output_unreadable",
    `expected JSON in the model's text, found ${reason} at line ${position.line}, column ${position.column}; ask again, or check the model's answer format`,
    { details: { pointer: "", position, reason } },
  );
}
