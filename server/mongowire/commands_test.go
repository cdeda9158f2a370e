package mongowire_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

// Each command is asked after those before it.
var commands = []struct {
	command string
	want    string // what the reply has, at least
}{
	{`{hello: 1, $db: "admin"}`, `{isWritablePrimary: true, helloOk: true, minWireVersion: 0, maxWireVersion: 21, readOnly: false, ok: 1.0,
		maxBsonObjectSize: 1073741824, maxMessageSizeBytes: 1073741824, maxWriteBatchSize: 100000, logicalSessionTimeoutMinutes: 30}`},
	{`{isMaster: 1, $db: "admin", compression: ["zstd", "lz4", "zlib"]}`, `{ismaster: true, compression: ["zstd", "zlib"]}`},
	{`{ping: 1, $db: "admin", lsid: {id: 1}, $clusterTime: {}, $readPreference: {mode: "primary"}, apiVersion: "1", comment: "hi"}`, `{ok: 1.0}`},
	{`{ping: 1, $db: "admin", apiVersion: "2"}`, `{ok: 0.0, code: 322, codeName: "APIVersionError"}`},
	{`{buildInfo: 1, $db: "admin"}`, `{version: "7.0.0", ok: 1.0}`},
	{`{buildinfo: 1, $db: "admin"}`, `{ok: 1.0}`},
	{`{whatsmyuri: 1, $db: "admin"}`, `{ok: 1.0}`},
	{`{hostInfo: 1, $db: "admin"}`, `{ok: 1.0}`},
	{`{getLog: "startupWarnings", $db: "admin"}`, `{log: [], ok: 1.0}`},
	{`{getParameter: 1, featureCompatibilityVersion: 1, $db: "admin"}`, `{featureCompatibilityVersion: {version: "7.0"}}`},
	{`{connectionStatus: 1, $db: "admin"}`, `{authInfo: {authenticatedUsers: [], authenticatedUserRoles: []}}`},
	{`{endSessions: [{id: 1}], $db: "admin"}`, `{ok: 1.0}`},
	{`{frobnicate: 1, $db: "a"}`, `{ok: 0.0, code: 59, codeName: "CommandNotFound", errmsg: "no such command: 'frobnicate'"}`},
	{`{bulkWrite: 1, $db: "admin"}`, `{code: 59}`},
	{`{saslStart: 1, mechanism: "SCRAM-SHA-1", payload: BinData(0, ""), $db: "admin"}`, `{code: 334, codeName: "MechanismUnavailable"}`},

	{`{create: "b", $db: "a"}`, `{ok: 1.0}`},
	{`{create: "b", $db: "a"}`, `{code: 48, codeName: "NamespaceExists"}`},
	{`{create: "v", viewOn: "b", $db: "a"}`, `{code: 238, codeName: "NotImplemented"}`},
	{`{create: "c", capped: true, size: 100, $db: "a"}`, `{code: 238}`},
	{`{listCollections: 1, $db: "a", nameOnly: true}`, `{cursor: {firstBatch: [{name: "b", type: "collection"}], id: NumberLong(0), ns: "a.$cmd.listCollections"}}`},
	{`{listCollections: 1, $db: "a", filter: {name: "c"}}`, `{cursor: {firstBatch: [], id: NumberLong(0), ns: "a.$cmd.listCollections"}}`},
	{`{listIndexes: "b", $db: "a"}`, `{cursor: {firstBatch: [{v: 2, key: {_id: 1}, name: "_id_"}], id: NumberLong(0), ns: "a.b"}}`},
	{`{listIndexes: "none", $db: "a"}`, `{code: 26, codeName: "NamespaceNotFound"}`},

	{`{createIndexes: "b", indexes: [{key: {x: 1}, name: "x_1", unique: true}], $db: "a"}`,
		`{numIndexesBefore: 1, numIndexesAfter: 2, createdCollectionAutomatically: false}`},
	{`{createIndexes: "b", indexes: [{key: {x: 1}, name: "x_1", unique: true}], $db: "a"}`, `{numIndexesAfter: 2, note: "all indexes already exist"}`},
	{`{createIndexes: "b", indexes: [{key: {x: 1}, name: "other"}], $db: "a"}`, `{code: 85, codeName: "IndexOptionsConflict"}`},
	{`{createIndexes: "b", indexes: [{key: {y: 1}, name: "x_1"}], $db: "a"}`, `{code: 86, codeName: "IndexKeySpecsConflict"}`},
	{`{createIndexes: "b", indexes: [{key: {y: 1}, name: "y_1", expireAfterSeconds: 5}], $db: "a"}`, `{code: 238}`},
	{`{createIndexes: "b", indexes: [{key: {y: "text"}, name: "y"}], $db: "a"}`, `{code: 238}`},
	{`{createIndexes: "b", indexes: [{key: {y: 1}}], $db: "a"}`, `{code: 40414}`},
	{`{createIndexes: "b", indexes: [], $db: "a"}`, `{code: 2}`},
	{`{createIndexes: "b", indexes: [{key: {y: -1.0}, name: "y", sparse: true}], $db: "a"}`, `{numIndexesAfter: 3}`},
	{`{createIndexes: "new", indexes: [{key: {y: 1}, name: "y"}], $db: "a"}`,
		`{numIndexesBefore: 1, numIndexesAfter: 2, createdCollectionAutomatically: true}`},
	{`{dropIndexes: "b", index: "y", $db: "a"}`, `{nIndexesWas: 3}`},
	{`{dropIndexes: "b", index: "y", $db: "a"}`, `{code: 27, codeName: "IndexNotFound"}`},
	{`{dropIndexes: "b", index: "_id_", $db: "a"}`, `{code: 72, codeName: "InvalidOptions"}`},
	{`{dropIndexes: "b", index: "*", $db: "a"}`, `{nIndexesWas: 2}`},

	{`{insert: "b", documents: [{_id: 1, x: 1}, {_id: 2, x: 1}, {_id: 1}, {_id: 3}], ordered: false, $db: "a"}`,
		`{n: 3, writeErrors: [{index: 2, code: 11000, keyPattern: {_id: 1}, keyValue: {_id: 1},
			errmsg: "E11000 duplicate key error collection: a.b index: _id_ dup key: { _id: 1 }"}], ok: 1.0}`},
	{`{insert: "b", documents: [{_id: {$x: 1}}], $db: "a"}`, `{n: 0, writeErrors: [{index: 0, code: 52, errmsg: "_id fields may not contain '$'-prefixed fields: $x is not valid for storage."}]}`},
	{`{insert: "b", documents: [{_id: [1]}], $db: "a"}`, `{n: 0, writeErrors: [{index: 0, code: 53, errmsg: "The '_id' value cannot be of type array"}]}`},
	{`{insert: "b", documents: [{_id: 9}], writeConcern: {w: 2}, $db: "a"}`, `{ok: 0.0, code: 2, codeName: "BadValue"}`},
	{`{insert: "b", documents: [{_id: 9}], lsid: {id: 1}, txnNumber: NumberLong(1), $db: "a"}`, `{ok: 0.0, code: 20, codeName: "IllegalOperation"}`},
	{`{insert: "b", documents: [{_id: 9}], frob: 1, $db: "a"}`, `{ok: 0.0, code: 40415, codeName: "IDLUnknownField"}`},
	{`{count: "b", $db: "a"}`, `{n: 3, ok: 1.0}`},
	{`{count: "b", query: {x: 1}, limit: -1, $db: "a"}`, `{n: 1}`},
	{`{distinct: "b", key: "x", $db: "a"}`, `{values: [1], ok: 1.0}`},
	{`{update: "b", updates: [{q: {_id: 1}, u: {$set: {x: 2}}}, {q: {_id: 8}, u: {$set: {x: 8}}, upsert: true}], $db: "a"}`,
		`{n: 2, nModified: 1, upserted: [{index: 1, _id: 8}], ok: 1.0}`},
	{`{update: "b", updates: [{q: {_id: 1}, u: {$frob: {x: 2}}}], $db: "a"}`, `{n: 0, writeErrors: [{index: 0, code: 9, errmsg: "Unknown modifier: $frob. Expected a valid update modifier or pipeline-style update specified as an array"}], ok: 1.0}`},
	{`{update: "b", updates: [{q: {a: {$glob: "x*"}}, u: {$set: {x: 2}}}], $db: "a"}`, `{n: 0, writeErrors: [{index: 0, code: 2, errmsg: "unknown operator: $glob"}], ok: 1.0}`},
	{`{update: "b", updates: [{q: {_id: 1}, u: [{$set: {y: {$add: ["$x", "$$one"]}}}]}], let: {one: 1}, $db: "a"}`, `{n: 1, nModified: 1}`},
	{`{update: "b", updates: [{q: {_id: 1}, u: [{$set: {z: "$$two"}}], c: {two: "$x"}}], $db: "a"}`, `{n: 1, nModified: 1}`},
	{`{find: "b", filter: {_id: 1}, $db: "a"}`, `{cursor: {firstBatch: [{_id: 1, x: 2, y: 3, z: "$x"}], id: NumberLong(0), ns: "a.b"}}`},
	{`{find: "b", filter: {$expr: {$eq: ["$x", "$$x"]}}, projection: {_id: 0, x: "$$x"}, let: {x: 2}, $db: "a"}`,
		`{cursor: {firstBatch: [{x: 2}], id: NumberLong(0), ns: "a.b"}}`},
	{`{find: "b", filter: {a: {$glob: "x*"}}, $db: "a"}`, `{code: 2, codeName: "BadValue"}`},
	{`{find: "b", hint: "none", $db: "a"}`, `{code: 2}`},
	{`{find: "b", hint: {$natural: 1}, filter: {_id: 8}, $db: "a"}`, `{cursor: {firstBatch: [{_id: 8, x: 8}], id: NumberLong(0), ns: "a.b"}}`},
	{`{find: "b", hint: {_id: 1.0}, filter: {_id: 8}, $db: "a"}`, `{ok: 1.0}`},
	{`{find: "none", hint: "none", $db: "a"}`, `{cursor: {firstBatch: [], id: NumberLong(0), ns: "a.none"}}`},
	{`{find: "b", collation: {locale: "simple"}, $db: "a", limit: 1}`, `{ok: 1.0}`},
	{`{find: "b", collation: {locale: "fr"}, $db: "a"}`, `{code: 238}`},
	{`{find: "b", readConcern: {level: "majority"}, $db: "a", limit: 1}`, `{ok: 1.0}`},
	{`{find: "b", readConcern: {level: "linearizable"}, $db: "a"}`, `{code: 123, codeName: "NotAReplicaSet"}`},
	{`{find: "b", tailable: true, $db: "a"}`, `{code: 2}`},
	{`{find: "b", returnKey: true, $db: "a"}`, `{code: 238}`},
	{`{find: "b", batchSize: -1, $db: "a"}`, `{code: 51024}`},
	{`{aggregate: "b", pipeline: [], cursor: {batchSize: -1}, $db: "a"}`, `{code: 51024}`},
	{`{listCollections: 1, cursor: {size: 1}, $db: "a"}`, `{code: 40415}`},
	{`{dropIndexes: "b", index: "none", $db: "a"}`, `{code: 27, errmsg: "index not found with name [none]"}`},
	{`{dropIndexes: "b", index: {none: 1}, $db: "a"}`, `{code: 27}`},
	{`{explain: {find: "b"}, verbosity: "much", $db: "a"}`, `{code: 2}`},
	{`{find: "b", limit: 2, batchSize: 0, $db: "a"}`, `{ok: 1.0}`},
	{`{find: "b"}`, `{code: 40414}`},
	{`{find: "system.profile", $db: "a"}`, `{code: 73, codeName: "InvalidNamespace"}`},
	{`{insert: "users", documents: [{}], $db: "admin"}`, `{code: 73}`},
	{`{insert: "b", documents: [{}], $db: "a b"}`, `{code: 73}`},
	{`{findAndModify: "b", query: {_id: 3}, remove: true, $db: "a"}`, `{lastErrorObject: {n: 1}, value: {_id: 3}, ok: 1.0}`},
	{`{findAndModify: "b", query: {_id: 1}, update: {$inc: {x: 1}}, new: true, fields: {x: 1}, $db: "a"}`,
		`{lastErrorObject: {n: 1, updatedExisting: true}, value: {_id: 1, x: 3}, ok: 1.0}`},
	{`{aggregate: "b", pipeline: [{$group: {_id: null, n: {$sum: 1}}}], cursor: {}, $db: "a"}`,
		`{cursor: {firstBatch: [{_id: null, n: 3}], id: NumberLong(0), ns: "a.b"}}`},
	{`{aggregate: "b", pipeline: [{$match: {_id: {$gt: 1}}}, {$count: "n"}], cursor: {}, $db: "a"}`,
		`{cursor: {firstBatch: [{n: 2}], id: NumberLong(0), ns: "a.b"}}`},
	{`{aggregate: "b", pipeline: [], $db: "a"}`, `{code: 9}`},
	{`{aggregate: 1, pipeline: [], cursor: {}, $db: "a"}`, `{code: 73}`},
	{`{aggregate: "b", pipeline: [{$out: "c"}], cursor: {}, $db: "a"}`, `{ok: 0.0}`},
	{`{explain: {find: "b", filter: {_id: 1}}, $db: "a"}`, `{ok: 1.0, executionStats: {executionSuccess: true, nReturned: 1, totalKeysExamined: 1, totalDocsExamined: 1}}`},
	{`{explain: {aggregate: "b", pipeline: [{$match: {_id: 1}}], cursor: {}}, $db: "a"}`, `{ok: 1.0}`},
	{`{explain: {delete: "b", deletes: []}, $db: "a"}`, `{code: 238}`},
	{`{delete: "b", deletes: [{q: {}, limit: 0}], $db: "a"}`, `{n: 3, ok: 1.0}`},

	{`{collStats: "b", $db: "a"}`, `{ns: "a.b", count: 0, nindexes: 1}`},
	{`{aggregate: "b", pipeline: [{$collStats: {storageStats: {}, count: {}}}, {$project: {count: 1, n: "$storageStats.nindexes"}}], cursor: {}, $db: "a"}`,
		`{cursor: {firstBatch: [{count: 0, n: 1}], id: NumberLong(0), ns: "a.b"}}`},
	{`{dbStats: 1, $db: "a"}`, `{db: "a", collections: 2}`},
	{`{serverStatus: 1, $db: "admin"}`, `{ok: 1.0, version: "7.0.0"}`},
	{`{listDatabases: 1, nameOnly: true, $db: "admin"}`, `{databases: [{name: "a"}], ok: 1.0}`},
	{`{listDatabases: 1, $db: "a"}`, `{code: 13, codeName: "Unauthorized"}`},
	{`{drop: "new", $db: "a"}`, `{ns: "a.new", nIndexesWas: 2, ok: 1.0}`},
	{`{drop: "new", $db: "a"}`, `{ok: 1.0}`},
	{`{dropDatabase: 1, $db: "a"}`, `{dropped: "a", ok: 1.0}`},
	{`{dropDatabase: 1, $db: "admin"}`, `{code: 20}`},
	{`{listDatabases: 1, $db: "admin"}`, `{databases: [], totalSize: NumberLong(0)}`},
}

func TestCommands(t *testing.T) {
	onEach(t, func(t *testing.T, s served) {
		p := s.dial(t)
		for _, c := range commands {
			reply := p.ask(c.command)
			want, err := document(t, c.want).Elements()
			require.NoError(t, err)
			for _, e := range want {
				require.Equal(t, e.Value().String(), reply.Lookup(e.Key()).String(), "%s\n%s: %s", c.command, e.Key(), reply)
			}
		}
	})
}

// The records of a hub are IPython's collection, with the indexes that it asks for.
func TestTheHubsRecordsAreACollection(t *testing.T) {
	onEach(t, func(t *testing.T, s served) {
		require.NoError(t, s.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a1", Queue: "task"}))
		c := s.connect(t).Database("ipython-tasks").Collection("task_records")
		var found bson.M
		require.NoError(t, c.FindOne(t.Context(), bson.D{{Key: "msg_id", Value: "a1"}}).Decode(&found))
		require.Equal(t, "task", found["queue"])

		p := s.dial(t)
		for _, index := range []string{`{key: {msg_id: 1}, name: "msg_id_1", unique: true}`, `{key: {submitted: 1}, name: "submitted_1"}`} {
			reply := p.ask(`{createIndexes: "task_records", indexes: [` + index + `], $db: "ipython-tasks"}`)
			require.Equal(t, "all indexes already exist", reply.Lookup("note").StringValue(), "%s", reply)
		}
		_, err := c.InsertOne(t.Context(), bson.D{{Key: "msg_id", Value: "a1"}})
		require.Equal(t, taskdb.DuplicateKeyCode, codeOf(err), "%v", err)
	})
}

func TestBuffersAreStoredWholeWhateverTheirSize(t *testing.T) {
	onEach(t, func(t *testing.T, s served) {
		c := s.connect(t).Database("ipython-tasks").Collection("task_records")
		large := make([]byte, 20<<20)
		_, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: 1}, {Key: "buffers", Value: bson.A{large, large}}})
		require.NoError(t, err)
		found, err := c.FindOne(t.Context(), bson.D{{Key: "_id", Value: 1}}).Raw()
		require.NoError(t, err)
		buffers, err := found.Lookup("buffers").Array().Values()
		require.NoError(t, err)
		require.Len(t, buffers, 2)
		_, data := buffers[1].Binary()
		require.Len(t, data, len(large))

		_, err = c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: 2}, {Key: "text", Value: string(large)}})
		require.Equal(t, 10334, codeOf(err), "what is no buffer is bounded as in MongoDB: %v", err)
	})
}

func TestCommandsAreObserved(t *testing.T) {
	type seen struct {
		command string
		code    int
	}
	var all []seen
	s := serve(t, openStore(t, "dict"), mongowire.Options{Observe: func(command string, _ time.Duration, code int) {
		all = append(all, seen{command, code}) // before the reply is sent
	}})
	p := s.dial(t)
	p.ask(ping)
	p.ask(`{find: "b", $db: "a", filter: 5}`)
	p.ask(`{no_such_command: 1, $db: "a"}`)
	require.Equal(t, []seen{{"ping", 0}, {"find", 14}, {"other", 59}}, all)
}
