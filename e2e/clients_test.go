//go:build e2e

package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The Pythons: Debian's has ipyparallel 7.1 and pymongo 3.11, ours ipyparallel 9.2 and
// pymongo 4.
var pythons = map[string]string{"Debian's Python": "/usr/bin/python3", "PyPI's Python": ".clients/python/bin/python"}

func TestSessionsOfMongoDBsClients(t *testing.T) {
	clients, err := filepath.Abs(".clients")
	require.NoError(t, err)
	for name, store := range stores(t) {
		h := serve(t, store)
		for python, path := range pythons {
			t.Run(name+"/"+python, func(t *testing.T) { client(t, nil, path, "sessions/session.py", h.mongo) })
		}
		t.Run(name+"/Node", func(t *testing.T) {
			client(t, []string{"CLIENTS=" + clients + "/js"}, "node", "sessions/session.mjs", h.mongo)
		})
		t.Run(name+"/mongosh", func(t *testing.T) {
			client(t, nil, ".clients/js/node_modules/.bin/mongosh", "--quiet", h.mongo, "sessions/session.js")
		})
		t.Run(name+"/Java", func(t *testing.T) {
			client(t, nil, "java", "-cp", ".clients/java/classes:.clients/java/dependency/*", "Session", h.mongo)
		})
	}
}

func TestIPythonsOwnTestsOfItsMongoDBBackend(t *testing.T) {
	for name, store := range stores(t) {
		h := serve(t, store)
		for python, path := range pythons {
			t.Run(name+"/"+python, func(t *testing.T) {
				client(t, []string{"DBA_MONGODB_ADMIN_URI=" + h.mongo + "?tz_aware=true"}, path,
					"-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "ipyparallel.tests.test_mongodb")
			})
		}
	}
}

func TestAClusterOfIPython(t *testing.T) {
	for name, store := range stores(t) {
		h := serve(t, store)
		for python, path := range pythons {
			t.Run(name+"/"+python, func(t *testing.T) {
				dir, err := os.MkdirTemp("", "ipp") // short: it has the paths of sockets
				require.NoError(t, err)
				defer os.RemoveAll(dir)
				client(t, nil, path, "cluster/cluster.py", h.mongo, dir)
			})
		}
	}
}
