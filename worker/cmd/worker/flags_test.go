package main

import (
	"testing"

	"github.com/weplanx/workflow/shared/programtest"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	programtest.Flags(t, "worker", command, nil)
}
