/** A small grammar of the Prometheus text formats: reads every line or says which one is wrong. */

export interface MetricLine {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricsDocument {
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
  readonly samples: readonly MetricLine[];
}

const namePattern = "[a-zA-Z_:][a-zA-Z0-9_:]*";
/** Only a line break ends a line: a label may hold any other character. */
const sampleLine = new RegExp(`^(${namePattern})(?:\\{(.*)\\})? (\\S+)$`, "s");
const labelPair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/;

export function readMetrics(text: string, openMetrics = false): MetricsDocument {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the text must end in a line break");
  const lines = text.split("\n").slice(0, -1);
  if (openMetrics && lines.pop() !== "# EOF") throw new Error("OpenMetrics must end in # EOF");
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  const samples: MetricLine[] = [];
  for (const line of lines) {
    const comment = new RegExp(`^# (HELP|TYPE) (${namePattern}) (.*)$`, "s").exec(line);
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment;
      const into = kind === "HELP" ? helps : types;
      if (into.has(name)) throw new Error(`${kind} of ${name} stands twice`);
      if (kind === "TYPE" && !/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`unknown type: ${line}`);
      into.set(name, rest);
      continue;
    }
    const match = sampleLine.exec(line);
    if (match === null) throw new Error(`no sample: ${line}`);
    samples.push({ name: match[1]!, labels: readLabels(match[2] ?? "", line), value: readNumber(match[3]!, line) });
  }
  return { types, helps, samples };
}

function readLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ""; ) {
    const match = labelPair.exec(rest);
    if (match === null) throw new Error(`broken labels: ${line}`);
    const [pair, label = "", value = ""] = match;
    if (Object.hasOwn(labels, label)) throw new Error(`label ${label} stands twice: ${line}`);
    labels[label] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
    rest = rest.slice(pair.length);
  }
  return labels;
}

function readNumber(text: string, line: string): number {
  const value = text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text);
  if (Number.isNaN(value) || text === "Infinity") throw new Error(`no number: ${line}`);
  return value;
}
