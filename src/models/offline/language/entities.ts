/** Finds names of people, organisations and places by their capitals, the words around them and what ends them. */

import { isStopword } from "../text/words.ts";

/** What a name stands for, as far as its form tells. */
export type EntityKind = "person" | "organisation" | "place" | "other";

/** A name in a text. */
export interface Entity {
  /** As it was written. */
  readonly text: string;
  readonly kind: EntityKind;
  readonly count: number;
}

const set = (text: string) => new Set(text.split(/\s+/));

const titles =
  set(`mr mrs ms dr prof professor president senator representative governor general secretary minister chancellor
  vice king queen prince princess pope judge justice chief captain colonel lieutenant sergeant ambassador sir lady lord madam
  ceo chairman director mayor attorney commissioner emperor`);
const firstNames =
  set(`james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony
  mark donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary
  nicholas eric jonathan stephen larry justin scott brandon benjamin samuel gregory frank alexander raymond patrick jack
  dennis jerry henry peter adam walter albert arthur abraham ulysses theodore franklin lyndon barack bill grover martin
  mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley
  kimberly emily donna michelle carol amanda melissa deborah stephanie rebecca laura helen sharon cynthia kathleen amy
  angela anna ruth brenda pamela nicole katherine emma olivia sophia ada grace marie alice julia maria jane rosa hans
  klaus ali ahmed mohammed fatima wei ming yuki kenji ivan olga carlos juan jose luis pedro ana lucia giulia marco`);
const organisationEnds =
  set(`inc corp corporation company co ltd llc plc gmbh ag university college school institute bank department
  congress senate parliament court agency union ministry committee commission association council foundation bureau
  office administration party army navy force forces corps club league group holdings partners society organization
  organisation assembly board authority service services times post journal hospital church museum fund treasury cabinet
  government nations house academy`);
const placeEnds =
  set(`river mountain mountains street road avenue county city lake bay ocean sea island islands valley cape gulf coast
  desert park province district territory peninsula canal isthmus strait republic kingdom`);
const states =
  set(`alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa
  kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada
  ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming dakota europe asia
  africa america antarctica australia london paris berlin tokyo beijing moscow rome madrid vienna chicago boston
  philadelphia houston seattle britain england scotland wales`);
const never =
  set(`monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
  october november december yesterday today tomorrow god mr mrs ms dr yes no ok president senator christmas`);

/** Countries come from the platform's own region names. */
const countries: ReadonlySet<string> = new Set(regionNames());

function* regionNames(): Generator<string> {
  const names = new Intl.DisplayNames(["en"], { type: "region" });
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const a of letters) {
    for (const b of letters) {
      const name = names.of(a + b);
      if (name !== undefined && name.length > 2) yield name.toLowerCase().replace(/\s*\(.*$/, "");
    }
  }
}

const namePattern =
  /(?<![\p{L}\p{N}'’])\p{Lu}[\p{L}\p{M}\p{N}&'’-]{0,40}\.?(?: (?:(?:of|de|la|van|von|der|del|da|al|bin)(?: the)? )?\p{Lu}[\p{L}\p{M}\p{N}&'’-]{0,40}\.?){0,6}/gu;

/**
 * Gives the names in some sentences, the most frequent first. A capital at the start of a sentence counts only when the
 * same word is also capitalised inside one, begins a longer name, or carries a title. English heuristics; a name whose kind
 * the form does not tell is `other`.
 */
export function entitiesIn(sentences: readonly string[]): Entity[] {
  const found = new Map<string, { kind: EntityKind; count: number; first: number; certain: boolean }>();
  for (const sentence of sentences.slice(0, 20_000)) {
    for (const { raw, index, holder } of namesIn(sentence)) {
      const candidate = readName(raw, index, sentence, holder);
      if (candidate === undefined) continue;
      const known = found.get(candidate.text) ?? { kind: "other", count: 0, first: found.size, certain: false };
      found.set(candidate.text, known);
      known.count++;
      known.certain ||= candidate.certain;
      if (known.kind === "other") known.kind = candidate.kind;
    }
  }
  return [...found]
    .filter(([, entity]) => entity.certain)
    .sort(([, a], [, b]) => b.count - a.count || a.first - b.first)
    .map(([text, { kind, count }]) => ({ text, kind, count }));
}

/** Tells whether a word is a common first name, in any case. */
export function isFirstName(word: string): boolean {
  return firstNames.has(word.toLowerCase());
}

/** Tells whether a name is that of a country, as the platform spells it in English. */
export function isCountry(name: string): boolean {
  return countries.has(name.toLowerCase());
}

/** Company forms end a name whatever follows. */
const companyForms = /^(?:inc|corp|ltd|llc|plc|gmbh)\.?,?$/i;
/** These begin a person's name within a run of capitals: `Acme CEO Jane Smith`. */
const midTitles =
  set(`ceo cfo cto chairman chairwoman director mayor senator representative governor president secretary minister
  chancellor justice captain colonel lieutenant ambassador professor dr mr mrs ms`);

interface NameRun {
  readonly raw: string;
  readonly index: number;
  /** Stood before "of" and a company: someone of it. */
  readonly holder: boolean;
}

/** Cuts a run of capitals where two names meet: "Ada Lovelace of Acme Corp.", "Acme CEO Jane Smith", "Acme Inc. Ada". */
function* namesIn(sentence: string): Generator<NameRun> {
  for (const { 0: run, index } of sentence.matchAll(namePattern)) {
    const words = run.split(" ");
    let from = 0;
    let at = index;
    for (let to = 1; to <= words.length; to++) {
      if (to < words.length && !partsNames(words, from, to)) continue;
      const raw = words.slice(from, to).join(" ");
      const joined = words[to] === "of";
      yield { raw, index: at, holder: joined };
      const skipped = joined ? (words[to + 1] === "the" ? 2 : 1) : 0;
      at += raw.length + 1 + words.slice(to, to + skipped).join(" ").length + (skipped > 0 ? 1 : 0);
      to += skipped;
      from = to;
    }
  }
}

/** Tells whether a new name begins at `at`; `from` is where the present one began. */
function partsNames(words: readonly string[], from: number, at: number): boolean {
  const word = words[at]!;
  const before = words[at - 1]!;
  if (word === "of") {
    const head = words
      .slice(from, at)
      .map(plain)
      .filter((part) => !never.has(part));
    if (head.includes("of")) return true;
    if (head.some((part) => organisationEnds.has(part) || placeEnds.has(part))) return false;
    if (head.length > 1 && firstNames.has(head[0]!)) return true;
    return head.length > 1 && !titles.has(head[0]!) && companyForms.test(words.at(-1)!);
  }
  if (companyForms.test(before) && at - from > 1) return !companyForms.test(word);
  if (firstNames.has(plain(word)) && organisationEnds.has(plain(before)) && at + 1 < words.length) return true;
  if (/['’]s$/.test(before)) return firstNames.has(plain(word)) || midTitles.has(plain(word));
  return midTitles.has(plain(word)) && !titles.has(plain(before)) && at + 1 < words.length && words[at + 1] !== "of";
}

interface NameReading {
  readonly text: string;
  readonly kind: EntityKind;
  readonly certain: boolean;
}

function readName(raw: string, index: number, sentence: string, holder: boolean): NameReading | undefined {
  const atStart = !/[\p{L}\p{N},;]["'“‘(]?\s?$/u.test(sentence.slice(Math.max(0, index - 3), index));
  let parts = raw.replace(/['’]s?$/u, "").split(" ");
  let titled = false;
  let dropped = false;
  while (parts.length > 0 && (isNoName(parts[0]!) || (parts.length > 1 && /^(?:of|the)$/.test(parts[0]!)))) {
    titled ||= titles.has(plain(parts[0]!));
    dropped = true;
    parts = parts.slice(1);
  }
  const before = plain(/(\p{L}+\.?)\s$/u.exec(sentence.slice(Math.max(0, index - 24), index))?.[1] ?? "");
  titled ||= titles.has(before) && parts[0] !== "of";
  if (parts[0] === "of") parts = [];
  while (parts.length > 0 && parts[1] !== "of" && titles.has(plain(parts[0]!))) {
    titled = true;
    parts = parts.slice(1);
  }
  if (titled && parts.includes("of")) parts = parts.slice(0, parts.indexOf("of"));
  if (parts.length === 0) return undefined;
  const last = parts.at(-1)!;
  if (last.endsWith(".") && !/^(?:\p{Lu}\.)+$/u.test(last) && !/^(?:Inc|Ltd|Co|Corp|Jr|Sr)\.$/.test(last)) {
    parts[parts.length - 1] = last.slice(0, -1);
  }
  const text = parts.join(" ").replace(/['’]s?$/u, "");
  if (text.length < 2 || /^\p{Lu}\.?$/u.test(text) || (parts.length === 1 && never.has(plain(text)))) return undefined;
  const located = /\b(?:town|city|village|county|port|province) of $/i.test(
    sentence.slice(Math.max(0, index - 24), index),
  );
  const formed = kindOf(parts, titled, located ? "in" : before);
  const kind = formed === "other" && holder && parts.length > 1 && parts.length < 4 ? "person" : formed;
  const sure = !atStart || dropped || parts.length > 1 || kind !== "other" || titled;
  return { text, kind, certain: sure };
}

function isNoName(word: string): boolean {
  const lower = plain(word);
  return (isStopword(lower) && word !== "US" && word !== "IT") || never.has(lower);
}

function plain(word: string): string {
  return word
    .toLowerCase()
    .replace(/['’]s?$/u, "")
    .replaceAll(".", "");
}

function kindOf(parts: readonly string[], titled: boolean, before: string): EntityKind {
  const whole = parts.map(plain).join(" ");
  const last = plain(parts.at(-1)!);
  if (countries.has(whole) || states.has(whole)) return "place";
  if (parts[1] === "of" && placeEnds.has(plain(parts[0]!))) return "place";
  const head = parts.indexOf("of") - 1;
  if (head >= 0 && organisationEnds.has(plain(parts[head]!))) return "organisation";
  if (
    organisationEnds.has(last) ||
    parts.some((part) => /^(?:department|university|bank|house|ministry|bureau)$/.test(plain(part)))
  )
    return "organisation";
  if (parts.length > 1 && parts.length <= 3 && states.has(last) && !firstNames.has(plain(parts[0]!))) return "place";
  if (placeEnds.has(last) || /^(?:lake|mount|cape|fort|port|new|san|saint|los|north|south)$/.test(plain(parts[0]!)))
    return "place";
  if (titled) return "person";
  if (parts.length > 1 && parts.length < 5 && firstNames.has(plain(parts[0]!))) return "person";
  if (parts.length === 1 && /^\p{Lu}{2,6}$/u.test(parts[0]!)) return "organisation";
  if (parts.length > 1 && parts.length < 5 && /^\p{Lu}\.$/u.test(parts[1]!)) return "person";
  if (parts.length === 1 && firstNames.has(last)) return "person";
  return parts.length < 3 && /^(?:in|near)$/.test(before) && !last.endsWith("s") ? "place" : "other";
}
