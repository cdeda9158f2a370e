package sqlite_test

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/taskdb"
)

// The test binary is also the other processes that tests need: what this variable
// names is run in place of the tests, with the arguments.
const roleVariable = "TASKDB_TEST_ROLE"

var roles = map[string]func(args []string) error{
	"hold":   holdStore,
	"write":  writeUntilKilled,
	"build":  buildUntilKilled,
	"change": changeUntilKilled,
	"remove": removeUntilKilled,
}

func TestMain(m *testing.M) {
	if role, ok := roles[os.Getenv(roleVariable)]; ok {
		if err := role(os.Args[1:]); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is another process. It is killed at the end of the test.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner // what it prints
}

func startChild(t *testing.T, role string, args ...string) *child {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(binary, args...)
	command.Env = append(os.Environ(), roleVariable+"="+role)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	c := &child{command, bufio.NewScanner(output)}
	t.Cleanup(c.kill)
	return c
}

// kill ends the process as the loss of power would, but for what the system has
// taken over already.
func (c *child) kill() {
	_ = c.Process.Kill() // it may have ended
	for c.lines.Scan() {
	}
	_ = c.Wait()
}

// holdStore opens a store, says so, and keeps it until it is killed.
func holdStore(args []string) error {
	if _, err := taskdb.Open(testContext(), "sqlite:"+args[0]); err != nil {
		return err
	}
	os.Stdout.WriteString("open\n")
	select {}
}

func TestASecondWriterIsToldWhoHasTheStore(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	_, err := taskdb.Open(t.Context(), "sqlite:"+path+"?lock_wait=0s")
	require.ErrorIs(t, err, taskdb.ErrLocked)
	require.ErrorContains(t, err, "process "+strconv.Itoa(os.Getpid()))
	require.NoError(t, db.Close())
	openURL(t, "sqlite:"+path+"?lock_wait=0s")
}

func TestAnotherProcessIsToldWhoHasTheStore(t *testing.T) {
	path := newPath(t)
	holder := startChild(t, "hold", path)
	require.True(t, holder.lines.Scan())
	_, err := taskdb.Open(t.Context(), "sqlite:"+path+"?lock_wait=30ms")
	require.ErrorIs(t, err, taskdb.ErrLocked)
	require.ErrorContains(t, err, "process "+strconv.Itoa(holder.Process.Pid))
	holder.kill()
	openURL(t, "sqlite:"+path)
}

func TestAStoreIsLockedByAllItsNames(t *testing.T) {
	path := newPath(t)
	openURL(t, "sqlite:"+path)
	link := newPath(t)
	require.NoError(t, os.Symlink(path, link))
	_, err := taskdb.Open(t.Context(), "sqlite:"+link+"?lock_wait=0s")
	require.ErrorIs(t, err, taskdb.ErrLocked)
}

func TestWhoWaitsGetsTheStore(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	opened := make(chan error)
	go func() {
		second, err := taskdb.Open(t.Context(), "sqlite:"+path+"?lock_wait=1m")
		if err == nil {
			err = second.Close()
		}
		opened <- err
	}()
	require.NoError(t, db.Close())
	require.NoError(t, <-opened)
}
