// Package spelling finds what a person meant by a word that does not exist: a
// key that no record has, an operator that the query language does not know.
package spelling

import (
	"iter"
	"strings"
	"unicode/utf8"
)

const (
	// longest bounds the words that are compared, since that costs the product
	// of their lengths.
	longest = 64
	// leastPrefix is how long a word must be to be taken as an abbreviation.
	leastPrefix = 3
)

// Nearest returns the known word that most likely was meant, or "" if none is
// near: one edit in three letters, or letters left out at the end. Of words as
// near, the first in the order of strings is returned.
func Nearest(word string, known iter.Seq[string]) string {
	best, least := "", 1+max(1, min(utf8.RuneCountInString(word), longest)/3)
	for candidate := range known {
		d := distance(word, candidate)
		if d < least || d == least && best != "" && candidate < best {
			best, least = candidate, d
		}
	}
	return best
}

// distance takes an abbreviation as one edit, and so a word without its end as
// nearer than one with two mistakes.
func distance(word, candidate string) int {
	word, candidate = strings.ToLower(word), strings.ToLower(candidate)
	if len(word) >= leastPrefix && strings.HasPrefix(candidate, word) {
		return 1
	}
	a, b := []rune(word), []rune(candidate)
	if len(a) > longest || len(b) > longest {
		return longest
	}
	return edits(a, b)
}

// edits is the optimal string alignment distance: how many letters to insert,
// delete, replace or swap with their neighbour make b of a.
func edits(a, b []rune) int {
	rows := make([][]int, len(a)+1) // rows[i][j] is the distance of a[:i] and b[:j]
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
