/** Finds the command or option a person meant. */

/** Gives the known word at most 2 edits away (1 for words under 5 letters), or that begins with what was written; else undefined. */
export function nearestWord(written: string, known: readonly string[]): string | undefined {
  if (written === "" || written.length > 40) return undefined;
  const word = written.toLowerCase();
  const allowed = word.length < 5 ? 1 : 2;
  const ranked = known
    .map((candidate) => ({ candidate, edits: editsBetween(word, candidate) }))
    .filter(({ edits }) => edits <= allowed && edits < word.length)
    .sort((one, other) => one.edits - other.edits);
  return ranked[0]?.candidate ?? known.find((candidate) => candidate.startsWith(word));
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editsBetween(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    const above = rows[i - 1]!;
    for (let j = 1; j <= other.length; j++) {
      const replaced = above[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1] ? rows[i - 2]![j - 2]! + 1 : replaced;
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, replaced, swapped));
    }
    rows.push(row);
  }
  return rows[one.length]![other.length]!;
}
