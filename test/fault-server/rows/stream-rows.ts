/** Streams that are written unusually, damaged, or cut where the protocol alone can tell. */

import { encode, type Piece } from "../dialects/dialect.ts";
import { endedBy, type FaultRow } from "../fault-row.ts";
import type { Fault } from "../fault-server.ts";
import { answer, bytesOf, open, problemInStream, spoilt } from "../faults/answers.ts";
import { loudMessage, right } from "../what-is-said.ts";

const value = { ends: "value" } as const;
const retryable = { ends: "retryable error" } as const;
const either = { ends: "either" } as const;

const rows: readonly Omit<FaultRow, "ways">[] = [
  { fault: "lines that end in CRLF", script: () => [answer(right, { lineEnd: "\r\n" })], expected: value },
  {
    fault: "lines that end in CR",
    script: () => [answer(right, { lineEnd: "\r" })],
    // Behind a last CR clients wait for a line feed, and lose the last event: that of chat completions says nothing.
    expected: (dialect) => (dialect.pieces(right).at(-1)?.data === "[DONE]" ? value : retryable),
  },
  { fault: "fields without a space", script: () => [answer(right, { separator: ":" })], expected: value },
  { fault: "data over many lines", script: () => [answer(right, { manyLines: true })], expected: value },
  {
    fault: "comments, ids and waits between the lines",
    script: () => [preceded(": hello\n\nid: 7\nretry: 10\n\n: ping\n\n")],
    expected: value,
  },
  { fault: "a byte order mark", script: () => [preceded("\u{FEFF}")], expected: value },
  {
    fault: "events that say nothing between the others",
    script: () => [spoilt(right, (pieces, { dialect }) => pieces.flatMap((piece) => [piece, dialect.idlePiece]))],
    expected: value,
  },
  ...(["abort", "deadline", "attempt timeout"] as const).map((stoppedBy): Omit<FaultRow, "ways"> => {
    return {
      fault: `events that say nothing, for ever, ended by ${stoppedBy}`,
      script: () => [idleForEver],
      stoppedBy,
      expected: endedBy(stoppedBy),
    };
  }),
  {
    fault: "lines that are none, between the others",
    script: () => [preceded("hello\n<p>\n\u{0}\n\nfoo: bar\n\n")],
    expected: value,
  },
  {
    fault: "a stream that ends in the middle",
    script: () => [spoilt(right, firstHalf)],
    expected: retryable,
  },
  {
    fault: "a stream without the reason to stop",
    script: () => [spoilt(right, (pieces) => pieces.filter(({ part }) => part !== "end" && part !== "mark"))],
    expected: retryable,
  },
  {
    fault: "a stream without its closing mark",
    script: () => [spoilt(right, (pieces) => pieces.filter(({ part }) => part !== "mark"))],
    // Anthropic's client tells the end by it alone.
    expected: (dialect) => (dialect.vendor === "anthropic" ? retryable : value),
  },
  {
    fault: "an error after two pieces, on a connection that stays open",
    script: ({ words }) => [problemInStream(right, { status: 503, code: words.overloaded, message: loudMessage })],
    expected: { ...retryable, code: ["overloaded", "model_failed"], progress: "answering" },
  },
  {
    fault: "an event that is no JSON",
    script: () => [spoilt(right, amid({ data: '{"choices": [canary-body', part: "content" }))],
    expected: retryable,
  },
  {
    fault: "an event that is JSON of another kind",
    script: () => [spoilt(right, amid({ data: ["canary-body", 7], part: "content" }))],
    expected: retryable,
  },
  // Nothing in a protocol tells a piece sent twice from a word said twice: mending may still find an object of the shape.
  {
    fault: "every piece of the content twice",
    script: () => [
      spoilt(right, (pieces) => pieces.flatMap((piece) => (piece.part === "content" ? [piece, piece] : [piece]))),
    ],
    expected: either,
  },
  {
    fault: "the closing pieces twice",
    script: () => [
      spoilt(right, (pieces) => [...pieces, ...pieces.filter(({ part }) => part === "end" || part === "mark")]),
    ],
    expected: value,
  },
  {
    fault: "pieces in reverse",
    script: () => [spoilt(right, (pieces) => pieces.toReversed())],
    expected: either,
  },
  {
    fault: "the closing pieces first",
    script: () => [
      spoilt(right, (pieces) => pieces.toSorted((one, other) => Number(isClosing(other)) - Number(isClosing(one)))),
    ],
    expected: either,
  },
];

export const streamRows: readonly FaultRow[] = rows.map((row) => ({ ...row, ways: ["stream"] }));

/** Writes text before the right answer's events. */
function preceded(text: string): Fault {
  return (exchange) => {
    open(exchange);
    exchange.response.end(Buffer.concat([Buffer.from(text), bytesOf(exchange, right)]));
  };
}

/** Begins as a right answer does, then sends what keeps a connection alive until the client goes away. */
const idleForEver: Fault = (exchange) => {
  const { dialect, response } = exchange;
  open(exchange);
  response.write(encode(dialect.pieces(right).filter(({ part }) => part === "start")));
  const more = (): void => {
    if (!response.destroyed) response.write(encode([dialect.idlePiece]), () => setImmediate(more));
  };
  more();
};

function firstHalf(pieces: readonly Piece[]): readonly Piece[] {
  const content = pieces.filter(({ part }) => part === "content");
  const kept = new Set(content.slice(0, Math.ceil(content.length / 2)));
  return pieces.filter((piece) => piece.part === "start" || kept.has(piece));
}

/** Puts a piece into the middle of the content. */
function amid(strange: Piece): (pieces: readonly Piece[]) => readonly Piece[] {
  return (pieces) => {
    const half = firstHalf(pieces).length;
    return [...pieces.slice(0, half), strange, ...pieces.slice(half)];
  };
}

function isClosing({ part }: Piece): boolean {
  return part === "end" || part === "mark";
}
