// Command render prints, as JSON, what would be run:
//
//	render FOLDER        as kubectl apply -k or -f: a list of objects
//	render compose.yml   as docker compose config: the project
//
// It is for what has neither of those programs at hand. Variables of a compose
// file come from the environment.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "render: "+err.Error())
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("want one argument: a folder of manifests or a compose file")
	}
	rendered, err := render(context.Background(), os.Args[1])
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(rendered, '\n'))
	return err
}

func render(ctx context.Context, path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return project(ctx, path)
	}
	var objects []json.RawMessage
	if _, err := os.Stat(filepath.Join(path, "kustomization.yml")); errors.Is(err, fs.ErrNotExist) {
		objects, err = files(path)
		if err != nil {
			return nil, err
		}
	} else if objects, err = built(path); err != nil {
		return nil, err
	}
	return json.MarshalIndent(objects, "", "  ")
}

// built does what kubectl kustomize does.
func built(folder string) ([]json.RawMessage, error) {
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, err
	}
	var objects []json.RawMessage
	for _, resource := range made.Resources() {
		object, err := resource.MarshalJSON()
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// files reads the manifests of a folder, not of those below it.
func files(folder string) ([]json.RawMessage, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil {
		return nil, err
	}
	var objects []json.RawMessage
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for document := range strings.SplitSeq("\n"+string(data), "\n---\n") {
			object, err := yaml.YAMLToJSONStrict([]byte(document))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// project reads a compose file with its variables and environment files.
func project(ctx context.Context, name string) ([]byte, error) {
	options, err := cli.NewProjectOptions([]string{name}, cli.WithOsEnv, cli.WithResolvedPaths(true))
	if err != nil {
		return nil, err
	}
	p, err := options.LoadProject(ctx)
	if err != nil {
		return nil, err
	}
	return p.MarshalJSON()
}
