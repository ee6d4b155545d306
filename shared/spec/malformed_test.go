package spec_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
	"github.com/weplanx/workflow/shared/spec/spectest"
)

func TestMalformed(t *testing.T) {
	t.Parallel()
	if n := len(spectest.Malformed); n < 70 {
		t.Errorf("the table has %d specs, want at least 70", n)
	}
	names := map[string]bool{}
	for _, c := range spectest.Malformed {
		if names[c.Name] {
			t.Errorf("two cases are named %q", c.Name)
		}
		names[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			s, err := spec.Parse(c.Spec, c.Timezone)
			if err == nil || s != nil {
				t.Fatalf("Parse(%q, %q) = %v, %v, want an error", c.Spec, c.Timezone, s, err)
			}
			checkFieldError(t, err)
			if check := spec.Check(c.Spec, c.Timezone); check == nil || check.Error() != err.Error() {
				t.Errorf("Check says %v, Parse %v", check, err)
			}
		})
	}
}

// checkFieldError holds what every error of the package promises.
func checkFieldError(t testing.TB, err error) {
	t.Helper()
	var f *contract.FieldError
	if !errors.As(err, &f) {
		t.Fatalf("error is a %T (%v), want a *contract.FieldError", err, err)
	}
	if f.Field != "spec" && f.Field != "timezone" {
		t.Errorf("error names field %q", f.Field)
	}
	if len(f.Problem) > 512 {
		t.Errorf("error has %d bytes", len(f.Problem))
	}
	if !utf8.ValidString(f.Problem) || strings.ContainsFunc(f.Problem, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("error %q is not printable", f.Problem)
	}
	if !strings.Contains(f.Problem, "want ") && !strings.Contains(f.Problem, "never fires") {
		t.Errorf("error %q does not say what would be right", f.Problem)
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	cases := []struct{ spec, timezone, want string }{
		{"", "", `spec: is empty, want a cron expression, "@every 15s" or "@at" with a time`},
		{"61 * * * *", "", `spec: has minute "61", want 0 to 59`},
		{"0 0 * * 5-0", "", `spec: has day of week "5-0", want the lower value first`},
		{"*/90 * * * *", "", `spec: has minute "*/90" with step "90", want 1 to 60`},
		{"0 0 31 2 *", "", `spec: never fires: no month it names has such a day, want a date that exists`},
		{"@every 99ms", "", `spec: has "@every 99ms", want a duration such as "15s" or "1h30m", from 100ms to 87600h`},
		{"* * * * *", "Nowhere", `timezone: is "Nowhere", want an IANA zone such as "Europe/Berlin"`},
		{"TZ=0 * * * * *", "", `spec: has zone "0", want an IANA zone such as "Europe/Berlin"`},
		{"TZ=UTC * * * * *", "Europe/Berlin", `timezone: is "Europe/Berlin" but the spec says "UTC", want one of them`},
		{"* * * *\n*", "", `spec: contains '\n', want ASCII characters, spaces and tabs`},
	}
	for _, c := range cases {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			if err := spec.Check(c.spec, c.timezone); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}
