package contract_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// Records and dead letters are read by people and by programs of others: each
// of their fields is documented, alone or with the one before it.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "message.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "Result" && spec.Name.Name != "Dead" {
			return true
		}
		body, ok := spec.Type.(*ast.StructType)
		if !ok {
			t.Fatalf("%s is no struct", spec.Name)
		}
		var last *ast.Field
		for _, field := range body.Fields.List {
			adjacent := last != nil && field.Pos()-last.End() <= 4 // a line break and tabs
			if field.Doc == nil && field.Comment == nil && !adjacent {
				t.Errorf("%s.%s has no comment", spec.Name, field.Names[0])
			}
			last = field
			checked++
		}
		return false
	})
	if checked < 40 {
		t.Errorf("only %d fields were found", checked)
	}
}
