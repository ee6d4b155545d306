package deploy_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// known is what commands of the guides may name.
type known struct {
	folder    string          // with the programs
	written   map[string]bool // what natsconf writes
	targets   map[string]bool // of make, and its variables
	variables map[string]bool
	help      map[string]string // of programs and their commands, for flags
}

// build compiles our programs into folder.
func build(t *testing.T, folder string, programs ...string) {
	t.Helper()
	for _, program := range programs {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(folder, filepath.Base(program)), program)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", program, err, out)
		}
	}
}

func newKnown(t *testing.T) *known {
	t.Helper()
	k := &known{folder: t.TempDir(), written: map[string]bool{}, targets: map[string]bool{}, variables: map[string]bool{}, help: map[string]string{}}
	build(t, k.folder, "./schedule/cmd/schedulectl", "./schedule/cmd/schedule", "./tools/cmd/natsconf")
	out, err := exec.CommandContext(t.Context(), filepath.Join(k.folder, "natsconf"), "-namespace", "beta", "-out", filepath.Join(k.folder, "nats")).Output()
	if err != nil {
		t.Fatalf("natsconf: %v", err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		k.written["nats/"+strings.TrimPrefix(filepath.ToSlash(name), filepath.ToSlash(k.folder)+"/nats/")] = true
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^([a-zA-Z0-9-]+)(:| +[?:]?= )`).FindAllStringSubmatch(string(makefile), -1) {
		k.targets[found[1]] = true
	}
	for _, found := range regexp.MustCompile(`\$\(or \$\(([A-Z]+)\),`).FindAllStringSubmatch(string(makefile), -1) {
		k.targets[found[1]] = true
	}
	for _, settings := range programs {
		for name := range settings {
			k.variables[name] = true
			if strings.HasPrefix(name, "NATS_") {
				k.variables["FROM_"+name] = true // of schedulectl import
			}
		}
	}
	for _, found := range regexp.MustCompile(`\$\{([A-Z_]+):-`).FindAllStringSubmatch(string(read(t, "compose/compose.yml")), -1) {
		k.variables[found[1]] = true
	}
	for _, name := range []string{"COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "NATS_URL"} { // of compose and of nats
		k.variables[name] = true
	}
	return k
}

// check says what in a line there is not.
func (k *known) check(line string) error {
	all, err := words(line)
	if err != nil {
		return err
	}
	for len(all) > 0 {
		name, value, ok := assignment(all[0])
		if !ok {
			break
		}
		if err := k.set(name, value); err != nil {
			return err
		}
		all = all[1:]
	}
	if len(all) == 0 {
		return nil
	}
	for _, word := range all[1:] {
		if err := k.file(word); err != nil {
			return err
		}
	}
	program, ok := checks[strings.TrimPrefix(all[0], ".bin/")]
	if !ok {
		return fmt.Errorf("%s is no program that the guides use", all[0])
	}
	return program(k, all[1:])
}

func (k *known) set(name, value string) error {
	if !k.variables[name] {
		return fmt.Errorf("%s is no variable", name)
	}
	return k.file(strings.TrimSuffix(strings.TrimPrefix(value, "$(cat "), ")"))
}

// file checks a path in the repository, or one that natsconf has written.
func (k *known) file(word string) error {
	if made, ok := strings.CutPrefix(word, "deploy/compose/"); ok && strings.HasPrefix(made, "nats") {
		word = strings.TrimSuffix(made, "/")
	}
	switch {
	case strings.HasPrefix(word, "nats/"):
		if !k.written[word] {
			return fmt.Errorf("natsconf writes no %s", word)
		}
	case strings.HasPrefix(word, "deploy/"):
		if strings.HasSuffix(word, ".nk") || strings.HasSuffix(word, "ca.pem") {
			word = filepath.Dir(word) // to be put there
		}
		if _, err := os.Stat(filepath.Join(root, word)); err != nil {
			return fmt.Errorf("there is no %s", word)
		}
	}
	return nil
}

// flags checks that each flag among the words is in the help of a program's
// command.
func (k *known) flags(words []string, program string, command ...string) error {
	key := program + " " + strings.Join(command, " ")
	if _, ok := k.help[key]; !ok {
		out, err := exec.Command(filepath.Join(k.folder, program), append(slices.Clone(command), "-h")...).CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			return err
		}
		k.help[key] = string(out)
	}
	return given(words, k.help[key])
}

// given checks that flags are in a text of help.
func given(words []string, help string) error {
	for _, word := range words {
		name, _, _ := strings.Cut(word, "=")
		if !strings.HasPrefix(name, "-") || name == "-" {
			continue
		}
		if !regexp.MustCompile(`(?m)(^|[\s,])` + regexp.QuoteMeta(name) + `([\s,=]|$)`).MatchString(help) {
			return fmt.Errorf("there is no flag %s", name)
		}
	}
	return nil
}
