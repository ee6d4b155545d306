package httpexec_test

import (
	"io"
	"log"
)

// quiet keeps the servers' complaints about bad handshakes out of the output.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
