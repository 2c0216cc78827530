/** Writes metric families in the two text formats that Prometheus reads. */

/** Labels of one sample; the order is kept. */
export type Labels = Readonly<Record<string, string>>;

/** One sample of a family. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** One distribution: how many values were at most each bound, all of them, and their sum. */
export interface HistogramSample {
  readonly labels: Labels;
  /** One more than the bounds: the last counts what is above all. Not cumulative. */
  readonly counts: ArrayLike<number>;
  readonly sum: number;
}

/** A metric with its samples. Counters are named without `_total`; the writer adds it. */
export type MetricFamily =
  | {
      readonly type: "counter" | "gauge";
      readonly name: string;
      readonly help: string;
      readonly samples: readonly Sample[];
    }
  | {
      readonly type: "histogram";
      readonly name: string;
      readonly help: string;
      readonly bounds: readonly number[];
      readonly histograms: readonly HistogramSample[];
    };

/** `prometheus` is the exposition format 0.0.4, `openmetrics` is OpenMetrics 1.0. */
export type MetricsFormat = "prometheus" | "openmetrics";

/** The content type to serve each format with. */
export const metricsContentTypes: Readonly<Record<MetricsFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** Writes families as text, ending in a line break; families without samples are left out. */
export function writeMetrics(families: readonly MetricFamily[], format: MetricsFormat): string {
  const lines = families.flatMap((family) => familyLines(family, format));
  if (format === "openmetrics") lines.push("# EOF");
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function familyLines(family: MetricFamily, format: MetricsFormat): string[] {
  const samples = family.type === "histogram" ? histogramLines(family, format) : plainLines(family);
  if (samples.length === 0) return [];
  // Prometheus names a counter's family like its samples, OpenMetrics without the suffix.
  const name = family.type === "counter" && format === "prometheus" ? `${family.name}_total` : family.name;
  const help = family.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  const escaped = format === "openmetrics" ? help.replaceAll('"', '\\"') : help;
  return [`# HELP ${name} ${escaped}`, `# TYPE ${name} ${family.type}`, ...samples];
}

function plainLines(family: Extract<MetricFamily, { type: "counter" | "gauge" }>): string[] {
  const name = family.type === "counter" ? `${family.name}_total` : family.name;
  return family.samples.map(({ labels, value }) => sampleLine(name, labels, value));
}

function histogramLines(family: Extract<MetricFamily, { type: "histogram" }>, format: MetricsFormat): string[] {
  return family.histograms.flatMap(({ labels, counts, sum }) => {
    let count = 0;
    const lines = [...family.bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
      count += counts[index] ?? 0;
      return sampleLine(`${family.name}_bucket`, { ...labels, le: boundText(bound, format) }, count);
    });
    return [...lines, sampleLine(`${family.name}_sum`, labels, sum), sampleLine(`${family.name}_count`, labels, count)];
  });
}

function sampleLine(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

/** OpenMetrics wants every bound to look like a float. */
function boundText(bound: number, format: MetricsFormat): string {
  const text = numberText(bound);
  return format === "openmetrics" && Number.isInteger(bound) ? `${text}.0` : text;
}
