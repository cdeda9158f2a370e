package access_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xdg-go/scram"

	"github.com/taskdb/taskdb/server/access"
)

func open(t *testing.T, path string) *access.Users {
	users, err := access.Open(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return users
}

func add(t *testing.T, users *access.Users, user access.User) string {
	secret, err := users.Add(t.Context(), user)
	require.NoError(t, err)
	return secret
}

func TestRoles(t *testing.T) {
	roles := []access.Role{access.Read, access.Write, access.Operate}
	for i, has := range roles {
		for j, wanted := range roles {
			require.Equal(t, j <= i, access.User{Role: has}.May(wanted), "%s may %s", has, wanted)
		}
		require.False(t, access.User{}.May(has), "a user without a role may nothing")
		require.False(t, access.User{Role: has}.May(0), "and what takes no role is forgotten to be said")
		parsed, err := access.ParseRole(has.String())
		require.NoError(t, err)
		require.Equal(t, has, parsed)
	}
	_, err := access.ParseRole("admin")
	require.EqualError(t, err, `no such role: "admin", want read, write or operate`)
}

// TestOneSecretForBothDoors holds that the secret of a user is a bearer token and a
// password of SCRAM-SHA-256, and that the file has no secret.
func TestOneSecretForBothDoors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "users.json")
	users := open(t, path)
	ann := access.User{Name: "ann", Role: access.Write, Client: "c1"}
	bob := access.User{Name: "bob", Role: access.Read}
	bobs := add(t, users, bob)
	secret := add(t, users, ann)

	got, err := users.Bearer(secret)
	require.NoError(t, err)
	require.Equal(t, ann, got)
	got, err = users.Bearer(bobs)
	require.NoError(t, err)
	require.Equal(t, bob, got)
	require.Equal(t, []access.User{ann, bob}, users.List())

	require.True(t, login(t, users, "ann", secret))
	require.False(t, login(t, users, "ann", bobs))
	require.False(t, login(t, users, "ann", ""))
	require.False(t, login(t, users, "nobody", secret))
	real, _, err := users.SCRAM("ann")
	require.NoError(t, err)
	made, nobody, err := users.SCRAM("nobody")
	require.ErrorIs(t, err, access.ErrUnknown)
	require.Zero(t, nobody)
	again, _, _ := users.SCRAM("nobody")
	require.Equal(t, made, again, "a name tells nothing by its salt")
	require.Equal(t, real.Iters, made.Iters)
	require.Len(t, made.Salt, len(real.Salt))
	for _, wrong := range []string{"", "ann", secret[:len(secret)-1], secret + "x"} {
		_, err = users.Bearer(wrong)
		require.ErrorIs(t, err, access.ErrUnknown)
	}

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(text), secret)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// login is a conversation of SCRAM-SHA-256, as a MongoDB client has it.
func login(t *testing.T, users *access.Users, name, secret string) bool {
	client, err := scram.SHA256.NewClientUnprepped(name, secret, "")
	require.NoError(t, err)
	server, err := scram.SHA256.NewServer(func(name string) (scram.StoredCredentials, error) {
		stored, _, err := users.SCRAM(name)
		return stored, err
	})
	require.NoError(t, err)
	asks, answers := client.NewConversation(), server.NewConversation()
	var said string
	for range 2 {
		if said, err = asks.Step(said); err != nil {
			return false
		}
		if said, err = answers.Step(said); err != nil {
			return false
		}
	}
	_, err = asks.Step(said)
	return err == nil && asks.Valid() && answers.Valid()
}

func TestUsersThatCannotBe(t *testing.T) {
	users := open(t, filepath.Join(t.TempDir(), "users.json"))
	for _, name := range []string{"", "a b", "a/b", "ä", string(make([]byte, 65))} {
		_, err := users.Add(t.Context(), access.User{Name: name, Role: access.Read})
		require.ErrorContains(t, err, "is no name for a user")
	}
	_, err := users.Add(t.Context(), access.User{Name: "ann"})
	require.EqualError(t, err, "add user ann: a user has the role read, write or operate")
	require.Empty(t, users.List())
	add(t, users, access.User{Name: "ann", Role: access.Read})
	_, err = users.Add(t.Context(), access.User{Name: "ann", Role: access.Operate})
	require.ErrorIs(t, err, access.ErrExists)
	require.EqualError(t, users.Remove(t.Context(), "bob"), "remove user bob: no such user")
}

// TestAnybody holds that users are required from the first one on, and that nothing
// undoes this.
func TestAnybody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	users := open(t, path)
	who, err := users.Anonymous()
	require.NoError(t, err)
	require.Equal(t, access.Anybody, who)
	require.True(t, who.May(access.Operate))

	other := open(t, path) // as another process has it
	add(t, other, access.User{Name: "ann", Role: access.Read})
	_, err = users.Anonymous()
	require.ErrorIs(t, err, access.ErrUnknown)
	require.NoError(t, other.Remove(t.Context(), "ann"))
	require.Empty(t, users.List())
	_, err = users.Anonymous()
	require.ErrorIs(t, err, access.ErrUnknown)
}

// TestChangesCountAtOnce holds that a user who is removed by another process gets in
// no more.
func TestChangesCountAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	users, other := open(t, path), open(t, path)
	secret := add(t, other, access.User{Name: "ann", Role: access.Read})
	_, err := users.Bearer(secret)
	require.NoError(t, err)
	require.NoError(t, other.Remove(t.Context(), "ann"))
	_, err = users.Bearer(secret)
	require.ErrorIs(t, err, access.ErrUnknown)
}

// TestManyChangeTheFile holds that of changes that are made at once none is lost.
func TestManyChangeTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	secrets := make([]string, 20)
	var group sync.WaitGroup
	for i := range secrets {
		users := open(t, path)
		group.Go(func() {
			secrets[i], _ = users.Add(t.Context(), access.User{Name: fmt.Sprintf("user%d", i), Role: access.Read})
		})
	}
	group.Wait()
	users := open(t, path)
	for i, secret := range secrets {
		user, err := users.Bearer(secret)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("user%d", i), user.Name)
	}
}

// TestBrokenFile holds that a file that cannot be read leaves the users as they were,
// and is logged once.
func TestBrokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	secret := add(t, open(t, path), access.User{Name: "ann", Role: access.Read})
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, broken := range map[string]struct{ text, want string }{
		"cut":         {string(good[:len(good)/2]), "unexpected EOF"},
		"empty":       {"", "EOF"},
		"unknown key": {`{"users": [{"nmae": "ann"}]}`, `unknown field \"nmae\"`},
		"role":        {`{"users": [{"name": "ann", "role": "root"}]}`, "no such role"},
		"no role":     {`{"users": [{"name": "ann"}]}`, "ann has no role"},
		"no secret":   {`{"users": [{"name": "ann", "role": "read"}]}`, "a key of its secret has 0 bytes"},
		"name":        {`{"users": [{"name": "a b", "role": "read"}]}`, "is no name for a user"},
		"twice":       {`{"users": [` + entry(t, good) + `,` + entry(t, good) + `]}`, "ann is there twice"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, good, 0o600))
			var log bytes.Buffer
			users, err := access.Open(path, slog.New(slog.NewTextHandler(&log, nil)))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, []byte(broken.text), 0o600))
			for range 3 {
				_, err = users.Bearer(secret)
				require.NoError(t, err)
			}
			require.Contains(t, log.String(), "the file of users cannot be read")
			require.Contains(t, log.String(), broken.want)
			require.Len(t, bytes.Split(bytes.TrimSpace(log.Bytes()), []byte("\n")), 1)

			_, err = access.Open(path, slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, "open users: "+path+": ")
			_, err = users.Add(t.Context(), access.User{Name: "bob", Role: access.Read})
			require.Error(t, err, "what is broken is not written over")
		})
	}
}

// TestFileThatIsGone holds that a file that is removed leaves the users as they were.
func TestFileThatIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	users := open(t, path)
	secret := add(t, users, access.User{Name: "ann", Role: access.Read})
	_, err := users.Bearer(secret)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	_, err = users.Bearer(secret)
	require.NoError(t, err)
}

// entry returns the one user of a file, as it is written.
func entry(t *testing.T, file []byte) string {
	from, to := bytes.IndexByte(file, '['), bytes.LastIndexByte(file, ']')
	require.Positive(t, from)
	return string(file[from+1 : to])
}
