#!/bin/sh
# Imports the 406 tasks of a real cluster, in two runs, that are shipped as test
# data, and asks of them the four questions that IPython's documentation asks of its
# task database.
set -eu
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
taskdb=$dir/taskdb
TASKDB_STORE=sqlite://$dir/tasks.db
export TASKDB_STORE

echo 'Building taskdb, which takes a minute the first time.'
go build -o "$taskdb" ./cmd/taskdb
"$taskdb" import importers/ipython/testdata/tasks.db

second_run=2026-11-22T00:51:47Z
me=ecdf1b40-f4138b61c1e5fdb274178d09

# ask QUESTION FILTER
ask() {
	printf '\n%s\n  %s\n\n' "$1" "$2"
	"$taskdb" find --output table --limit 3 "$2"
	printf '  in all: %s\n' "$("$taskdb" count "$2")"
}

ask 'Which tasks are outstanding?' \
	'{completed: null}'
ask 'What was submitted since the second run began?' \
	"{submitted: {\$gt: '$second_run'}}"
ask 'What ran on these two engines?' \
	"{engine_uuid: {\$in: ['194a2835-8ee3d1cb061b6b4b7198bf02', 'a4b6eb44-6682380ee2aabc8a408707b3']}}"
ask 'What was started before the second run, and not by me?' \
	"{started: {\$lt: '$second_run'}, client_uuid: {\$ne: '$me'}}"

cat <<END

The tasks are in $dir/tasks.db. Ask on:

  export TASKDB_STORE=$TASKDB_STORE
  $taskdb find --failed
END
