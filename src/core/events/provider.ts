/** A listener with a lifetime: starts on first use, watches, drains, is disposed. It can never change or delay a run. */

import type { OptionCheck } from "../errors/options.ts";
import type { Runtime } from "../runtime/runtime.ts";
import {
  type AlertFiredEvent,
  type AlertResolvedEvent,
  type CustomEvent,
  type EventType,
  eventBits,
  type FlockEvent,
  type WarningEvent,
} from "./event.ts";

/**
 * Changes what its own provider sees: pass the event on, another event, several, or none. The event is a frozen copy.
 */
export type ProviderMiddleware = (event: FlockEvent, next: (event: FlockEvent) => void) => void;

/** The events a provider may send of its own; nobody can fake what the door tells. */
export type ProviderEvent = AlertFiredEvent | AlertResolvedEvent | WarningEvent | CustomEvent;

/** What a provider gets when it starts: the house it is first used in. */
export interface ProviderHost {
  readonly runtime: Runtime;
  /** Tells the house's other listeners. Never throws, and never comes back to the sender. */
  emit(event: ProviderEvent): void;
}

/**
 * Watches runs. Errors it throws are counted and reported once as a `warning`, never to the run. When `handle` returns a
 * promise, later events wait in a queue of 1,024; what does not fit is dropped and counted.
 */
export interface Provider {
  readonly name: string;
  /** Higher is told first; equal ones in the order given. @default 0 */
  readonly priority?: number;
  /** The events it wants. Naming `delta` makes models stream. @default all but `delta` */
  readonly events?: readonly EventType[];
  readonly middleware?: readonly ProviderMiddleware[];
  /** Called once, before the first event. */
  start?(host: ProviderHost): void | Promise<void>;
  handle?(event: FlockEvent): void | Promise<void>;
  /** Called when a run ends; finish what is pending. Cut off after 1 second. */
  drain?(): void | Promise<void>;
  [Symbol.asyncDispose]?(): Promise<void>;
}

/** Accepts a list of providers: objects with a name, and known types where they name events. */
export const providersOption: OptionCheck = (value) => {
  if (!Array.isArray(value)) return "a list of providers";
  for (const provider of value as (Partial<Provider> | null | undefined)[]) {
    if (typeof provider?.name !== "string" || provider.name === "")
      return "a list of providers, each an object with a name";
    const wrong = provider.events?.find((type) => !Object.hasOwn(eventBits, type));
    if (wrong !== undefined) return `a list of providers; "${provider.name}" wants "${wrong}", which is no event`;
  }
  return undefined;
};
