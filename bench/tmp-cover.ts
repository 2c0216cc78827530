import { evaluate } from "./advice-evaluation.ts";
import { adviceWorkloads } from "./advice-workloads.ts";

const [from, to, ...words] = process.argv.slice(2);
for (const w of adviceWorkloads) {
  if (w.shifts || (words.length > 0 && !words.some((x) => w.name.includes(x)))) continue;
  const by = new Map<string, { n: number; inside: number; ratio: number[] }>();
  let missed = 0,
    wrong = 0,
    back = 0;
  const rows: [number, string][] = [];
  for (let s = Number(from); s <= Number(to); s++) {
    const o = await evaluate(w, s);
    if (o.missed) missed++;
    if (o.falseAdvice.length) {
      wrong++;
      console.log(o.falseAdvice.join());
    }
    if (o.verdict.includes("rolled")) back++;
    for (const f of o.figures) {
      const e = by.get(f.metric) ?? { n: 0, inside: 0, ratio: [] };
      by.set(f.metric, e);
      e.n++;
      if (f.measured >= f.low - 1e-9 && f.measured <= f.high + 1e-9) e.inside++;
      e.ratio.push(f.measured / f.predicted - 1);
      rows.push([
        Math.abs(f.measured / f.predicted - 1),
        `   seed ${s} ${f.metric} ${f.predicted.toPrecision(4)} (${f.low.toPrecision(4)}–${f.high.toPrecision(4)}) measured ${f.measured.toPrecision(4)}`,
      ]);
    }
  }
  console.log(w.name, `missed ${missed} false ${wrong} back ${back}`);
  for (const [m, e] of by)
    console.log(
      `  ${m}: inside ${e.inside}/${e.n}, bias ${((100 * e.ratio.reduce((a, b) => a + b, 0)) / e.n).toFixed(1)} %, worst ${(100 * Math.max(...e.ratio.map(Math.abs))).toFixed(0)} %`,
    );
  rows.sort((a, b) => b[0] - a[0]);
  for (const [, t] of rows.slice(0, 2)) console.log(t);
}
