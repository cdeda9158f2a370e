package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/internal/settings"
	"github.com/taskdb/taskdb/server/access"
)

const userLong = `User tells who may ask a hub, and what. A user has one secret, which taskdb makes and
shows once: it is the bearer token of HTTP, and with the user's name the password of a
MongoDB client. The file of users has no secret, but only what proves one.

  read     may ask
  write    may also submit, claim and finish tasks, and purge, cancel and resubmit them
  operate  may do everything, past the rules of the hub too

With --client the user has to do with the tasks of one client_uuid alone: others are as
if they were not there.

A hub that runs follows the file: no need to start it anew.`

// usersFlag says which file has the users.
type usersFlag struct{ path string }

func (f *usersFlag) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.path, "users", defaultUsers(), "the `FILE` of users")
	settings.Let(cmd.Flags(), "", "users")
	completeFiles(cmd, "users")
}

// defaultUsers is a file beside the default store, or empty if there is no place for
// that.
func defaultUsers() string {
	dir, err := stateDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "taskdb", "users.json")
}

func (f *usersFlag) open(log *slog.Logger) (*access.Users, error) {
	if f.path == "" {
		return nil, usage("name one: --users FILE", "there is no file of users")
	}
	return access.Open(f.path, log)
}

func (p *program) userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "user",
		Short:   "Tell who may ask a hub: add, list, remove",
		Long:    userLong,
		Example: "  taskdb user add ann --role write\n  taskdb user list\n  taskdb user remove ann",
		Args:    cobra.NoArgs,
	}
	cmd.AddCommand(p.userAddCommand(), p.userListCommand(), p.userRemoveCommand())
	return cmd
}

func (p *program) userAddCommand() *cobra.Command {
	var (
		users usersFlag
		user  access.User
		role  string
	)
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Add a user, and print the secret",
		Long:    "Add adds a user and prints the secret, which cannot be seen again.",
		Example: "  taskdb user add ann --role write\n  taskdb user add dashboard --role read --client 5f1c…",
		Args:    oneArgument,
	}
	users.register(cmd)
	cmd.Flags().StringVar(&role, "role", "", "what the user may do: read, write or operate")
	cmd.Flags().StringVar(&user.Client, "client", "", "show the user the tasks of this client_uuid alone, `UUID`")
	cmd.RunE = p.action(func(ctx context.Context, args []string) (err error) {
		if user.Role, err = access.ParseRole(role); err != nil {
			return usage("say --role read, write or operate", "%v", err)
		}
		user.Name = args[0]
		all, err := users.open(slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		secret, err := all.Add(ctx, user)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.stdout, secret)
		return err
	})
	return cmd
}

var userColumns = []column{
	{title: "name", cell: textOf("name"), whole: true},
	{title: "role", cell: textOf("role"), whole: true},
	{title: "client", cell: textOf("client"), whole: true, optional: true},
}

func (p *program) userListCommand() *cobra.Command {
	var (
		users  usersFlag
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the users",
		Long:  "List shows the users, by name, and what they may do.",
		Args:  noArguments,
	}
	users.register(cmd)
	output.register(cmd, formTable, listForms...)
	cmd.RunE = p.action(func(context.Context, []string) error {
		form, err := output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		all, err := users.open(slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		out := p.printer(form, userColumns)
		for _, user := range all.List() {
			doc := bsoncore.NewDocumentBuilder().AppendString("name", user.Name).AppendString("role", user.Role.String())
			if user.Client != "" {
				doc.AppendString("client", user.Client)
			}
			if err := out.print(bson.Raw(doc.Build())); err != nil {
				return err
			}
		}
		return out.finish()
	})
	return cmd
}

func (p *program) userRemoveCommand() *cobra.Command {
	var users usersFlag
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a user",
		Long:  "Remove removes a user, whose secret is worth nothing from then on.",
		Args:  oneArgument,
	}
	users.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		all, err := users.open(slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		err = all.Remove(ctx, args[0])
		if errors.Is(err, access.ErrUnknown) {
			return &missing{"user", args[0]}
		}
		if err == nil {
			_, err = fmt.Fprintf(p.stdout, "%s: removed\n", args[0])
		}
		return err
	})
	return cmd
}
