package mongo_test

import "github.com/taskdb/taskdb/backends/backendtest"

// departures are where the server behind the tests departs from what a store has to
// do. Of FerretDB 1.24 the rules that it breaks are named as in package query.
func departures() []backendtest.Departure {
	list := departuresOf(ofEither, false)
	if server.Ferret {
		return append(append(list, departuresOf(ofFerretDB, false)...), departuresOf(untried, true)...)
	}
	return append(list, departuresOf(ofMongoDB, false)...)
}

func departuresOf(reasons map[string][]string, untried bool) (list []backendtest.Departure) {
	for reason, behaviours := range reasons {
		for _, behaviour := range behaviours {
			list = append(list, backendtest.Departure{Behaviour: behaviour, Reason: reason, Untried: untried})
		}
	}
	return list
}

// ofEither are departures that are MongoDB's own.
var ofEither = map[string][]string{
	"an update reads a key with a dot as a path: MongoDB is right, and PutBuffer refuses such a key": {
		"buffers/any key can hold buffers",
	},
	"listIndexes does not tell whether an index is multikey": {
		"indexes/arrays make an index multikey",
		"indexes after changes/an update that makes an array makes the index multikey",
	},
	"an update of more than 16 MiB is refused before it is known whether it inserts": {
		"update/a document that would be too large stays as it was",
	},
	"the server counts nothing against a budget; the deadline bounds what it does": {
		"budget/a query that looks at more records than its budget fails",
		"budget/several queries share a budget",
	},
	"an upsert makes the indexes of its collection before the server can refuse it": {
		"upsert/an upsert that is wrong inserts nothing, and makes no collection",
	},
}

// ofMongoDB are departures of MongoDB that FerretDB does not have.
var ofMongoDB = map[string][]string{
	"the filter of the index on msg_id looks into arrays (P8): MongoDB is right": {
		"identity/nor are the strings in an array",
	},
	"a name that begins with system. is the server's own, and the test's databases have a prefix that makes the longest one too long": {
		"collections/their names are any text that MongoDB takes",
	},
	"a cursor may show a record again that an update moves ahead of it: MongoDB is right": {
		"reading while records change/a record that moves ahead of a scan comes once",
		"reading while records change/a count meets each record at most once",
	},
}

// ofFerretDB are departures of FerretDB, in all of which MongoDB is right.
var ofFerretDB = map[string][]string{
	"most expressions of aggregation are not implemented": {
		"expressions/a filter's $expr compares keys of a record, beside what an index narrows",
		"expressions/an $expr that does not suit a record fails the question",
		"expressions/an $expr knows the variables of a let",
		"expressions/a projection computes keys",
	},
	"an update cannot be a pipeline": {
		"expressions/a pipeline makes another document of one, which keeps its _id",
		"expressions/a pipeline that does not suit a document leaves it as it is",
		"expressions/an upsert by a pipeline inserts what it makes of the filter",
	},
	"an error 11000 has no keyPattern and no keyValue": {
		"add/a batch with a duplicate is refused whole",
		"add each/each document has a result, in order, and the sound ones are stored",
		"collections/a msg_id is unique in collections of tasks only",
		"indexes/values of any length are told apart",
		"unique indexes/a document with a key of another is refused, one without is not",
		"upsert/a key of another is refused",
		"replace/a document whose _id was its msg_id keeps its _id",
	},
	"there are no partial indexes, so that the one on msg_id is IPython's: two records without a msg_id are refused": {
		"add/records without msg_id are stored",
		"get/a missing record is ErrNotFound, and the error names it",
		"identity/a msg_id that is no string is not unique",
	},
	"the size of a collection is what its own store takes": {
		"stats/stats count records, their bytes and their states",
	},
	"there are no partial indexes": {
		"indexes/a collection of tasks has the standard indexes, another one on _id",
		"indexes/an index's keys may be written in many forms",
		"indexes/an index that is there already is left as it is",
		"indexes/an index of a filled collection has all its documents",
		"queries about buffers/buffers that were put are asked about like others",
		"unique indexes/a partial one is about its own documents only",
		"explain/a partial index is used where it has every record asked for",
		"replace/a msg_id or a key of another is refused, and nothing changed",
		"bulk/if they are ordered, the first failure ends them",
		"indexes after changes/documents enter and leave a partial index",
		"indexes after changes/values of any length are told apart after updates",
	},
	"an index that differs only in being unique counts as the same": {
		"indexes/an index that is in another's way is refused",
	},
	"a unique index has no keys for the elements of an array (P2)": {
		"unique indexes/a batch with one such document is refused whole, one by one the others are stored",
	},
	"documents that share a key are an internal error, not 11000": {
		"unique indexes/where documents share a key no unique index is made",
	},
	"an index's or a collection's name with a quote is an SQL error": {
		"indexes/index names are any text",
		"collections/their names are any text that MongoDB takes",
	},
	"an index or a sort by parallel arrays is not refused (S2)": {
		"indexes/parallel arrays are refused",
		"sort/two arrays cannot be sorted by at once",
		"indexes after changes/an update that makes parallel arrays is refused",
	},
	"NaN, infinities, Decimal128, MinKey, MaxKey, undefined and code end the connection": {
		"identity/an _id may be of any type and is unique by its value",
		"identity/equal numbers of different types are the same _id",
		"fidelity/documents of every type come back byte for byte",
		"sort/null and missing come first, and then the types in BSON's order",
		"pages/pages one after another are the whole answer, in order",
		"pages/a cursor goes on where it was left, as pages do",
		"explain/a filter that contradicts itself examines nothing",
		"indexes after changes/standard indexes follow every kind of value",
	},
	"a key with a dot is refused in a document": {
		"fidelity/unusual keys and their order come back byte for byte",
	},
	"an array in an array is refused": {
		"expressions/buffers that are kept apart are asked about as others",
		"expressions/a pipeline keeps the buffers that it does not name",
		"fidelity/buffers of all sizes come back in their place",
		"buffers/a buffer is put where an array of buffers is or can be",
		"operators/each operator selects what MongoDB's does",
		"operators/a filter's parts are independent of their order",
		"count and distinct/count is how many records find yields",
		"count and distinct/an array counts as its elements",
		"queries about buffers/filters about buffers",
		"queries about buffers/sorts by buffers",
		"queries about buffers/distinct buffers",
		"queries about buffers/projections of buffers",
		"queries about buffers/an index on buffers",
		"pages/so are the pages of any query",
		"properties/a store finds what the filter matches",
		"properties/a window is a slice of the whole answer, and its count is its length",
		"properties/distinct values are those of the matching documents",
		"properties/any document comes back byte for byte",
		"indexes after changes/buffers in an index follow, wherever they are kept",
	},
	"an array does not sort by its least or greatest element (S2)": {
		"sort/an array sorts by its least element, downwards by its greatest",
	},
	"records of equal keys are sorted in no order, where MongoDB's index has that of insertion": {
		"real records/their history is by the time of submission",
	},
	"$slice is not implemented in a projection": {
		"keys/a projection says exactly what is shown",
		"find and modify/keys and projections show of it what they show of a query's",
	},
	"an empty path is refused by distinct": {
		"count and distinct/a path that nothing has has no values",
	},
	"a regular expression is Go's and not PCRE's (regex)": {
		"ipyparallel/test_find_records_glob",
	},
	"an update is not atomic: of two at once one is lost": {
		"buffers/buffers that many put at once all arrive",
		"upsert/many that upsert the same at once insert one",
	},
	"explain does not tell how a query was carried out": {
		"explain/a filter that no index fits examines every record",
	},
	"a cursor is forgotten when its collection is dropped": {
		"collections/a scan of a collection that is dropped ends",
		"collections/a scan of a collection that is made again shows no record twice",
	},
	"an update has no sort, and no array filters": {
		"update/of one document the first in the order of the sort is changed, of many all",
		"update/the caller's update and filter are neither changed nor kept",
		"bulk/operations of every kind are carried out in order, each seeing those before",
	},
	"an update counts what it left as it was": {
		"update/what is the same afterwards is matched, not modified",
	},
	"an update makes a collection, though it changes nothing": {
		"update/an update that selects nothing does nothing, and makes no collection",
		"bulk/none has no outcome, and makes no collection",
	},
	"operators do what does not suit a document, or end the connection": {
		"update/an update that does not suit a document leaves it as it is",
	},
	"an update of many that fails changes none and tells of none": {
		"update/an update of many ends with the first document that it does not suit",
	},
	"an upsert takes of the filter only what stands at its top": {
		"upsert/if none is selected a document is inserted: what the filter asks, changed",
	},
	"what is returned is shown after the change, which stays if that fails": {
		"find and modify/one whose projection fails changes nothing",
	},
	"an update to a key of another is not refused": {
		"bulk/if they are not, each has its own outcome",
	},
}

// untried are what would take minutes in all, or succeeds now and then.
var untried = map[string][]string{
	"a deletion of many does not ask again what it found; how much is changed by then is up to chance": {
		"delete/what is changed meanwhile, and is selected no more, stays",
	},
	"FerretDB reads all documents of a collection for each question about it": {
		"buffers/buffers come back byte for byte, with the record and one by one",
		"buffers/buffers that are put come back byte for byte",
		"buffers/a record is bounded without its buffers",
		"find/$in takes a hundred thousand ids",
		"skip and limit/skip and limit come after filter and sort",
		"pages/what is added between two pages neither hides nor doubles a record",
		"scan/an open scan keeps nobody from adding",
		"append/however a record grows and changes meanwhile, nothing is lost",
		"unique indexes/writers go on while an index is built",
		"concurrency/of many that add the same id one succeeds",
		"concurrency/many add different records while others read",
		"real records/they come back byte for byte",
		"answer key",
		"update/the first of very many documents is changed",
		"update/very many documents are changed, each once",
		"bulk/very many operations are carried out",
		"delete/many documents go, however many, and no others",
		"delete/a deletion of many leaves a collection alone that is made again meanwhile",
		"reading while records change/a record that moves ahead of a scan comes once",
		"reading while records change/a record that is changed is not shown unless it is selected as shown",
		"reading while records change/what is removed ahead of a scan comes no more, or as it was",
		"reading while records change/a count meets each record at most once",
		"indexes after changes/changes while an index is built are in it",
	},
	"explain does not tell how a query was carried out, as a behaviour shows that is tried": {
		"explain/a filter that one index covers examines what it returns",
		"explain/a sort with a limit is read off an index",
		"explain/a sort without an index is made in memory",
		"explain/the branches of an $or have an index each",
		"explain/what an index does not decide the filter does, and it is said",
		"explain/an index that is dropped is used no more",
		"explain/skip and limit count in what is returned",
	},
	"documents that share a key are an internal error, not 11000, if there are any when the index is made": {
		"unique indexes/what is written while a unique index is built is checked",
	},
	"a record of more than 16 MiB is not refused, and takes its time": {
		"append/a record that would be too large stays as it is",
		"append/nor does a change make a record too large that was appended to",
	},
	"an update is not atomic, and many at once take their time": {
		"find and modify/of many who ask for a free task at once each gets another",
		"find and modify/a sum that many add to at once is exact",
	},
}
