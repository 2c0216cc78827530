/** What happens after an answer that is not the last one: tool turns, asking again, and asking another way. */

import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { disownAnswer } from "../core/door/disown-answer.ts";
import { FlockError, type FlockErrorCode } from "../core/errors/errors.ts";
import type { ExecutionContext } from "../core/runnable.ts";
import type { ModelAnswer, ModelRunnable } from "../models/model.ts";
import { learnAnswerMode } from "../prompt/answer-ladder.ts";
import { type AnswerLesson, lessonOfError, lessonOfWarnings } from "../prompt/answer-lessons.ts";
import { answerText, toolCallsOf } from "../prompt/answer-text.ts";
import { askAgainMessages, askAgainThroughTool } from "../prompt/ask-again.ts";
import type { PromptAdapter } from "../prompt/prompt-adapter.ts";
import { readPlainAnswer } from "../prompt/read/plain-json.ts";
import { type Answer, readAnswerInTurns } from "../prompt/read/read-answer.ts";
import { toolTurn } from "../prompt/tool-turn.ts";
import type { Signature } from "../signature/signature.ts";
import { isLookedAt, outputUseOf } from "./output-use.ts";
import type { Asker, Talk } from "./talk.ts";
import { runToolCalls } from "./tool-loop.ts";

/** What was asked, and what came of it: an answer, or the error of a refused request. */
export interface AnswerSoFar {
  readonly adapter: PromptAdapter;
  readonly messages: LanguageModelV4Prompt;
  readonly answer?: ModelAnswer;
  readonly error?: unknown;
}

/** Goes on until there is a valid answer, from the first answer or the first refused request on. */
export async function furtherAnswers(asker: Asker, talk: Talk, soFar: AnswerSoFar): Promise<unknown> {
  const { name, maxSteps, askAgain, output } = asker.options;
  const { model, context, standing } = talk;
  let { adapter, messages, answer } = soFar;
  if (answer === undefined) stepDown(asker, talk, adapter, soFar.error);
  let step = 1;
  let asked = 0;
  let refused: FlockErrorCode | undefined;
  for (;;) {
    while (answer === undefined) {
      if (adapter !== standing.adapter) {
        adapter = standing.adapter;
        messages = [{ role: "system", content: adapter.system }, ...messages.slice(1)];
      }
      try {
        answer = await asker.ask(talk, adapter, messages, step);
      } catch (error) {
        stepDown(asker, talk, adapter, error);
      }
    }
    const lesson = lessonOfWarnings(adapter.mode, answer.warnings);
    if (lesson !== undefined) learn(asker, talk, lesson);
    const calls = toolCallsOf(answer);
    const given = calls.find((call) => call.toolName === adapter.answerTool);
    if (calls.length > 0 && given === undefined) {
      if (step === maxSteps) {
        disownAnswer(context);
        throw exhausted(name, maxSteps);
      }
      messages = [...messages, ...toolTurn(answer.content, await runToolCalls(calls, asker.tools, context))];
      step += 1;
    } else {
      const text = given?.input ?? answerText(answer);
      const plain = readPlainAnswer(text, output);
      const checked = plain instanceof Promise ? await plain : plain;
      const read: Answer = checked?.ok ? checked : await mend(text, answer, output, context);
      if (read.ok) {
        if (adapter === standing.adapter) standing.proven = true;
        if (refused !== undefined) context.recovered("ask-again", refused, true);
        if (step > 1 && context.wants("outputs-used") && isLookedAt(asker)) {
          context.usedOutputs(outputUseOf(messages, text));
        }
        return read.value;
      }
      disownAnswer(context);
      if (refused !== undefined) context.recovered("ask-again", refused, false);
      if (asked === askAgain) throw giveUp(name, read, answer, model, asked);
      asked += 1;
      refused = read.error.code;
      if (context.wants("delta")) context.delta({ kind: "reset" });
      messages =
        given === undefined
          ? askAgainMessages(messages, text, read.error)
          : askAgainThroughTool(messages, answer.content, calls, given, read.error);
    }
    answer = undefined;
  }
}

/** Learns from a refused request how to ask instead; throws the error when it says nothing about the way of asking. */
function stepDown(asker: Asker, talk: Talk, asked: PromptAdapter, error: unknown): void {
  const { standing } = talk;
  if (standing.proven && asked === standing.adapter) throw error;
  const lesson = lessonOfError(asked.mode, error);
  if (lesson === undefined) throw error;
  learn(asker, talk, lesson);
}

/** Keeps a lesson, and tells of it once. */
function learn({ ways, options }: Asker, { model, context, standing }: Talk, lesson: AnswerLesson): void {
  if (lesson.scope === "model") learnAnswerMode(model, lesson.mode);
  if (!ways.lower(standing, model, lesson.mode)) return;
  const whose = lesson.scope === "model" ? "" : ` of ${options.name}`;
  const taken = lesson.mode === "tool" ? `a schema${whose} beside the prompt` : `an answer${whose} through a tool`;
  context.warn("answer_mode", `${model.name} does not take ${taken}; it is asked another way from now on`);
}

function mend(
  text: string,
  answer: ModelAnswer,
  output: Signature,
  { runtime, signal }: ExecutionContext,
): Answer | Promise<Answer> {
  // An answer that was cut off must be whole by itself: mended, it would be a valid object with its end missing.
  const strict = answer.finishReason.unified === "length";
  return readAnswerInTurns(text, output, { strict, runtime, signal });
}

function exhausted(agent: string, maxSteps: number): FlockError<"steps_exhausted"> {
  const message = `${agent} still wanted tools after ${maxSteps} answers; raise maxSteps or give it better tools`;
  return new FlockError("steps_exhausted", message, { details: { agent, maxSteps } });
}

function giveUp(
  agent: string,
  { error }: Extract<Answer, { ok: false }>,
  answer: ModelAnswer,
  model: ModelRunnable,
  asked: number,
): FlockError {
  const { unified } = answer.finishReason;
  if (unified === "content-filter" || unified === "error") {
    const message = `${model.name} stopped before it answered (${unified}); rephrase the input or use another model`;
    return new FlockError("model_stopped", message, { details: { model: model.name, reason: unified }, cause: error });
  }
  const cut = unified === "length" ? "; the answer was cut off, raise settings.maxOutputTokens" : "";
  const tries = asked === 0 ? "" : ` after asking ${asked + 1} times`;
  const message = `${agent}: the answer of ${model.name} is wrong${tries}${cut}: ${error.message}`;
  const details = { ...error.details, attempts: asked + 1 } as FlockError<"output_invalid">["details"];
  return new FlockError(error.code as "output_invalid", message, { details, cause: error });
}
