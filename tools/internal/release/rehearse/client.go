package rehearse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// frame is the program around the documents' fragment.
const frame = `package main

import (
	"fmt"
	"io"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

// await returns when the standard input ends.
func await() { _, _ = io.Copy(io.Discard, os.Stdin) }

var _ = await

func main() {
%s
	fmt.Println(len(keys), len(result))
}
`

var (
	// fences are blocks of Go in Markdown.
	fences = regexp.MustCompile("(?s)```go\n(.*?)```")

	// getting is how the README says that the client is got.
	getting = regexp.MustCompile("`go get (github\\.com/weplanx/workflow/schedule[^ `]*)`")
)

// fragment finds the documents' fragment in the README, and what to get for it.
// The module alone would not do: the go command then knows the checksums of none
// of the modules that the client imports.
func fragment(readme string) (text, path string, err error) {
	got := getting.FindStringSubmatch(readme)
	if got == nil {
		return "", "", errors.New("README.md does not say what to go get for the client")
	}
	for _, found := range fences.FindAllStringSubmatch(readme, -1) {
		if strings.Contains(found[1], "client.New(") {
			return found[1], got[1], nil
		}
	}
	return "", "", errors.New("README.md has no block of Go with client.New(…)")
}

// changes make of the fragment a program that can be run here: another server
// and target, given as arguments, a shorter interval, and a pause in which the
// schedule fires.
var changes = [][2]string{
	{"nats.DefaultURL", "os.Args[1]"},
	{`"https://api.developer.com"`, "os.Args[2]"},
	{`"@every 15s"`, `"@every 1s"`},
	{`schedule.Remove(`, "await()\nschedule.Remove("},
}

// runnable applies the changes, each of which must find its place once.
func runnable(text string) (string, error) {
	for _, change := range changes {
		if n := strings.Count(text, change[0]); n != 1 {
			return "", fmt.Errorf("the fragment has %s %d times, want once", change[0], n)
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	return text, nil
}

// compileClient builds the fragment of the README word for word, and the program
// that runs.
func (r *rehearsal) compileClient(ctx context.Context) error {
	readme, err := os.ReadFile(filepath.Join(r.stage.Work.Dir, "README.md"))
	if err != nil {
		return err
	}
	verbatim, path, err := fragment(string(readme))
	if err != nil {
		return err
	}
	run, err := runnable(verbatim)
	if err != nil {
		return err
	}
	folder, err := r.consumer(ctx, "schedule", path, map[string]string{
		"verbatim": fmt.Sprintf(frame, verbatim),
		"run":      fmt.Sprintf(frame, run),
	})
	if err != nil {
		return err
	}
	_, err = r.run(ctx, folder, "build", "-o", r.home+string(filepath.Separator), "./...")
	return err
}

// allowed are the modules that may come with the client: the driver of NATS with
// what it needs, the parser of cron expressions, and ours.
var allowed = []string{
	"github.com/klauspost/compress", "github.com/nats-io/nats.go", "github.com/nats-io/nkeys", "github.com/nats-io/nuid",
	"github.com/robfig/cron/v3", "github.com/weplanx/workflow/schedule", "github.com/weplanx/workflow/shared",
	"golang.org/x/crypto", "golang.org/x/sys",
}

// vendorClient lets the consumer vendor what it compiles and looks at the list.
func (r *rehearsal) vendorClient(ctx context.Context) error {
	folder := filepath.Join(r.home, "uses-schedule")
	if _, err := r.run(ctx, folder, "mod", "vendor"); err != nil {
		return err
	}
	list, err := os.ReadFile(filepath.Join(folder, "vendor", "modules.txt"))
	if err != nil {
		return err
	}
	return checkVendored(string(list))
}

// checkVendored looks at the packages of modules.txt; the modules there are also
// those of which nothing was vendored.
func checkVendored(list string) error {
	found := 0
	for line := range strings.Lines(list) {
		name := strings.TrimSpace(line)
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		if !slices.ContainsFunc(allowed, func(m string) bool { return name == m || strings.HasPrefix(name, m+"/") }) {
			return fmt.Errorf("a program with the client vendors %s, want only packages of %s", name, strings.Join(allowed, ", "))
		}
		if name == "github.com/weplanx/workflow/schedule/client" || name == "github.com/nats-io/nats.go" {
			found++
		}
	}
	if found != 2 {
		return errors.New("neither the client nor nats.go was vendored: the list is not what was meant")
	}
	return nil
}
