// What was meant by a word that does not exist.

const leastPrefix = 3;

// nearest returns the known word that most likely was meant, or "": one edit in three
// letters, or letters left out at the end.
export function nearest(word, known) {
  let best = "";
  let least = 1 + Math.max(1, Math.floor(word.length / 3));
  for (const candidate of [...known].sort()) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

// distance counts edits: a letter more, less, or another, or two exchanged.
function distance(a, b) {
  if (a.length >= leastPrefix && b.startsWith(a)) return 1;
  let older = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], older[j - 2] + 1);
    }
    [older, last] = [last, row];
  }
  return last[b.length];
}
