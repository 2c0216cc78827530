/** Tells closing brackets that are one too many, or of the wrong kind, by what follows them and what is open around. */

import { matches } from "./entry-patterns.ts";

/** The containers that are open, the innermost last, by the character that closes each. */
type OpenStack = readonly { readonly closer: number }[];

const brace = 125;
const bracket = 93;

/** Tells whether the bracket at `at`, in an object, is one too many: the object's list goes on behind its brace. */
export function isStrayBracket(text: string, at: number, stack: OpenStack): boolean {
  if (stack.at(-2)?.closer !== bracket || stack.at(-4)?.closer === bracket) return false;
  return matches(bracketBraceObject, text, at);
}

/** Tells whether the brace at `at`, in a list, is one too many: the list goes on, or ends, and nothing else can. */
export function isStrayBrace(text: string, at: number, stack: OpenStack, openBrackets: number): boolean {
  if (stack.at(-1)!.closer !== bracket || stack.at(-2)?.closer !== brace) return false;
  if (matches(braceObject, text, at)) return stack.at(-3)?.closer !== bracket;
  return openBrackets === 1 && matches(braceListEnd, text, at);
}

/** Tells whether the brace at `at`, in a list, was written for its bracket: the list around it goes on. */
export function isBraceForBracket(text: string, at: number, stack: OpenStack): boolean {
  if (stack.at(-1)!.closer !== bracket) return false;
  if (stack.at(-2)?.closer === bracket) return matches(braceList, text, at);
  return stack.at(-3)?.closer === bracket && stack.at(-5)?.closer !== bracket && matches(braceBraceObject, text, at);
}

const bracketBraceObject = /\]\s{0,64}\}\s{0,64},\s{0,64}\{/y;
const braceObject = /\}\s{0,64},\s{0,64}\{/y;
const braceListEnd = /\}\s{0,64}\]/y;
const braceList = /\}\s{0,64},\s{0,64}\[/y;
const braceBraceObject = /\}\s{0,64}\}\s{0,64},\s{0,64}\{/y;
