package httpexec

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/weplanx/workflow/shared/contract"
)

// maxBody is how many bytes of a response are read: enough for the excerpt, and
// for most connections to be used again.
const maxBody = 64 << 10

// consume reads a body up to maxBody and returns how much there was, and its
// excerpt if that is wanted. It ends with the attempt at the latest.
func consume(r *http.Response, wanted bool) (size int64, excerpt string) {
	if r.StatusCode == http.StatusSwitchingProtocols {
		return 0, "" // its body is the bare connection, on which reading never ends
	}
	if r.Body == http.NoBody {
		return 0, ""
	}
	limited := io.LimitReader(r.Body, maxBody)
	var head bytes.Buffer
	if wanted {
		size, _ = io.CopyN(&head, limited, contract.MaxExcerpt+utf8.UTFMax)
	}
	rest, _ := io.Copy(io.Discard, limited)
	return size + rest, text(head.Bytes())
}

// text is what can be kept of the beginning of a body: nothing of one that is
// not UTF-8 text. Control characters, which could steer the terminal of whoever
// reads the log, are replaced.
func text(head []byte) string {
	head = head[:len(head)-partial(head)]
	if !utf8.Valid(head) || bytes.IndexByte(head, 0) >= 0 {
		return ""
	}
	shown := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, string(head))
	if len(shown) > contract.MaxExcerpt {
		shown = shown[:contract.MaxExcerpt]
		shown = shown[:len(shown)-partial([]byte(shown[len(shown)-utf8.UTFMax:]))]
	}
	return shown
}

// partial returns how many bytes at the end are the beginning of a character.
func partial(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if last := b[len(b)-n:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}
