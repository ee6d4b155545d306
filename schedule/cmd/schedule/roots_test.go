package main

import (
	"testing"

	"github.com/weplanx/workflow/shared/programtest"
)

func TestRootsAreCompiledIn(t *testing.T) {
	t.Parallel()
	programtest.Roots(t)
}
