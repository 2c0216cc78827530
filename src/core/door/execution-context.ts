/** One call: the context its runnable sees and the call its layers see, in one object. How it runs is in door.ts. */

import { type Breadcrumb, FlockError } from "../errors/errors.ts";
import {
  type AttemptRecord,
  type BreakerChangedEvent,
  type CacheState,
  type DeltaEvent,
  type EventHead,
  type EventType,
  eventBits,
  type OutputsUsedEvent,
} from "../events/event.ts";
import { type PieceListener, StreamTimer } from "../events/stream-timing.ts";
import type { Json, JsonObject } from "../json/json.ts";
import type { LayerCall } from "../layer.ts";
import type { LayerPlan } from "../layer-plan.ts";
import type {
  AnyRunnable,
  ApprovalRequest,
  CallCost,
  ContextState,
  ExecutionContext,
  ForkedContext,
  ForkOptions,
  Runnable,
} from "../runnable.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { addCosts, createState, type RunScope } from "./run-scope.ts";

const ignore = (): void => {};

interface Fork {
  readonly index: string;
  /** Undefined while it is empty: a copy is made only of what there is. */
  state: ContextState | undefined;
  readonly metadata: JsonObject;
}

/** Where a call is: before its attempt, waiting for its cache, in its attempt, after it but not settled, or settled. */
export type CallPhase = "entering" | "asking" | "attempt" | "between" | "over";

/** One call, or one further attempt of a call, or a fork of one. Fields after `attempt` belong to the door. */
export class Call implements ForkedContext, LayerCall {
  readonly run: RunScope;
  readonly parent: Call | undefined;
  readonly runnable: AnyRunnable;
  readonly input: unknown;
  readonly path: string;
  readonly plan: LayerPlan;
  readonly attempt: number;
  /** One attempt of the parent's own call: it tells no call-start and call-end. */
  readonly within: boolean;
  phase: CallPhase = "entering";
  /** How many tries were made; counted on the whole call. */
  tries = 0;
  startedAt = 0;
  attemptStartedAt = 0;
  queueMs = 0;
  /** Guards entered so far. */
  entered = 0;
  /** The cache waits for our value. */
  owesCache = false;
  cacheState: CacheState | undefined = undefined;
  wasCancelled = false;
  output: unknown = undefined;
  cost: CallCost | undefined = undefined;
  hasActed = false;
  isSubstitute = false;
  /** Name of what gave the value in the place of the call's own runnable. */
  answeredBy: string | undefined = undefined;
  /** The last call or attempt below that gave a value and that a cache had to do with. */
  lastKept: Call | undefined = undefined;
  /** What the last attempt that failed failed with. */
  failed: unknown = undefined;
  /** How its attempts ended, once one did not answer; kept on the whole call. */
  tried: AttemptRecord[] | undefined = undefined;
  /** Follows the deltas of all attempts; made at the first one. */
  stream: StreamTimer | undefined = undefined;
  resolve: ((value: unknown) => void) | undefined = undefined;
  reject: ((reason: unknown) => void) | undefined = undefined;
  promise: Promise<unknown> | undefined = undefined;
  firstChild: Call | undefined = undefined;
  #previous: Call | undefined = undefined;
  #next: Call | undefined = undefined;
  #ordinal = 0;
  #fork: Fork | undefined = undefined;
  #hear: ((delta: DeltaEvent["delta"]) => void) | undefined = undefined;
  /** What the guards keep: the thing itself where there is one guard, which most calls have, else a list. */
  #slots: unknown = undefined;
  #controller: AbortController | undefined = undefined;
  #endController: AbortController | undefined = undefined;
  /** Why this context starts nothing more. */
  closedReason: unknown = undefined;

  constructor(
    run: RunScope,
    parent: Call | undefined,
    runnable: AnyRunnable,
    input: unknown,
    path: string,
    plan: LayerPlan,
    attempt: number,
    within: boolean,
  ) {
    this.run = run;
    this.parent = parent;
    this.runnable = runnable;
    this.input = input;
    this.path = path;
    this.plan = plan;
    this.attempt = attempt;
    this.within = within;
  }

  call<Input, Output>(runnable: Runnable<Input, Output>, input: NoInfer<Input>): Promise<Output> {
    if (this.phase !== "attempt") return Promise.reject(this.closedReason ?? endedError(this.path));
    const plan = this.run.planFor(runnable);
    const path = `${this.path}/${plan.step}${this.#fork === undefined ? "" : this.#fork.index}#${this.#ordinal++}`;
    return this.run.door.enter(new Call(this.run, this, runnable, input, path, plan, 1, false)) as Promise<Output>;
  }

  fork(options?: ForkOptions): ForkedContext {
    const fork = new Call(this.run, this, this.runnable, this.input, this.path, this.plan, this.attempt, true);
    const metadata = options?.metadata === undefined ? this.metadata : { ...this.metadata, ...options.metadata };
    const index = options?.index === undefined ? "" : `[${options.index}]`;
    const outer = this.#nearestFork();
    const known = outer === undefined ? this.run.usedState : outer.state;
    const state = known === undefined ? undefined : createState(known);
    fork.#fork = { index, state, metadata: Object.freeze(metadata) };
    if (this.phase === "attempt") {
      fork.phase = "attempt";
      fork.attach();
    } else fork.close(this.closedReason ?? endedError(this.path));
    return fork;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.closedReason !== undefined) this.#controller.abort(this.closedReason);
    }
    return this.#controller.signal;
  }

  get ended(): AbortSignal {
    if (this.#endController === undefined) {
      this.#endController = new AbortController();
      if (this.phase === "over") this.end();
    }
    return this.#endController.signal;
  }

  get attempts(): number {
    return this.whole.tries;
  }

  get caller(): Call | undefined {
    return this.whole.parent;
  }

  get hasSpoken(): boolean {
    return this.whole.stream?.hasSpoken === true;
  }

  get state(): ContextState {
    const fork = this.#nearestFork();
    if (fork === undefined) return this.run.state;
    fork.state ??= createState();
    return fork.state;
  }

  get metadata(): JsonObject {
    return this.#nearestFork()?.metadata ?? this.run.metadata;
  }

  get tenant(): string | undefined {
    return this.run.tenant;
  }

  get runId(): string {
    return this.run.id;
  }

  get runtime(): Runtime {
    return this.run.runtime;
  }

  get breadcrumbs(): readonly Breadcrumb[] {
    return this.run.breadcrumbs;
  }

  addBreadcrumb(message: string, data?: Json): void {
    const time = this.head().time;
    this.run.addBreadcrumb({ path: this.path, message, ...(data === undefined ? {} : { data }), time });
  }

  emit(name: string, data?: Json): void {
    if (this.wants("custom")) this.run.events.emit({ ...this.head(), type: "custom", name, data });
  }

  warn(code: string, message: string): void {
    if (this.wants("warning")) this.run.events.emit({ ...this.head(), type: "warning", code, message });
  }

  recovered(strategy: string, code: string, healed: boolean): void {
    if (!this.wants("recovery-applied")) return;
    this.run.events.emit({ ...this.head(), type: "recovery-applied", strategy, code, healed });
  }

  usedOutputs(tools: OutputsUsedEvent["tools"]): void {
    if (!this.wants("outputs-used")) return;
    this.run.events.emit({ ...this.head(), type: "outputs-used", name: this.runnable.name, tools });
  }

  breakerChanged(key: string, from: BreakerChangedEvent["from"], to: BreakerChangedEvent["to"]): void {
    if (!this.wants("breaker-changed")) return;
    this.run.events.emit({ ...this.head(), type: "breaker-changed", key, from, to });
  }

  delta(delta: DeltaEvent["delta"]): void {
    if (this.phase !== "attempt" || !this.wants("delta")) return;
    let attempt: Call = this;
    while (attempt.#fork !== undefined && attempt.parent !== undefined) attempt = attempt.parent;
    const outermost = this.whole;
    outermost.stream ??= new StreamTimer();
    const now = this.runtime.monotonic();
    outermost.stream.note(delta.kind, now, attempt, attempt.startedAt + attempt.queueMs);
    this.#tellDelta(this.path, now, delta);
  }

  hearDeltas(listener: (delta: DeltaEvent["delta"]) => void): () => void {
    this.#hear = listener;
    return () => {
      if (this.#hear === listener) this.#hear = undefined;
    };
  }

  hearPieces(listener: PieceListener, mustStream = false): () => void {
    const { whole } = this;
    whole.stream ??= new StreamTimer();
    return whole.stream.hear(listener, mustStream);
  }

  /** Notes what the cache had to do with the call; what tells its end may be further out. */
  noteCache(state: CacheState): void {
    for (let call: Call | undefined = this; call !== undefined; call = call.within ? call.parent : undefined) {
      call.cacheState = state;
    }
  }

  /** Tells that what earlier attempts of this call streamed is void, when they streamed anything. */
  voidDeltas(): void {
    const outermost = this.whole;
    if (outermost.stream?.startAgain() !== true) return;
    this.#tellDelta(outermost.path, this.runtime.monotonic(), { kind: "reset" });
  }

  #tellDelta(path: string, now: number, delta: DeltaEvent["delta"]): void {
    const { run } = this;
    run.events.emit({ v: 1, runId: run.id, path, time: run.wallTime(now), type: "delta", delta });
    const hearer = this.#hearer();
    if (hearer !== undefined) hearer.#hear?.(delta);
  }

  wants(type: EventType): boolean {
    if ((this.run.events.mask & eventBits[type]) !== 0) return true;
    return type === "delta" && this.whole.stream?.mustStream === true;
  }

  async approve(request: ApprovalRequest): Promise<boolean> {
    return (await this.run.environment.approve?.(request)) === true;
  }

  resolveModel(model: unknown, agent: string): AnyRunnable {
    return this.run.environment.resolveModel(model, agent);
  }

  /** What begins each event of this call that is told now. */
  head(): EventHead {
    return { v: 1, runId: this.run.id, path: this.path, time: this.run.wallTime(this.runtime.monotonic()) };
  }

  get context(): ExecutionContext {
    return this;
  }

  get isRoot(): boolean {
    return this.parent === undefined || (this.within && this.parent.isRoot);
  }

  get runTimeoutMs(): number | undefined {
    return this.run.timeoutMs;
  }

  getSlot(slot: number): unknown {
    return this.plan.guards.length === 1 ? this.#slots : (this.#slots as unknown[] | undefined)?.[slot];
  }

  setSlot(slot: number, value: unknown): void {
    const count = this.plan.guards.length;
    if (count === 1) {
      this.#slots = value;
      return;
    }
    this.#slots ??= new Array(count);
    (this.#slots as unknown[])[slot] = value;
  }

  waitStart(resource: string): void {
    if (this.wants("wait-start")) this.run.events.emit({ ...this.head(), type: "wait-start", resource });
  }

  waitEnd(resource: string, waitedMs: number): void {
    // Attempts below a call wait for it.
    for (let call: Call | undefined = this; call !== undefined; call = call.within ? call.parent : undefined) {
      call.queueMs += waitedMs;
    }
    if (this.wants("wait-end")) this.run.events.emit({ ...this.head(), type: "wait-end", resource, waitedMs });
  }

  with(changes: { readonly runnable?: AnyRunnable; readonly input?: unknown }): LayerCall {
    const input = "input" in changes ? changes.input : this.input;
    return new Call(this.run, this, changes.runnable ?? this.runnable, input, this.path, this.plan, this.attempt, true);
  }

  fail(error: unknown): void {
    this.run.door.end(this, error);
  }

  failAttempt(error: unknown): void {
    this.run.door.endAttempt(this, error);
  }

  again(changes?: Parameters<LayerCall["again"]>[0]): Promise<unknown> {
    return this.run.door.again(this, changes);
  }

  /** Notes for everything around it that something was done that may not be done twice. */
  act(): void {
    for (let call: Call | undefined = this; call !== undefined && !call.hasActed; call = call.parent) {
      call.hasActed = true;
    }
  }

  /** Gives what this attempt made, and its cost, to the call it is an attempt of. */
  passOutput(value: unknown): void {
    const { parent } = this;
    if (parent === undefined) return;
    parent.output = value;
    parent.answeredBy = this.runnable === parent.runnable ? this.answeredBy : this.runnable.name;
    // An earlier attempt may have answered, and its answer have been refused: both were paid for.
    parent.cost = parent.cost && this.cost ? addCosts(parent.cost, this.cost) : (this.cost ?? parent.cost);
  }

  /** Ends this call and all below it with this reason, innermost first. */
  cancel(reason: unknown = endedError(this.path)): void {
    if (this.phase === "over") return;
    this.wasCancelled = true;
    if (this.promise === undefined) this.close(reason);
    else {
      this.promise.catch(ignore);
      this.fail(reason);
    }
    this.detach();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  /** Ends what this context started and still runs, and refuses to start more. */
  close(reason: unknown): void {
    this.phase = "over";
    if (reason !== undefined) {
      this.closedReason ??= reason;
      this.#controller?.abort(reason);
    }
    if (this.firstChild !== undefined) this.cancelChildren(reason);
  }

  /** Ends what waits for the whole call to end. */
  end(): void {
    this.#endController?.abort(this.closedReason ?? endedError(this.path));
  }

  cancelChildren(reason: unknown): void {
    const why = reason ?? endedError(this.path);
    for (let child = this.firstChild; child !== undefined; child = this.firstChild) child.cancel(why);
  }

  attach(): void {
    const { parent } = this;
    if (parent === undefined) return;
    this.#next = parent.firstChild;
    if (this.#next !== undefined) this.#next.#previous = this;
    parent.firstChild = this;
  }

  detach(): void {
    const { parent } = this;
    if (parent === undefined) return;
    if (this.#previous !== undefined) this.#previous.#next = this.#next;
    else if (parent.firstChild === this) parent.firstChild = this.#next;
    if (this.#next !== undefined) this.#next.#previous = this.#previous;
    this.#previous = undefined;
    this.#next = undefined;
  }

  /** The call itself, past its attempts and forks. */
  get whole(): Call {
    let call: Call = this;
    while (call.within && call.parent !== undefined) call = call.parent;
    return call;
  }

  /** The context that made this call, or the one it was forked from when the fork does not listen. */
  #hearer(): Call | undefined {
    let hearer = this.whole.parent;
    while (hearer !== undefined && hearer.#fork !== undefined && hearer.#hear === undefined) hearer = hearer.parent;
    return hearer;
  }

  #nearestFork(): Fork | undefined {
    for (let call: Call | undefined = this; call !== undefined; call = call.parent) {
      if (call.#fork !== undefined) return call.#fork;
    }
    return undefined;
  }
}

/** Makes the outermost call of a run. */
export function createRootCall(run: RunScope, runnable: AnyRunnable, input: unknown): Call {
  const plan = run.planFor(runnable);
  return new Call(run, undefined, runnable, input, plan.rootPath, plan, 1, false);
}

function endedError(path: string): FlockError<"cancelled"> {
  return new FlockError("cancelled", `the call at ${path} has ended; await every context.call before it does`, {
    details: { reason: "its caller ended" },
    path,
  });
}
