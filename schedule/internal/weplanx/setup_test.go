package weplanx_test

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/natstest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

//go:embed testdata/values.txt
var text []byte

// values are those of testdata/values.txt, by name.
func values(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, digits, ok := strings.Cut(lines.Text(), " ")
		if !ok || name == "#" {
			continue
		}
		data, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = data
	}
	if len(all) < 20 {
		t.Fatalf("%d values were read", len(all))
	}
	return all
}
