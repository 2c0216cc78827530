/** Connections that break, hang or lead elsewhere. */

import { endedBy, type FaultRow } from "../fault-row.ts";
import { answer } from "../faults/answers.ts";
import { answerAndHangUp, type Moment, noHttp, raw, redirect, stopAt, withHeaders } from "../faults/connections.ts";
import { right } from "../what-is-said.ts";

const moments: readonly Moment[] = ["before the headers", "after the headers", "in the middle of the answer"];
const stoppers = ["abort", "deadline", "attempt timeout"] as const;
const searching = { tool: "search", input: '{"query":"bears"}' };
const retryable = { ends: "retryable error" } as const;
const lost = { ...retryable, code: "model_unreachable" } as const;
/** Streams may end anywhere, for all that a connection tells: what is missing is only seen at their end. */
const cut = { ...retryable, code: ["model_unreachable", "model_failed"] } as const;
/** How far a request had come that broke at a moment. */
const progress = {
  "before the headers": "sent",
  "after the headers": "sent",
  "in the middle of the answer": "answering",
} as const;

export const connectionRows: readonly FaultRow[] = [
  {
    fault: "connection refused",
    script: () => [answer(right)],
    gone: true,
    expected: { ...lost, progress: "not-sent", requests: 0 },
  },
  ...moments.map((moment): FaultRow => {
    return {
      fault: `reset ${moment}`,
      script: () => [stopAt(moment, "reset", right)],
      expected: { ...lost, progress: progress[moment] },
    };
  }),
  ...moments.map((moment): FaultRow => {
    return {
      fault: `half-closed ${moment}`,
      script: () => [stopAt(moment, "close", right)],
      expected: { ...cut, progress: progress[moment] },
    };
  }),
  ...moments.flatMap((moment) =>
    stoppers.map((stoppedBy): FaultRow => {
      return {
        fault: `silence ${moment}, ended by ${stoppedBy}`,
        script: () => [stopAt(moment, "stall", right)],
        stoppedBy,
        expected: endedBy(stoppedBy),
      };
    }),
  ),
  {
    fault: "closed at the end, without a length",
    script: () => [raw(["connection: close"], (bytes) => bytes, right, "close")],
    expected: { ends: "value" },
  },
  {
    fault: "closed in the middle, without a length",
    script: () => [raw(["connection: close"], (bytes) => bytes.subarray(0, bytes.length / 2), right, "close")],
    expected: { ...retryable, progress: "answering" },
  },
  {
    fault: "a kept connection that closes between two requests",
    script: () => [answerAndHangUp(searching), answer(right)],
    toolWaits: true,
    expected: { ends: "value", requests: 2 },
  },
  {
    fault: "a connection for each request",
    script: () => [withHeaders(searching, { connection: "close" }), withHeaders(right, { connection: "close" })],
    expected: { ends: "value", requests: 2 },
  },
  ...moments.map((moment): FaultRow => {
    return {
      fault: `reset ${moment}, after a tool acted`,
      script: () => [answer(searching), stopAt(moment, "reset", right)],
      expected: { ...lost, progress: progress[moment], requests: 2 },
    };
  }),
  { fault: "another protocol than HTTP", script: () => [noHttp], expected: retryable },
  ...[301, 302, 307, 308].map((code): FaultRow => {
    return {
      fault: `a redirect to another host, status ${code}`,
      script: () => [redirect(code)],
      expected: { ends: "final error", code: "model_request_invalid", status: code },
    };
  }),
];
