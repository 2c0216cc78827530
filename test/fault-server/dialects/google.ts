/** Google's generateContent and streamGenerateContent. */

import { type Dialect, inputAsData, type Piece, type Said, wordsOf } from "./dialect.ts";

const frame = { modelVersion: "gemini-3-flash", responseId: "gen-1" };
const usageMetadata = {
  promptTokenCount: 11,
  cachedContentTokenCount: 4,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 2,
  totalTokenCount: 18,
};

export const google: Dialect = {
  vendor: "google",
  model: "google/gemini-3-flash-preview",
  words: { overloaded: "UNAVAILABLE", invalid: "INVALID_ARGUMENT" },
  variables: (url, key) => ({ GOOGLE_GENERATIVE_AI_BASE_URL: url, GOOGLE_GENERATIVE_AI_API_KEY: key }),
  keyOf: (request) => request.headers["x-goog-api-key"] as string | undefined,
  sendsKey: true,
  isStreaming: (request) => request.path.includes(":streamGenerateContent"),
  asksForSchema: (request) => JSON.stringify(request.body.generationConfig ?? null).includes("verdict"),
  whole: (said) => chunk(partsOf(said), finishOf(said)),
  pieces,
  nothingWhole: { ...frame, candidates: [], usageMetadata },
  nothingPieces: [{ data: { ...frame, candidates: [], usageMetadata }, part: "end" }],
  problemBody,
  problemPiece: (problem) => ({ data: problemBody(problem), part: "content" }),
  idlePiece: { data: { ...frame, somethingNew: { deep: [1] } }, part: "content" },
};

function problemBody({ status, code, message }: Parameters<Dialect["problemBody"]>[0]): unknown {
  return { error: { code: status, message, status: code } };
}

function partsOf(said: Said): readonly object[] {
  if ("tool" in said) return [{ functionCall: { name: said.tool, args: inputAsData(said.input) } }];
  return [{ text: said.text }];
}

function finishOf(said: Said): string {
  if ("tool" in said || said.finish === undefined || said.finish === "stop") return "STOP";
  return said.finish === "length" ? "MAX_TOKENS" : "SAFETY";
}

function chunk(parts: readonly object[], finishReason?: string) {
  const content = { role: "model", parts };
  const candidate = { index: 0, content, ...(finishReason === undefined ? {} : { finishReason }) };
  return { ...frame, candidates: [candidate], usageMetadata };
}

/** The last chunk brings both the last part and the reason to stop; here they come apart, as they may. */
function pieces(said: Said): readonly Piece[] {
  const parts = "tool" in said ? partsOf(said) : wordsOf(said.text).map((text) => ({ text }));
  return [
    ...parts.map((part): Piece => ({ data: chunk([part]), part: "content" })),
    { data: chunk([{ text: "" }], finishOf(said)), part: "end" },
  ];
}
