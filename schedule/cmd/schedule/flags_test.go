package main

import (
	"testing"

	"github.com/weplanx/workflow/shared/programtest"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	programtest.Flags(t, "schedule", command, map[string]string{
		"-partitions x":   `invalid value "x" for flag -partitions: want 1 to 256`,
		"-partitions 0":   `invalid value "0" for flag -partitions: want 1 to 256`,
		"-partitions 257": `invalid value "257" for flag -partitions: want 1 to 256`,
	})
}
