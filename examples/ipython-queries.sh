#!/bin/sh
# Asks the four questions that IPython's documentation asks of its task database,
# of the 406 tasks of a real cluster, in two runs, that are shipped as test data.
set -eu
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/taskdb" ./cmd/taskdb

sample=importers/ipython/testdata/tasks.db
second_run=2026-11-22T00:51:47Z
me=ecdf1b40-f4138b61c1e5fdb274178d09

# ask QUESTION FILTER
ask() {
	printf '\n%s\n  %s\n\n' "$1" "$2"
	"$dir/taskdb" find --in "$sample" --output table --limit 3 "$2"
	printf '  in all: %s\n' "$("$dir/taskdb" count --in "$sample" "$2")"
}

ask 'Which tasks are outstanding?' \
	'{completed: null}'
ask 'What was submitted since the second run began?' \
	"{submitted: {\$gt: '$second_run'}}"
ask 'What ran on these two engines?' \
	"{engine_uuid: {\$in: ['194a2835-8ee3d1cb061b6b4b7198bf02', 'a4b6eb44-6682380ee2aabc8a408707b3']}}"
ask 'What was started before the second run, and not by me?' \
	"{started: {\$lt: '$second_run'}, client_uuid: {\$ne: '$me'}}"
