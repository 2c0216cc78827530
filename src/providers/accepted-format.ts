/** Reads from an `Accept` header which format of metrics a scraper wants. */

import type { MetricsFormat } from "./prometheus-text.ts";

/** Gives the format the header prefers; the older one when it says nothing, or likes both the same. */
export function formatOf(accept: string | undefined): MetricsFormat {
  let openMetrics = 0;
  let exactText: number | undefined;
  let anyText: number | undefined;
  let anything = 0;
  for (const range of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = weightOf(parameters);
    // Only what is asked for by name gets the newer format: a browser's `*/*` does not.
    if (type === "application/openmetrics-text" && isReadable(parameters)) openMetrics = Math.max(openMetrics, weight);
    else if (type === "text/plain") exactText = Math.max(exactText ?? 0, weight);
    else if (type === "text/*") anyText = Math.max(anyText ?? 0, weight);
    else if (type === "*/*") anything = Math.max(anything, weight);
  }
  return openMetrics > (exactText ?? anyText ?? anything) ? "openmetrics" : "prometheus";
}

/** Version 1.0.0 is what is written; a scraper that names no version takes it. */
function isReadable(parameters: readonly string[]): boolean {
  const version = parameters.find((parameter) => parameter.startsWith("version="));
  return version === undefined || /^version="?1\.0\.0"?$/.test(version);
}

function weightOf(parameters: readonly string[]): number {
  const written = parameters.find((parameter) => parameter.startsWith("q="));
  if (written === undefined) return 1;
  const weight = Number(written.slice(2));
  return weight >= 0 && weight <= 1 ? weight : 0;
}
