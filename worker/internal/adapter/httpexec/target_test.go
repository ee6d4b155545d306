package httpexec_test

import (
	"encoding/json"
	"testing"
)

func TestTargetIsTheHostAndPort(t *testing.T) {
	t.Parallel()
	e := setup(t)
	for option, want := range map[string]string{
		`{"url":"http://Example.com/a"}`:      "example.com:80",
		`{"url":"https://example.com?q=1"}`:   "example.com:443",
		`{"url":"https://example.com.:8443"}`: "example.com:8443",
		`{"url":"http://[::1]:8080/"}`:        "[::1]:8080",
		`{"url":"http:///path"}`:              "",
		`{"url":1}`:                           "",
		`[]`:                                  "",
		``:                                    "",
	} {
		if got := e.Plan(json.RawMessage(option)).Target; got != want {
			t.Errorf("%s: got %q, want %q", option, got, want)
		}
	}
}
