/** What is asked and answered in every cell, and the words that must never be seen again. */

/** Anything that begins like this in an error or event is a leak. */
export const canary = /canary/i;
export const canaryKey = "canary-key-4711";
/** Part of the run's input, and so of every request's body. */
export const topic = "bears canary-input";

export const value = { verdict: "Bär 🐻 größer", score: 7 };
/** The right answer: what every fault spoils. */
export const right = { text: JSON.stringify(value) };

/** The wall clock of every cell: 2026-01-01. */
export const now = Date.UTC(2026, 0, 1);

/** What a vendor's message may hold that must not be handed on. */
export const loudMessage = `refused; Authorization: Bearer ${canaryKey}, api_key=${canaryKey}`;
