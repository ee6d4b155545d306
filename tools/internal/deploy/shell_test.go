package deploy_test

import (
	"errors"
	"strings"
	"testing"
)

// words splits a line as a shell does, as far as the guides go: quotes, and
// substitutions, which are kept as they are.
func words(line string) (all []string, err error) {
	var word strings.Builder
	in, quote, depth := false, rune(0), 0
	for _, r := range line {
		switch {
		case depth > 0:
			if r == ')' {
				depth--
			}
			word.WriteRune(r)
		case r == '(' && strings.HasSuffix(word.String(), "$"):
			depth++
			word.WriteRune(r)
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote = r
		case r == ' ' || r == '\t':
			if in {
				all = append(all, word.String())
			}
			word.Reset()
			in = false
			continue
		default:
			word.WriteRune(r)
		}
		in = true
	}
	if quote != 0 || depth > 0 {
		return nil, errors.New("a quote or a substitution is not closed")
	}
	if in {
		all = append(all, word.String())
	}
	return all, nil
}

func TestWords(t *testing.T) {
	t.Parallel()
	got, err := words(`A=$(cat a b) x --spec "@every 5s" 'a|b' c`)
	if want := "A=$(cat a b)|x|--spec|@every 5s|a|b|c"; err != nil || strings.Join(got, "|") != want {
		t.Errorf("got %q, %v", got, err)
	}
	for _, line := range []string{`a "b`, `a $(b`} {
		if _, err := words(line); err == nil {
			t.Errorf("%q was split", line)
		}
	}
}

// assignment splits NAME=value.
func assignment(word string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(word, "=")
	if !ok || name == "" || strings.ToUpper(name) != name || strings.HasPrefix(name, "-") || strings.ContainsAny(name, "/.") {
		return "", "", false
	}
	return name, value, true
}
