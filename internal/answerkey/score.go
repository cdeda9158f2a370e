package answerkey

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Answer is what was answered to a case: values, or an error with MongoDB's code,
// which is 0 if it has none.
type Answer struct {
	Values []bson.RawValue
	Err    error
	Code   int
}

// Score counts right answers by group, which is a case's folder.
type Score struct {
	// Refused are the cases that are refused on purpose, by their IDs, with the reason
	// for each.
	Refused map[string]string

	right, asked map[string]int
	listed       int
}

// Count judges the answer to a case. A wrong one is an error of the test.
func (s *Score) Count(t *testing.T, c Case, got Answer) {
	if s.asked == nil {
		s.right, s.asked = map[string]int{}, map[string]int{}
	}
	group := c.ID[:strings.LastIndex(strings.Split(c.ID, "::")[0], "/")]
	s.asked[group]++
	wrong := judge(t, c, got)
	refused := s.Refused[c.ID]
	switch {
	case wrong == "":
		s.right[group]++
	case refused != "" && got.Err != nil && got.Code != 0:
		s.listed++
		t.Logf("refused on purpose: %s: %s", c.ID, refused)
	default:
		t.Errorf("%s\n  docs    %v\n  write   %s\n  command %s\n  %s", c.ID, c.Docs, c.Write, c.Command, wrong)
	}
}

// judge returns what is wrong with an answer, or nothing.
func judge(t *testing.T, c Case, got Answer) string {
	switch {
	case got.Err != nil && got.Code == 0:
		return fmt.Sprintf("failed: %v", got.Err)
	case got.Err != nil && c.Error == 0:
		return fmt.Sprintf("refused: %v\n  want    %s", got.Err, c.Expected)
	case got.Err != nil && got.Code != c.Error:
		return fmt.Sprintf("refused: %v\n  want code %d", got.Err, c.Error)
	case got.Err != nil:
		return ""
	case c.Error != 0:
		return fmt.Sprintf("got     %v\n  want code %d", got.Values, c.Error)
	case !c.Same(t, got.Values):
		return fmt.Sprintf("got     %v\n  want    %s", got.Values, c.Expected)
	}
	return ""
}

// Report logs the score of each group. It fails if more than so many of a hundred
// cases were refused on purpose, or if one of those is refused no more.
func (s *Score) Report(t *testing.T, most int) {
	right, asked := 0, 0
	for _, group := range slices.Sorted(maps.Keys(s.asked)) {
		t.Logf("%4d of %4d  %s", s.right[group], s.asked[group], group)
		right, asked = right+s.right[group], asked+s.asked[group]
	}
	t.Logf("%4d of %4d in all, %d refused on purpose", right, asked, s.listed)
	require.Equal(t, len(s.Refused), s.listed, "some are refused no more")
	require.LessOrEqual(t, s.listed*100, asked*most, "no more than %d%% may be refused on purpose", most)
}
