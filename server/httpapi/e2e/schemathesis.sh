#!/bin/sh
# Checks the HTTP API of a hub against its own description, with requests that
# schemathesis makes of it. It needs Python, and installs schemathesis for itself.
#
#     server/httpapi/e2e/schemathesis.sh [arguments of schemathesis run]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
hub=
trap 'test -z "$hub" || kill "$hub"; rm -rf "$work"' EXIT

if test -z "${SCHEMATHESIS:-}"; then
	python3 -m venv "$work/venv"
	"$work/venv/bin/pip" install --quiet schemathesis==4.32.5
	SCHEMATHESIS=$work/venv/bin/schemathesis
fi
(cd "$here" && go build -o "$work/taskdb" ../../../cmd/taskdb)

address=127.0.0.1:${PORT:-14417}
"$work/taskdb" serve --http "$address" --store "sqlite:$work/tasks.db?durability=off" --users "$work/users.json" --max-wait 50ms &
hub=$!
until curl --silent --fail "http://$address/readyz"; do sleep 0.1; done
curl --silent --fail --output "$work/answer" "http://$address/v1/tasks" --header 'Content-Type: application/json' \
	--data '{"tasks": [{"msg_id": "a", "buffers": ["eA=="]}, {"msg_id": "b", "after": ["a"]}]}'

cd "$work"
"$SCHEMATHESIS" --config-file "$here/schemathesis.toml" run "http://$address/openapi.json" --no-shrink --phases examples,coverage,fuzzing --max-examples 20 "$@"
curl --silent --fail "http://$address/readyz"
