/** Turns the pieces of a model's answer into partial values: of the answer itself, and of the inputs of tool calls. */

import type { DeltaEvent } from "../core/events/event.ts";
import type { ExecutionContext } from "../core/runnable.ts";
import { readOnce } from "../core/runtime/read-once.ts";
import type { ModelAnswer } from "../models/model.ts";
import { toolCallsOf } from "../prompt/answer-text.ts";
import { PartialReader } from "../prompt/read/partial-reader.ts";
import { mostCallsPerTurn } from "./tool-loop.ts";

type Delta = DeltaEvent["delta"];
type ToolInputDelta = Extract<Delta, { kind: "tool-input" }>;

/**
 * Hears one model call and tells partial values on the agent's path. Values are made when read. Inputs of the first 64
 * tool calls are read, as many as an agent runs in one turn.
 */
export class PartialAnswer {
  readonly #context: Pick<ExecutionContext, "delta">;
  readonly #answerTool: string | undefined;
  #text = new GrowingValue(true);
  #inputs = new Map<string, GrowingValue>();
  /** The call whose input is the answer, once it began. */
  #answerCall: string | undefined;
  #toldAnswer = false;
  #toldInput = false;

  constructor(context: Pick<ExecutionContext, "delta">, answerTool: string | undefined) {
    this.#context = context;
    this.#answerTool = answerTool;
  }

  hear(delta: Delta): void {
    if (delta.kind === "text") {
      if (this.#answerCall === undefined && this.#text.push(delta.text)) this.#tellAnswer(this.#text);
    } else if (delta.kind === "tool-input") this.#hearInput(delta);
    else if (delta.kind === "reset") this.discard();
  }

  /** Tells what was put off. What an answer said that only calls tools is no answer. */
  finish(answer: Pick<ModelAnswer, "content">): void {
    const calls = toolCallsOf(answer);
    if (calls.length > 0 && !calls.some((call) => call.toolName === this.#answerTool)) {
      if (this.#toldAnswer) this.discard();
      return;
    }
    const value = this.#answerCall === undefined ? this.#text : this.#inputs.get(this.#answerCall);
    if (value?.hasMore === true) this.#tellAnswer(value);
  }

  /** Begins anew; tells so when anything was told. */
  discard(): void {
    this.#text = new GrowingValue(true);
    this.#inputs = new Map();
    this.#answerCall = undefined;
    this.#reset();
  }

  #hearInput({ toolCallId, tool, text }: ToolInputDelta): void {
    let input = this.#inputs.get(toolCallId);
    if (input === undefined) {
      if (this.#inputs.size === mostCallsPerTurn) return;
      input = new GrowingValue(false);
      this.#inputs.set(toolCallId, input);
      if (tool === this.#answerTool && this.#answerCall === undefined) {
        this.#answerCall = toolCallId;
        if (this.#toldAnswer) this.#reset();
      }
    }
    if (!input.push(text)) return;
    if (toolCallId === this.#answerCall) return this.#tellAnswer(input);
    if (tool === this.#answerTool) return;
    this.#toldInput = true;
    const read = readOnce(() => input.read());
    this.#context.delta({
      kind: "tool-partial",
      toolCallId,
      tool,
      get value() {
        return read();
      },
    });
  }

  #tellAnswer(growing: GrowingValue): void {
    this.#toldAnswer = true;
    const read = readOnce(() => growing.read());
    this.#context.delta({
      kind: "partial",
      get value() {
        return read();
      },
    });
  }

  #reset(): void {
    if (!this.#toldAnswer && !this.#toldInput) return;
    this.#toldAnswer = false;
    this.#toldInput = false;
    this.#context.delta({ kind: "reset" });
  }
}

/** Containers this narrow are copied at each piece. */
const narrow = 64;

/**
 * One object in the making. A copy costs time in the width of what is unfinished, so after a wide one a quarter as many
 * characters must come before the next: all copies together cost time in the length of the text.
 */
class GrowingValue {
  readonly #reader: PartialReader;
  #begun = false;
  #over = false;
  #grown = 0;
  #due = 0;

  constructor(prose: boolean) {
    this.#reader = new PartialReader({ prose });
  }

  /** Something came since the last time `push` gave true. */
  get hasMore(): boolean {
    return this.#begun && this.#grown > 0;
  }

  /** Takes a piece; tells whether it is time to show the value. */
  push(text: string): boolean {
    if (this.#over) return false;
    const reader = this.#reader;
    try {
      reader.push(text);
    } catch {
      // Longer than a reader takes: who asked for the answer gets the error, who watches sees no more.
      this.#over = true;
      return false;
    }
    this.#grown += text.length;
    this.#over = reader.done || reader.failedAt !== undefined;
    if (!this.#begun) this.#begun = isObject(reader.value());
    if (!this.#begun || (this.#grown < this.#due && !this.#over)) return false;
    this.#grown = 0;
    return true;
  }

  read(): unknown {
    const value = this.#reader.value();
    const width = openWidth(value);
    this.#due = width <= narrow ? 0 : width / 4;
    return value;
  }
}

/** How many entries the containers have that are still being written: what is written last stands last. */
function openWidth(value: unknown): number {
  let width = 0;
  let open = value;
  while (isObject(open)) {
    if (Array.isArray(open)) {
      width += open.length;
      open = open.at(-1);
    } else {
      const keys = Object.keys(open);
      width += keys.length;
      open = open[keys.at(-1) ?? ""];
    }
  }
  return width;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
