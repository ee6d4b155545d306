// Package cli is the command line schedulectl. It runs in the process of a
// test as it runs in a terminal: streams, clock and zone are given to it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/build"
)

const program = "schedulectl"

// Exit codes.
const (
	ExitOK       = 0
	ExitFailure  = 1 // something went wrong that the arguments are not the cause of
	ExitUsage    = 2 // the arguments, settings or the file cannot be used
	ExitNotFound = 3 // there is no such schedule
)

// App is schedulectl. All fields but Version are required.
type App struct {
	In       io.Reader
	Out, Err io.Writer
	Now      func() time.Time // for "in 12s"
	Location *time.Location   // of the times in tables
	Version  string           // set by the linker; empty: that of the build

	aliveWait time.Duration // 0: aliveWait
}

// Run runs the command that args (without the program's name) stand for until
// it is done or ctx ends, and returns the exit code. Errors are written to Err,
// each as one line.
func (a *App) Run(ctx context.Context, args []string) int {
	app := *a
	app.Version = build.Version(a.Version, "github.com/weplanx/workflow/schedule")
	s := &session{App: &app}
	root := s.root()
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if err != nil && !s.begun {
		err = &usageError{err} // of cobra, about the arguments
	}
	return a.report(err)
}

// report writes the error, which may be several, and returns the exit code.
func (a *App) report(err error) int {
	if err == nil {
		return ExitOK
	}
	code := -1
	for _, err := range flatten(err) {
		_, _ = fmt.Fprintf(a.Err, "schedulectl: %v\n", err) // nobody is left to be told
		if c := exitCode(err); code == -1 || code == c {
			code = c
		} else {
			code = ExitFailure
		}
	}
	return code
}

func flatten(err error) []error {
	var many *several
	if errors.As(err, &many) {
		return many.errs
	}
	return []error{err}
}

func exitCode(err error) int {
	var usage *usageError
	switch {
	case errors.Is(err, client.ErrNotFound), errors.Is(err, client.ErrNoNamespace), errors.Is(err, client.ErrNoLetter):
		return ExitNotFound
	case errors.Is(err, client.ErrInvalid), errors.As(err, &usage):
		return ExitUsage
	}
	return ExitFailure
}

// several are errors about several arguments, each to be reported by itself.
type several struct{ errs []error }

func (e *several) Error() string { return errors.Join(e.errs...).Error() }

func (e *several) Unwrap() []error { return e.errs }

// usageError is a mistake in arguments, settings or a file.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// misused returns a usageError that points to the command's help.
func misused(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{fmt.Errorf("%w (see %q)", fmt.Errorf(format, args...), cmd.CommandPath()+" --help")}
}

// session is one run of the command line.
type session struct {
	*App
	namespace string
	server    string
	output    string
	begun     bool // the arguments made sense
}

func (s *session) root() *cobra.Command {
	root := &cobra.Command{
		Use:           program,
		Version:       s.Version,
		Short:         "Look after the schedules of a namespace",
		Long:          rootHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,

		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknown(cmd, args[0])
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if s.output != outputTable && s.output != outputJSON {
				return misused(cmd, "--output is %q, want table or json", s.output)
			}
			s.begun = true
			return nil
		},
	}
	root.SetVersionTemplate(program + " {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return misused(cmd, "%w", err) })
	flags := root.PersistentFlags()
	flags.StringVarP(&s.namespace, "namespace", "N", "", "namespace of the schedules (default $NAMESPACE)")
	flags.StringVarP(&s.server, "server", "s", "", "NATS servers, comma-separated (default $NATS_HOSTS or "+defaultServer+")")
	flags.StringVarP(&s.output, "output", "o", outputTable, "table for people, json for programs")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{outputTable, outputJSON}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	root.AddCommand(
		s.list(), s.get(), s.set(), s.remove(), s.pause(), s.resume(),
		s.run(), s.dead(), s.next(), s.results(), s.audit(), s.nodes(), s.ping(), s.initialize(), s.importing(), s.version(),
	)
	return root
}

const rootHelp = `schedulectl looks after the schedules of a namespace.

It connects as the services do: NAMESPACE, NATS_HOSTS, and NATS_NKEY or NATS_CREDS
or NATS_CA, NATS_CERT and NATS_KEY; NATS_INBOX where the credential has a prefix of
its own for answers. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found.`

func unknown(cmd *cobra.Command, name string) error {
	if found := cmd.SuggestionsFor(name); len(found) > 0 {
		return misused(cmd, "unknown command %q, did you mean %q?", name, found[0])
	}
	return misused(cmd, "unknown command %q", name)
}

// exactly wants one argument.
func exactly(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return misused(cmd, "want one %s, got %d arguments", what, len(args))
		}
		return nil
	}
}

func none(cmd *cobra.Command, args []string) error {
	if len(args) != 0 {
		return misused(cmd, "want no arguments, got %d", len(args))
	}
	return nil
}

func some(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return misused(cmd, "want at least one %s", what)
		}
		return nil
	}
}
