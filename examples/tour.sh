#!/bin/sh
# The loop in a minute: start a hub, submit tasks, run them, fetch their results,
# submit one again, and purge what is finished. It needs Go, or a taskdb in the PATH,
# and leaves nothing behind.
#
#   sh examples/tour.sh
set -eu

dir=$(mktemp -d)
hub='' worker=''
trap 'kill $worker $hub 2>/dev/null || true; wait; rm -rf "$dir"' EXIT
if ! command -v taskdb >/dev/null; then
	go build -C "$(dirname "$0")/.." -o "$dir/taskdb" ./cmd/taskdb
	PATH="$dir:$PATH"
fi
# show shows a command as it would be typed; run runs it, too.
show() {
	printf '$'
	for word; do
		case $word in
		*[!A-Za-z0-9_.,=/-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	echo
}
run() {
	show "$@"
	"$@"
}
# submit submits a task for a shell, and prints its id for people, too.
submit() {
	show taskdb submit --queue shell "$@" >&2
	id=$(taskdb submit --queue shell "$@")
	echo "$id" >&2
	echo "$id"
}

echo '# A hub on a store of its own. Its page is at the same address.'
echo "\$ taskdb serve &"
taskdb serve --store "sqlite:$dir/tasks.db" --http 127.0.0.1:0 >"$dir/hub" 2>"$dir/log" &
hub=$!
until grep -qs http "$dir/hub"; do
	kill -0 $hub # it has not ended
	sleep 0.1
done
TASKDB_HUB=$(sed -n 's/.*\(http:[^ ]*\).*/\1/p' "$dir/hub")
export TASKDB_HUB

echo '# Submit: three tasks, whose content is for a shell. The second comes after the first.'
first=$(submit --label count 'echo counting; seq 3 | wc -l')
second=$(submit --label greet --after "$first" 'echo "{\"greeting\": \"hello\"}"')
third=$(submit --label fail 'echo "no such luck" >&2; exit 3')
run taskdb queues --output table

echo '# Run: a worker with two engines, each of which gives the content to sh.'
echo "\$ taskdb work --queue shell --engines 2 -- sh &"
taskdb work --queue shell --engines 2 -- sh >"$dir/worker" &
worker=$!

echo '# Fetch: wait for the results. One of the tasks has failed, and so does the command.'
run taskdb result --output table "$first" "$second" "$third" || echo "exit code $?"
run taskdb find --failed --keys label,result_content.evalue,stderr

echo '# Resubmit what failed, as a new task; the old one stays.'
run taskdb resubmit --output table --failed --yes
run taskdb chain "$third"
taskdb result --timeout 1m "$(taskdb chain "$third" | tail -1)" >"$dir/again" 2>&1 || true

echo '# Purge what is finished: at first it is told how many, and then they are removed.'
run taskdb purge --finished
run taskdb purge --finished --yes
run taskdb count
