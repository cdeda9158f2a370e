package mongowire_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/internal/mongotest"
	"github.com/taskdb/taskdb/server/mongowire"
)

// rounds are how often a collection is filled, and commandsARound how many random
// commands it is then asked.
const rounds, commandsARound = 100, 40

// Random commands, always the same ones, are answered as another server answers them,
// but for the differences that are listed.
func TestRandomCommandsAreAnsweredAsByAnotherServer(t *testing.T) {
	other, err := mongotest.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Stop()) })
	client, err := mongo.Connect(options.Client().ApplyURI(other.URL))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Disconnect(t.Context())) })
	own := serve(t, openStore(t, "sqlite"), mongowire.Options{}).connect(t)

	d := newDice(1)
	used := map[string]bool{}
	for round := range rounds {
		name := fmt.Sprint("random", round)
		pair := []*mongo.Database{own.Database(name), client.Database(name)}
		fill(t, d, pair)
		for range commandsARound {
			c := difference{command: encode(t, d.command())}
			c.own, c.other = replyOf(t, pair[0], c.command), replyOf(t, pair[1], c.command)
			if c.own == c.other {
				continue
			}
			why := c.explain(other.Ferret)
			require.NotEmpty(t, why, "%s\n  here:  %s\n  there: %s", c.command, c.own, c.other)
			used[why] = true
			if isWrite(c.command) {
				fill(t, d, pair)
			}
		}
		for _, db := range pair {
			require.NoError(t, db.Drop(t.Context()))
		}
	}
	if other.Ferret {
		for _, known := range differences {
			require.True(t, used[known.why], "there is no such difference any more: %s", known.why)
		}
	}
}

func encode(t testing.TB, doc bson.D) bson.Raw {
	raw, err := bson.Marshal(doc)
	require.NoError(t, err)
	return raw
}

// fill has a collection be the same in several databases.
func fill(t *testing.T, d dice, databases []*mongo.Database) {
	var docs []any
	for id := range 20 {
		docs = append(docs, d.document(id))
	}
	for _, db := range databases {
		require.NoError(t, db.Collection("c").Drop(t.Context()))
		_, err := db.Collection("c").InsertMany(t.Context(), docs)
		require.NoError(t, err)
	}
}

func isWrite(command bson.Raw) bool {
	return slices.Contains([]string{"insert", "update", "delete", "findAndModify"}, command.Index(0).Key())
}

// replyOf carries out a command and returns what counts of its reply, as text: the code
// of an error, or values; of a write also what it left.
func replyOf(t *testing.T, db *mongo.Database, command bson.Raw) string {
	values, err := run(t, db, command)
	if err != nil {
		return fmt.Sprint("code ", codeOf(err)) // 0 if the connection ended
	}
	var parts []string
	for _, v := range values {
		parts = append(parts, v.String())
	}
	switch command.Index(0).Key() {
	case "distinct": // in no order
		slices.Sort(parts)
	case "find", "aggregate":
	default: // a reply, whose keys are in no order either
		parts = partsOf(values[0].Document())
	}
	text := strings.Join(parts, " ")
	if isWrite(command) {
		left, err := run(t, db, encode(t, bson.D{{Key: "find", Value: "c"}, {Key: "sort", Value: bson.D{{Key: "_id", Value: 1}}}}))
		require.NoError(t, err)
		text += fmt.Sprint(" left ", left)
	}
	return text
}

// partsOf are the keys and values of a document, sorted.
func partsOf(doc bson.Raw) (parts []string) {
	elements, _ := doc.Elements()
	for _, e := range elements {
		parts = append(parts, e.String())
	}
	slices.Sort(parts)
	return parts
}

// difference is a command that two servers answer otherwise.
type difference struct {
	command    bson.Raw
	own, other string
}

// explain returns why FerretDB answers otherwise, or "".
func (d difference) explain(isFerret bool) string {
	for _, known := range differences {
		if isFerret && known.covers(d) {
			return known.why
		}
	}
	return ""
}

// differences are those between FerretDB and this server, each with the rule that says
// who is right: of package query, or of the answer key.
var differences = []struct {
	why    string
	covers func(d difference) bool
}{
	{"a filter is checked whole before any document is looked at: FerretDB looks at what a document comes to", func(d difference) bool {
		return d.own == "code 2" && !strings.HasPrefix(d.other, "code") && d.asks(`"$frob"`, `"frob"`, `{"$in": "a"}`, `{"$in": {"$numberInt":"1"}}`)
	}},
	{"so is an update", func(d difference) bool {
		return (d.own == "code 14" || d.own == "code 9") && !strings.HasPrefix(d.other, "code") && d.asks(`"update"`)
	}},
	{"a skip or limit below 0 is code 2 (S4)", func(d difference) bool { return d.own == "code 2" && d.other == "code 51024" }},
	{"$mod looks into arrays (P2): FerretDB's does not", func(d difference) bool { return d.asks(`"$mod"`) }},
	{"an array without documents has nothing at z.a (P3), and not null as with FerretDB", func(d difference) bool { return d.asks(`"z.a"`) }},
	{"null counts as not given, as the answer key has it of distinct's key: FerretDB has it as a wrong type", func(d difference) bool {
		return d.other == "code 14" && d.asks("null")
	}},
}

// asks tells whether the command has one of some texts in it.
func (d difference) asks(texts ...string) bool {
	command := d.command.String()
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(command, text) })
}
