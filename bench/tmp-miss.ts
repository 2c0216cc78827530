import { evaluate } from "./advice-evaluation.ts";
import { adviceWorkloads } from "./advice-workloads.ts";

const w = adviceWorkloads.find((x) => x.name.startsWith(process.argv[2]!))!;
for (let s = 1; s <= Number(process.argv[3]); s++) {
  const o = await evaluate(w, s);
  const f = o.figures[0];
  if (!f) continue;
  const where = f.measured < f.low ? "BELOW" : f.measured > f.high ? "ABOVE" : "";
  console.log(
    s,
    f.before.toFixed(0),
    f.predicted.toFixed(0),
    f.low.toFixed(0),
    f.high.toFixed(0),
    f.measured.toFixed(0),
    where,
  );
}
