package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// frame is one thing that a NATS server says: a line, and the payload that
// belongs to it.
type frame struct {
	bytes   []byte
	subject string // of a message; empty: it is none
	sid     string // the subscription that it is for
}

// maxFrame is more than any server sends.
const maxFrame = 64 << 20

// read returns the next frame of a server's side of the client protocol.
func read(r *bufio.Reader) (frame, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = errors.New("a line is longer than the buffer")
	}
	if err != nil {
		return frame{}, err
	}
	f := frame{bytes: append([]byte(nil), line...)}
	fields := strings.Fields(string(line))
	if len(fields) < 4 || fields[0] != "MSG" && fields[0] != "HMSG" {
		return f, nil
	}
	size, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil || size < 0 || size > maxFrame {
		return frame{}, fmt.Errorf("message with a size of %q", fields[len(fields)-1])
	}
	f.subject, f.sid = fields[1], fields[2]
	payload := make([]byte, size+len("\r\n"))
	if _, err := io.ReadFull(r, payload); err != nil {
		return frame{}, err
	}
	f.bytes = append(f.bytes, payload...)
	return f, nil
}
