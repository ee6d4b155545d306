package httpexec_test

import (
	"io"
	"log"
	"testing"

	"github.com/weplanx/workflow/shared/leaktest"
)

// TestMain discards what net/http says of targets, as the program does: there
// is no other way to keep it from the log.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	leaktest.Main(m)
}

// quiet keeps the servers' complaints about bad handshakes out of the output.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
