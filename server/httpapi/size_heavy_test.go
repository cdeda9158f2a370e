//go:build heavy

package httpapi_test

// siteTasks is how many tasks the engines of tests work on.
const siteTasks = 20_000
