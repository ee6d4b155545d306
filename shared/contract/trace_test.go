package contract_test

import (
	"regexp"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
)

func TestTraceID(t *testing.T) {
	t.Parallel()
	const planned = "587e13f087331470603662721101285e"
	for id, want := range map[string]string{
		planned:                            planned,
		planned + "-1":                     "8de98604ac9a0246151a7d055166be10",
		"00000000000000000000000000000000": "84e0c0eafaa95a34c293f278ac52e45c",
		"587E13F087331470603662721101285E": "",
		"event-" + planned:                 "",
		"":                                 "",
	} {
		got := contract.TraceID(id)
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(got) || want != "" && got != want || got == id && id != planned {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}

// Other programs may find the first span of an occurrence by themselves: it must
// not change.
func TestRootSpan(t *testing.T) {
	t.Parallel()
	a, b := contract.RootSpan("587e13f087331470603662721101285e"), contract.RootSpan("587e13f087331470603662721101285f")
	if none := (contract.SpanID{}); a == none || b == none || a == b {
		t.Errorf("got %x and %x", a, b)
	}
	if want := (contract.SpanID{0x1e, 0x32, 0xe6, 0xad, 0xc5, 0x9b, 0xad, 0xb0}); a != want {
		t.Errorf("got %x, want %x", a, want)
	}
}

func TestTraceparent(t *testing.T) {
	t.Parallel()
	const id = "587e13f087331470603662721101285e"
	if got, want := contract.Traceparent(id, contract.SpanID{1, 2, 3, 4, 5, 6, 7, 8}, true), "00-"+id+"-0102030405060708-01"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	form := regexp.MustCompile("^00-" + id + "-[0-9a-f]{16}-00$")
	first, second := contract.Traceparent(id, contract.SpanID{}, false), contract.Traceparent(id, contract.SpanID{}, false)
	if !form.MatchString(first) || !form.MatchString(second) || first == second {
		t.Errorf("without a span: got %s and %s", first, second)
	}
}
