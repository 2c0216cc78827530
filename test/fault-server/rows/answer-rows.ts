/** Answers that come whole and are wrong: what models do, not networks. */

import type { FaultRow } from "../fault-row.ts";
import { answer, callTool } from "../faults/answers.ts";
import { right, value } from "../what-is-said.ts";

const wrong = '{"verdict":"x","score":"many"}';
const cut = right.text.slice(0, right.text.indexOf("score") - 2);
const second = { ends: "value", requests: 2 } as const;
const askedAgain = { ends: "value after asking again", requests: 2 } as const;
const useless = { ends: "final error", requests: 2 } as const;

export const answerRows: readonly FaultRow[] = [
  { fault: "none", script: () => [answer(right)], expected: { ends: "value" } },
  {
    fault: "a tool call",
    script: () => [callTool("search", '{"query":"bears"}'), answer(right)],
    expected: second,
  },
  {
    fault: "a call of a tool that does not exist",
    script: () => [callTool("serach", '{"query":"bears"}'), answer(right)],
    expected: second,
  },
  {
    fault: "a tool's input that is broken JSON",
    script: () => [callTool("search", '{"query": "bea'), answer(right)],
    expected: second,
  },
  {
    fault: "a tool's input of another shape",
    script: () => [callTool("search", '{"query":{"deep":[1]}}'), answer(right)],
    expected: second,
  },
  { fault: "a tool's input that is empty", script: () => [callTool("search", ""), answer(right)], expected: second },
  {
    fault: "tool calls for ever",
    script: () => [callTool("search", '{"query":"bears"}')],
    expected: { ends: "final error", code: "steps_exhausted", requests: 8 },
  },
  { fault: "a wrong type, then right", script: () => [answer({ text: wrong }), answer(right)], expected: askedAgain },
  {
    fault: "a wrong type, always",
    script: () => [answer({ text: wrong })],
    expected: { ...useless, code: "output_invalid" },
  },
  {
    fault: "prose around the JSON",
    script: () => [answer({ text: `Gladly! Here it is:\n${right.text}\nAnything else?` })],
    expected: { ends: "value" },
  },
  {
    fault: "a code fence",
    script: () => [answer({ text: `\`\`\`json\n${right.text}\n\`\`\`` })],
    expected: { ends: "value" },
  },
  {
    fault: "single quotes",
    script: () => [answer({ text: `{'verdict': '${value.verdict}', 'score': ${value.score},}` })],
    expected: { ends: "value" },
  },
  {
    fault: "prose alone",
    script: () => [answer({ text: "I would rather not say." })],
    expected: { ...useless, code: "output_unreadable" },
  },
  { fault: "an empty text, then right", script: () => [answer({ text: "" }), answer(right)], expected: askedAgain },
  {
    fault: "an empty text, always",
    script: () => [answer({ text: "" })],
    expected: { ...useless, code: "output_unreadable" },
  },
  {
    fault: "cut by length, then right",
    script: () => [answer({ text: cut, finish: "length" }), answer(right)],
    expected: askedAgain,
  },
  {
    fault: "cut by length, always",
    script: () => [answer({ text: cut, finish: "length" })],
    expected: { ...useless, code: "output_unreadable" },
  },
  {
    fault: "cut by length behind the JSON",
    script: () => [answer({ ...right, finish: "length" })],
    expected: { ends: "value" },
  },
  {
    fault: "a refusal",
    script: () => [answer({ text: "I cannot help with that.", finish: "filter" })],
    expected: { ...useless, code: "model_stopped" },
  },
  {
    fault: "a refusal, then right",
    script: () => [answer({ text: "I cannot help with that.", finish: "filter" }), answer(right)],
    expected: askedAgain,
  },
];
