/** What goes wrong in each scenario, and the least time 1,000 runs at once can take in it. */

export const runs = 1_000;
export const perSecond = 60;

export type Scenario = "none" | "errors" | "limit" | "hang" | "mixed";
export type Fault = "none" | "error" | "hang" | "reset" | "cut" | "schema" | "html";

export const scenarios: Readonly<Record<Scenario, { readonly title: string; readonly boundMs: number }>> = {
  none: { title: "no faults", boundMs: 200 },
  errors: { title: "20 % of the answers are 500", boundMs: 1_200 },
  limit: { title: "a limit of 60 requests a second", boundMs: ((runs - perSecond) / perSecond) * 1_000 + 200 },
  hang: { title: "5 % of the connections hang", boundMs: 400 },
  mixed: { title: "500, resets, cut JSON, wrong schema, HTML", boundMs: 1_000 },
};

/** Share of each fault in a thousand. */
const shares: Readonly<Record<Scenario, readonly (readonly [Fault, number])[]>> = {
  none: [],
  errors: [["error", 200]],
  limit: [],
  hang: [["hang", 50]],
  mixed: [
    ["error", 80],
    ["reset", 40],
    ["cut", 40],
    ["schema", 30],
    ["html", 30],
  ],
};

/** Gives what happens to a try of a run, the same every time. */
export function faultOf(scenario: Scenario, run: string, count: number): Fault {
  let point = hash(`${scenario} ${run} ${count}`) % 1_000;
  for (const [fault, share] of shares[scenario]) {
    if (point < share) return fault;
    point -= share;
  }
  return "none";
}

/** FNV-1a, mixed once more as in MurmurHash3, since neighbours must not look alike. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (const character of text) sum = Math.imul(sum ^ character.codePointAt(0)!, 0x01000193);
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  return (sum ^ (sum >>> 13)) >>> 0;
}
