// Command authwright is the authorization server for MCP, and everything an operator does with it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"os/user"
	"strconv"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/authwright/authwright/internal/store"
)

// commands is the command line. Each command's Run does it.
type commands struct {
	Serve serveCommand `cmd:"" help:"Run the authorization server."`
	Demo  demoCommand  `cmd:"" help:"Run an authorization server with two protected MCP servers, on this machine only."`

	Check checkCommand `cmd:"" help:"Tell whether real clients could connect to an MCP server, and if not, why."`

	Config   configCommand   `cmd:"" help:"Check or show the configuration."`
	User     userCommand     `cmd:"" help:"Manage accounts."`
	Client   clientCommand   `cmd:"" help:"Manage the programs that ask for tokens."`
	Resource resourceCommand `cmd:"" help:"Manage the MCP servers that tokens are for."`
	Consents consentsCommand `cmd:"" help:"See and end what people allowed apps."`
	Org      orgCommand      `cmd:"" help:"Manage organizations, their members and which apps they let in."`
	Role     roleCommand     `cmd:"" help:"Manage roles and what they permit."`
	Trust    trustCommand    `cmd:"" help:"Manage the logins of yours whose signed tokens let people in."`
	Provider providerCommand `cmd:"" help:"Manage the other providers that people sign in with."`
	Project  projectCommand  `cmd:"" help:"Manage issuers and their settings."`
	Key      keyCommand      `cmd:"" help:"Manage signing keys."`
	Audit    auditCommand    `cmd:"" help:"Show what happened: logins, consents, grants, changes."`
	Migrate  migrateCommand  `cmd:"" help:"Manage the database's schema."`

	Verbose bool             `short:"v" help:"Log also what is refused."`
	Version kong.VersionFlag `help:"Print the version."`
}

// version is set by the build.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := run(ctx, os.Args[1:])
	var status exitStatus
	if errors.As(err, &status) {
		os.Exit(int(status))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "authwright:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var cmd commands
	parser, err := cmd.parser(kong.BindTo(asOperator(ctx), (*context.Context)(nil)))
	if err != nil {
		return err
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		var usage *kong.ParseError
		if errors.As(err, &usage) {
			err = fmt.Errorf("%w (authwright --help tells what there is)", err)
		}
		if len(args) > 0 && args[0] == "check" { // whose status 1 means a fault of the server
			fmt.Fprintln(os.Stderr, "authwright:", err)
			return cannotRun
		}
		return err
	}
	level := slog.LevelInfo
	if cmd.Verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return chosen.Run(log, &console{in: os.Stdin, out: os.Stdout, err: os.Stderr}, verbosity(cmd.Verbose))
}

// parser reads a command line into the commands.
func (c *commands) parser(more ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append(more, kong.Name("authwright"), kong.UsageOnError(), kong.Vars{"version": version},
		kong.Description("The authorization server for MCP that you run yourself."))...)
}

// asOperator says of all that a command does that the machine's user does it.
func asOperator(ctx context.Context) context.Context {
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return store.By(ctx, store.Act{Actor: store.Actor{Kind: store.ByOperator, ID: name}})
}
