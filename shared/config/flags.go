package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// ParseFlags reads a program's flags from args, which may hold nothing else. For
// -h it has help written to out and returns flag.ErrHelp. Any other error is one
// line that says what is wrong and where to look.
func ParseFlags(flags *flag.FlagSet, args []string, out io.Writer, help func(io.Writer)) error {
	flags.Init(flags.Name(), flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(out)
		help(out)
		return err
	case err != nil:
		return fmt.Errorf("%w; see -h", err)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %.64q, want flags only; see -h", flags.Arg(0))
	}
	return nil
}
