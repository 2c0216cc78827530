/** What fixing the most common failures would bring: shares of runs by code, and tools that fail often. */

import { shareInterval } from "../../measure/statistics.ts";
import { walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import { percent, smallestGain, type WeighedSuggestion, type WhatIfInput } from "../suggestion.ts";
import { callsByName } from "./recorded-calls.ts";

const fewestFailures = 3;
const fewestToolCalls = 10;
const oftenFailing = 0.1;

/** What helps against a failure, for the codes a run can fail with. It names only what the framework has. */
const waysOut: Readonly<Record<string, string>> = {
  output_invalid: "say in the field's description what is expected, raise askAgain, or make the output simpler",
  output_unreadable: "raise settings.maxOutputTokens where answers are cut off, raise askAgain, or take another model",
  input_invalid: "correct what its callers pass; the error's pointer names the field",
  rate_limited: "raise the limit with the vendor, limit concurrency or requests, or turn the cache on",
  quota_exhausted: "fill the account, raise its quota, or say `recovery: fallback(…)` with another vendor's model",
  overloaded: "say `recovery: fallback(…)` with another model",
  model_unreachable:
    "check the address and the network; against outages, say `recovery: fallback(…)` with another model",
  model_unauthorized: "set a key that may use this model, in the variable that the error names",
  context_too_long: "send less, or take a model with a longer context",
  content_blocked: "rephrase the input, or take another model",
  model_request_invalid: "follow the hint in the error's message: the vendor does not take the request as it is",
  model_failed:
    "follow the hint in the error's message; against outages, say `recovery: fallback(…)` with another model",
  model_stopped: "rephrase the input, or take another model: this one refused, or ended with an error",
  model_not_configured: "name a model, or set FLOCK_MODEL",
  model_key_missing: "set the variable the error names",
  model_package_missing: "install the package the error names",
  tool_failed:
    "see the error's cause; where a second try is safe and may help, say `idempotent: true` in the tool, which is then tried again",
  tool_not_approved: "give the Flock an approve function that says yes",
  steps_exhausted: "raise maxSteps, or give it tools that answer more at once",
  no_evidence: "make the field optional, give it a text or a search tool that holds it, or take another model",
  timeout: "raise the limit the error names, or make the slowest of analyzePerformance().steps faster",
};

/** Names the codes that fail a share of the runs that is more than chance. */
export function frequentFailures({ name, episodes }: WhatIfInput): readonly WeighedSuggestion[] {
  const decided = episodes.filter(({ outcome }) => outcome !== "cancelled");
  const failed = Map.groupBy(
    decided.filter(({ outcome }) => outcome === "error"),
    ({ code }) => code ?? "unknown",
  );
  return [...failed].flatMap(([code, runs]) => {
    const { low, high } = shareInterval(runs.length, decided.length);
    if (runs.length < fewestFailures || low < smallestGain) return [];
    const share = runs.length / decided.length;
    const wayOut = !Object.hasOwn(waysOut, code) ? "" : ` What helps: ${waysOut[code]}.`;
    return [
      {
        value: share,
        suggestion: {
          id: `failures:${code}`,
          sentence: `${percent(share)} of the runs of ${name} fail with ${code} (${runs.length} of ${decided.length}).${wayOut}`,
          evidence: {
            runs: decided.length,
            failures: runs.length,
            code,
            samples: runs.slice(-5).map((run) => whereItBegan(run, code)),
          },
          predicted: { metric: "successRate", change: share, low, high, unit: "share of runs, once it is fixed" },
          risk: "low" as const,
        },
      },
    ];
  });
}

/** Names tools whose calls fail often, whether or not the run went on without them. */
export function failingTools({ name, episodes }: WhatIfInput): readonly WeighedSuggestion[] {
  const byName = [...callsByName(episodes)];
  const calls = byName.reduce((sum, [, nodes]) => sum + nodes.length, 0);
  return byName.flatMap(([tool, nodes]) => {
    const uses = nodes
      .map(({ call }) => call)
      .filter(({ kind, outcome }) => kind === "tool" && outcome !== "cancelled");
    const failures = uses.filter(({ outcome }) => outcome === "error");
    const { low, high } = shareInterval(failures.length, uses.length);
    if (uses.length < fewestToolCalls || failures.length < fewestFailures || low < oftenFailing) return [];
    const share = failures.length / uses.length;
    const codes = [...new Set(failures.map(({ code }) => code ?? "unknown"))].sort();
    return [
      {
        value: share * (uses.length / calls),
        suggestion: {
          id: `failing-tool:${tool}`,
          sentence:
            `${tool} fails in ${percent(share)} of its calls for ${name} (${failures.length} of ${uses.length}, ${codes.join(", ")}). ` +
            "See what it was given and its errors; where a second try is safe and may help, say `idempotent: true`.",
          evidence: {
            ...{ calls: uses.length, failures: failures.length, codes },
            samples: failures.slice(-5).map(({ runId, path }) => ({ runId, path })),
          },
          predicted: {
            metric: "toolSuccessRate",
            change: share,
            low,
            high,
            unit: `share of calls to ${tool}, once it is fixed`,
          },
          risk: "low" as const,
        },
      },
    ];
  });
}

/** The innermost call that failed with the run's code. */
function whereItBegan({ runId, root }: Episode, code: string): { runId: string; path: string } {
  let path = root?.call.path ?? "run";
  if (root !== undefined)
    for (const { call } of walkTree(root)) if (call.code === code && call.path.length > path.length) path = call.path;
  return { runId, path };
}
