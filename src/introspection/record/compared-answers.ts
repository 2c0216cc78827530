/** Hashes the answers of agents that two models gave: only they can be compared, and most programs have one model. */

import { answerHashes } from "./answer-hashes.ts";
import type { CallEntry, RunEntry } from "./run-entry.ts";

const mostAgents = 256;

/** Whose answers are hashed: those of agents that were seen with two models, of all agents, or of none. */
export type HashedOutputs = "compared" | "all" | "none";

/** Which agents were seen with which models, of up to 256 agents. */
export class ComparedAnswers {
  readonly #whose: HashedOutputs;
  /** The one model that answered so far, or null when there were several: only then agents are told apart. */
  #model: string | null | undefined = undefined;
  /** The model of each agent, or null for one that was seen with two. */
  readonly #models = new Map<string, string | null>();

  constructor(whose: HashedOutputs) {
    this.#whose = whose;
  }

  noteModel(model: string): void {
    if (this.#model === undefined) this.#model = model;
    else if (this.#model !== model) this.#model = null;
  }

  /** Gives the call of an agent the hashes of what it gave, where they are wanted. */
  hash(call: CallEntry, run: RunEntry, output: unknown): void {
    const isWanted = this.#whose === "compared" ? this.#isCompared(run, call) : this.#whose === "all";
    if (isWanted) call.outputHashes = answerHashes(output, call.writes);
  }

  clear(): void {
    this.#model = undefined;
    this.#models.clear();
  }

  #isCompared(run: RunEntry, call: CallEntry): boolean {
    if (this.#model !== null) return false;
    const before = this.#models.get(call.name);
    if (before === null) return true;
    const model = run.modelBelow(call);
    if (model === undefined || model === before) return false;
    if (before !== undefined) this.#models.set(call.name, null);
    else if (this.#models.size < mostAgents) this.#models.set(call.name, model);
    return before !== undefined;
  }
}
