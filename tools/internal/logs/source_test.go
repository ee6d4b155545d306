package logs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// line is what is known of a log line.
type line struct {
	level  string
	fields string // names, sorted, separated by spaces
}

// levels are those of the methods that log.
var levels = map[string]string{"Debug": "debug", "Info": "info", "Warn": "warning", "Error": "error"}

// logged returns by their texts the lines that the packages under those folders
// log, but for the monitors' and for what only tests say.
func logged(t *testing.T, folders ...string) map[string]line {
	t.Helper()
	lines := map[string]line{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			if entry.Name() == "logmon" || entry.Name() == "porttest" {
				return fs.SkipDir
			}
			return readPackage(path, lines)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return lines
}

// readPackage adds the lines of the package in that folder, if there is one.
func readPackage(folder string, lines map[string]line) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	p := source{lines: lines}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p.files = append(p.files, file)
	}
	for _, file := range p.files {
		p.read(file, nil)
	}
	return nil
}

// source is a package.
type source struct {
	files []*ast.File
	lines map[string]line
}

// read adds the lines of a node, whose innermost function has that body.
func (p *source) read(node ast.Node, body *ast.BlockStmt) {
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				p.read(n.Body, n.Body)
			}
			return false
		case *ast.FuncLit:
			p.read(n.Body, n.Body)
			return false
		case *ast.CallExpr:
			p.call(n, body)
		}
		return true
	})
}

// call adds the line that a call logs, if it does: a method of that name with one
// text.
func (p *source) call(call *ast.CallExpr, body *ast.BlockStmt) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || levels[method.Sel.Name] == "" || len(call.Args) != 1 {
		return
	}
	if text, ok := literal(call.Args[0]); ok {
		names := p.fields(method.X, body)
		slices.Sort(names)
		p.lines[text] = line{levels[method.Sel.Name], strings.Join(slices.Compact(names), " ")}
	}
}

// fields returns the names that an entry has: of the calls that made it, and, if
// it is a variable, of those that were assigned to it.
func (p *source) fields(entry ast.Expr, body *ast.BlockStmt) (names []string) {
	switch entry := entry.(type) {
	case *ast.Ident:
		ast.Inspect(body, func(n ast.Node) bool {
			if set, ok := n.(*ast.AssignStmt); ok && len(set.Lhs) == 1 && isNamed(set.Lhs[0], entry.Name) {
				if _, ok := set.Rhs[0].(*ast.CallExpr); ok {
					names = append(names, p.fields(set.Rhs[0], &ast.BlockStmt{})...)
				}
			}
			return true
		})
	case *ast.CallExpr:
		method, ok := entry.Fun.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		return append(p.fields(method.X, body), p.added(method.Sel.Name, entry.Args)...)
	}
	return names
}

// added returns the names that a method of an entry adds.
func (p *source) added(method string, args []ast.Expr) []string {
	switch method {
	case "WithError":
		return []string{"error"}
	case "WithField":
		name, _ := literal(args[0])
		return []string{name}
	case "WithFields":
		if names := keys(args[0]); names != nil {
			return names
		}
		return p.returned()
	}
	return nil
}

// returned are the names of the fields that a function of the package returns,
// for those that are not written where they are logged.
func (p *source) returned() (names []string) {
	for _, file := range p.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if back, ok := n.(*ast.ReturnStmt); ok && len(back.Results) == 1 {
				names = append(names, keys(back.Results[0])...)
			}
			return true
		})
	}
	return names
}

// keys returns the names in a literal of logrus.Fields.
func keys(e ast.Expr) (names []string) {
	fields, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	if of, ok := fields.Type.(*ast.SelectorExpr); !ok || of.Sel.Name != "Fields" {
		return nil
	}
	for _, element := range fields.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			name, _ := literal(pair.Key)
			names = append(names, name)
		}
	}
	return names
}

func isNamed(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func literal(e ast.Expr) (text string, ok bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}
