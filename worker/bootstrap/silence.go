package bootstrap

import (
	"bytes"
	"io"
	"log"
)

// SilenceTargets has nothing of the standard logger's lines written to w but
// what http.Server says. Programs that run a worker should call it once:
// net/http logs there, with no other way to turn it off, what targets of
// callbacks send unasked and which frames of HTTP/2 they make up, as often as
// they do.
func SilenceTargets(w io.Writer) {
	log.SetFlags(0) // so that lines begin with what tells them apart
	log.SetOutput(serverLines{w})
}

// serverLines passes on the lines of http.Server, all of which begin alike, and
// drops those of http.Transport, none of which does. What a target sends is
// quoted in them and cannot begin a line.
type serverLines struct{ io.Writer }

func (l serverLines) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("http: ")) {
		return l.Writer.Write(line)
	}
	return len(line), nil
}
