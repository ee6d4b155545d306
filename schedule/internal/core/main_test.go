package core_test

import (
	"flag"
	"testing"

	"github.com/weplanx/workflow/shared/leaktest"
)

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", checks); err != nil {
		panic(err)
	}
	leaktest.Main(m)
}
