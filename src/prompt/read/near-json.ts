/** Tells JSON from what is nearly that by its ends, so that most misses never pay for a thrown SyntaxError. */

/** Tells whether a container begins and ends as JSON does: no bare key first, no comma last. Other texts pass. */
export function hasJsonEnds(text: string): boolean {
  let start = 0;
  let end = text.length - 1;
  while (isJsonSpace(text.charCodeAt(start))) start++;
  while (isJsonSpace(text.charCodeAt(end))) end--;
  const last = text.charCodeAt(end);
  if (last !== 125 && last !== 93) return true;
  return (text.charCodeAt(start) !== 123 || firstInside(text, start)) && lastInside(text, end);
}

/** Tells whether the container that opens at `start` may be JSON by what follows its bracket: an object needs a quote. */
export function beginsAsJson(text: string, start: number): boolean {
  return text.charCodeAt(start) !== 123 || firstInside(text, start);
}

/** Tells whether an object is empty or begins with a quote, as JSON does. */
function firstInside(text: string, start: number): boolean {
  let at = start + 1;
  while (isJsonSpace(text.charCodeAt(at))) at++;
  const code = text.charCodeAt(at);
  return code === 34 || code === 125;
}

/** Tells whether a container does not end in a comma. */
function lastInside(text: string, end: number): boolean {
  let at = end - 1;
  while (isJsonSpace(text.charCodeAt(at))) at--;
  return text.charCodeAt(at) !== 44;
}

function isJsonSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}
