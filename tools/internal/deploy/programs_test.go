package deploy_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checks are the programs that the guides use, by how their arguments are checked.
var checks = map[string]func(k *known, args []string) error{
	"export":      (*known).export,
	"make":        (*known).make,
	"go":          (*known).goRun,
	"natsconf":    func(k *known, args []string) error { return k.flags(args, "natsconf") },
	"schedulectl": (*known).schedulectl,
	"nats":        (*known).nats,
	"docker":      (*known).docker,
	"kubectl":     (*known).kubectl,
	"nats-server": func(_ *known, args []string) error { return given(args, "-c --signal") },
	"cp":          anything, "cat": anything, "sed": anything, "sleep": anything, "git": anything, "cd": anything, "python3": anything,
}

// anything: files are checked for all programs.
func anything(*known, []string) error { return nil }

func (k *known) export(args []string) error {
	for _, arg := range args {
		name, value, ok := assignment(arg)
		if !ok {
			return fmt.Errorf("%s sets nothing", arg)
		}
		if err := k.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (k *known) make(args []string) error {
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		if !k.targets[name] {
			return fmt.Errorf("the Makefile has no %s", name)
		}
	}
	return nil
}

func (k *known) goRun(args []string) error {
	if len(args) < 2 || args[0] != "run" {
		return fmt.Errorf("want go run and a program, got %q", args)
	}
	if _, err := os.Stat(filepath.Join(root, args[1], "main.go")); err != nil {
		return fmt.Errorf("there is no program %s", args[1])
	}
	return k.flags(args[2:], filepath.Base(args[1]))
}

// groups are commands of schedulectl that have commands.
var groups = []string{"dead", "import"}

func (k *known) schedulectl(args []string) error {
	if err := k.flags(nil, "schedulectl"); err != nil {
		return err
	}
	depth := 1
	if len(args) > 1 && slices.Contains(groups, args[0]) {
		depth = 2
	}
	if len(args) < depth {
		return fmt.Errorf("no command in %q", args)
	}
	if err := k.flags(args[depth:], "schedulectl", args[:depth]...); err != nil {
		return err
	}
	usage := "schedulectl " + strings.Join(args[:depth], " ")
	if help := k.help["schedulectl "+strings.Join(args[:depth], " ")]; !strings.Contains(help, usage) {
		return fmt.Errorf("there is no command %s", usage)
	}
	return nil
}

// natsHelp are the commands and flags of natscli v0.4.0 that the guides use.
var (
	natsCommands = []string{
		"stream backup", "stream restore", "stream rm", "stream edit", "stream view", "stream report", "consumer info",
		"server report health", "micro ls", "pub",
	}
	natsFlags = "--no-context --nkey --inbox-prefix --no-progress --force --max-age --max-bytes"
)

func (k *known) nats(args []string) error {
	if err := given(args, natsFlags); err != nil {
		return err
	}
	if len(args) == 1 && strings.HasPrefix(args[0], "-") {
		return nil // the text is about the flag
	}
	line := " " + strings.Join(args, " ") + " "
	for _, command := range natsCommands {
		if strings.Contains(line, " "+command+" ") {
			return nil
		}
	}
	return fmt.Errorf("none of the commands of nats is in %q", args)
}

func (k *known) docker(args []string) error {
	if len(args) == 0 {
		return errors.New("docker alone does nothing")
	}
	flags := map[string]string{"tag": "", "push": ""}
	if args[0] == "compose" {
		args = args[1:]
		flags = map[string]string{"up": "--detach --build --no-deps", "ps": "", "logs": "", "stop": "", "start": "", "restart": "", "down": "--volumes", "exec": "-partitions"}
	}
	if len(args) == 0 {
		return nil // the program itself
	}
	allowed, ok := flags[args[0]]
	if !ok {
		return fmt.Errorf("%s is no command of docker that the guides use", args[0])
	}
	return given(args[1:], allowed)
}

// objects are what kubectl is asked about.
var objects = []string{"deployment/schedule", "deployment/worker", "service/a"}

func (k *known) kubectl(args []string) error {
	own := slices.Index(args, "--")
	if own >= 0 {
		if err := k.flags(args[own+2:], filepath.Base(args[own+1])); err != nil {
			return err
		}
		args = args[:own]
	}
	for _, arg := range args {
		if strings.Contains(arg, "/") && (strings.HasPrefix(arg, "deployment/") || strings.HasPrefix(arg, "service/")) && !slices.Contains(objects, arg) {
			return fmt.Errorf("there is no %s", arg)
		}
	}
	if !slices.Contains(args, "-n") && !slices.Contains([]string{"apply", "kustomize"}, args[0]) {
		return errors.New("which namespace: there is no -n")
	}
	return given(args, "-n -k --replicas -l --for --timeout")
}
