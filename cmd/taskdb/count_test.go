package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCount(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"all":       {[]string{`{}`}, "406\n"},
		"no filter": {nil, "406\n"},

		// IPython's four documented examples.
		"outstanding":              {[]string{`{completed: null}`}, "10\n"},
		"submitted since":          {[]string{`{submitted: {$gt: "2026-11-22T00:51:47Z"}}`}, "203\n"},
		"on engines":               {[]string{`{engine_uuid: {$in: ["194a2835-8ee3d1cb061b6b4b7198bf02", "a4b6eb44-6682380ee2aabc8a408707b3"]}}`}, "200\n"},
		"started long ago, not me": {[]string{`{started: {$lt: "2026-11-22T00:51:47Z"}, client_uuid: {$ne: "ecdf1b40-f4138b61c1e5fdb274178d09"}}`}, "53\n"},

		"none":                     {[]string{`{completed: 1}`}, "0\n"},
		"spelling of IPython":      {[]string{`{submitted: {$ge: "2026-11-22T00:51:47Z"}}`}, "203\n"},
		"a long time ago":          {[]string{`{submitted: {$lt: "-0s"}, completed: {$gt: "-65535w"}}`}, "396\n"},
		"incomplete":               {[]string{"--incomplete"}, "10\n"},
		"running":                  {[]string{"--running"}, "4\n"},
		"failed":                   {[]string{"--failed"}, "32\n"},
		"since a date":             {[]string{"--since", "2026-11-22 00:51:47Z"}, "203\n"},
		"since days ago":           {[]string{"--since", "36500d"}, "406\n"},
		"engine":                   {[]string{"--engine", "194a2835-8ee3d1cb061b6b4b7198bf02"}, "99\n"},
		"engines":                  {[]string{"--engine", "194a2835-8ee3d1cb061b6b4b7198bf02", "--engine", "a4b6eb44-6682380ee2aabc8a408707b3"}, "200\n"},
		"client and filter":        {[]string{"--client", "ecdf1b40-f4138b61c1e5fdb274178d09", `{queue: "task"}`}, "145\n"},
		"shortcuts hold together":  {[]string{"--incomplete", "--running", "--client", "6969cde6-90bc26c19c8f30f0ae515a29"}, "2\n"},
		"shortcut and a wide or":   {[]string{"--failed", `{$or: [{queue: "task"}, {queue: "mux"}]}`}, "32\n"},
		"label that no record has": {[]string{"--label", "*"}, "0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, onSample(t, "count", c.args...))
		})
	}
}

func TestCountOfLabels(t *testing.T) {
	in := writeFile(t, "labels.jsonl", `{"msg_id": "a", "label": "fit-1"}
{"msg_id": "b", "label": "fit-2"}
{"msg_id": "c", "label": "plot"}
{"msg_id": "d", "label": null}
`)
	for glob, want := range map[string]string{"fit-*": "2\n", "*t*": "3\n", "fit-[2-9]": "1\n", "fit": "0\n"} {
		require.Equal(t, result{want, "", exitOK}, taskdbRun(t, "", "count", "--in", in, "--label", glob), glob)
	}
}
