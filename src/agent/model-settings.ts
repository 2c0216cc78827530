/** The settings of a model that an agent may fix, checked when the agent is built. */

import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import {
  checkOptions,
  numberBetween,
  type OptionCheck,
  objectOption,
  oneOf,
  optionError,
  wholeNumber,
} from "../core/errors/options.ts";

/** Settings of a model. What a model does not know it warns about and leaves out. */
export interface ModelSettings {
  /** 0 to 2. */
  readonly temperature?: number | undefined;
  /** Most tokens of one answer. */
  readonly maxOutputTokens?: number | undefined;
  /** 0 to 1. */
  readonly topP?: number | undefined;
  readonly seed?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  /** How much a reasoning model should think. */
  readonly reasoning?: LanguageModelV4CallOptions["reasoning"];
  /** Handed to the vendor as it is, under the vendor's name. `flock` is the framework's own. */
  readonly providerOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

const stringList: OptionCheck = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "")
    ? undefined
    : "a list of non-empty strings";

/** @throws option_invalid for an unknown setting or a wrong value. */
export function checkSettings(owner: string, settings: ModelSettings | undefined): Partial<LanguageModelV4CallOptions> {
  if (settings === undefined) return {};
  checkOptions(`${owner} settings`, settings, {
    temperature: numberBetween(0, 2),
    maxOutputTokens: wholeNumber(1),
    topP: numberBetween(0, 1),
    seed: wholeNumber(0),
    stopSequences: stringList,
    reasoning: oneOf("provider-default", "none", "minimal", "low", "medium", "high", "xhigh", "max"),
    providerOptions: objectOption,
  });
  if (settings.providerOptions !== undefined && "flock" in settings.providerOptions) {
    throw optionError(
      `${owner} settings`,
      "providerOptions",
      'without the key "flock", which is the framework\'s own',
      settings.providerOptions,
    );
  }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<LanguageModelV4CallOptions>;
}
