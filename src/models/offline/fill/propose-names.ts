/** Proposes names for fields that ask for people, organisations or places. */

import type { EvidenceSentence } from "../evidence/evidence.ts";
import { firstText, sourceOf } from "../evidence/passages.ts";
import { type Entity, entitiesIn, isCountry, isFirstName } from "../language/entities.ts";
import { stemOf } from "../text/words.ts";
import { nameTokens } from "./field-intent.ts";
import { capital, plain, sentencePool, type TextCandidate, type TextRequest } from "./text-candidate.ts";

/** Whoever is named most is not therefore the author: such a name must stand in a sentence that speaks of the role. */
const roles = new Set(["author", "speaker", "president", "employee", "customer", "owner"].map(stemOf));

/** Proposes names of the kind the field asks for, the most frequent first. */
export function names(request: TextRequest): TextCandidate[] {
  const { intent, place, count } = request;
  const beside =
    place.focus && firstText(place.focus.sentence.passage, ["author", "speaker", "name", "president", "by"]);
  if (beside !== undefined && intent.entity === "person") return [plain(beside)];
  const inSource =
    place.focus && intent.entity === "person"
      ? personInSource(sourceOf(place.focus.sentence.passage) ?? "")
      : undefined;
  if (inSource !== undefined) return [plain(inSource)];
  const tokens = nameTokens(place.name);
  const role =
    request.single && place.focus === undefined ? tokens.map(stemOf).find((stem) => roles.has(stem)) : undefined;
  const country = tokens.some((token) => /^countr(?:y|ies)$/.test(token));
  const pool = sentencePool(request);
  const found =
    role === undefined
      ? entitiesOf(pool)
      : entitiesOf(pool.filter((sentence) => sentence.words.some((word) => stemOf(word) === role)));
  return found
    .filter((entity) => intent.entity === "any" || entity.kind === intent.entity)
    .filter((entity) => !country || isCountry(entity.text))
    .slice(0, count)
    .map((entity) => plain(entity.text));
}

/** Several fields of one answer ask for names of the same sentences. */
const known = new WeakMap<readonly EvidenceSentence[], readonly Entity[]>();

function entitiesOf(pool: readonly EvidenceSentence[]): readonly Entity[] {
  const found = known.get(pool) ?? entitiesIn(pool.map((sentence) => sentence.text));
  known.set(pool, found);
  return found;
}

/** `1903_theodore_roosevelt.txt` names its author; a file name without a known first name names nobody. */
function personInSource(source: string): string | undefined {
  const parts = source
    .slice(0, 200)
    .replace(/\.\w{1,5}$/, "")
    .split(/[^\p{L}]+/u);
  const start = parts.findIndex(isFirstName);
  if (start === -1) return undefined;
  const name = [parts[start]!];
  for (const [at, part] of parts.slice(start + 1, start + 4).entries()) {
    const initial = part.length === 1 && (parts[start + at + 2]?.length ?? 0) > 2;
    if (part.length < 3 && !initial) break;
    name.push(part);
  }
  return name.length < 2 ? undefined : name.map(capital).join(" ");
}
