package natsconf

import "strings"

// placeholder stands for the namespace in the document.
const placeholder = "ns"

// Document is the table of permissions for readers, in Markdown.
func Document() string {
	var t text
	t.line(0, "# Who may do what on NATS")
	t.line(0, "")
	t.line(0, "Written by `go run ./tools/cmd/natsconf -doc`; `%s` stands for the namespace. What is not listed is refused.", placeholder)
	t.line(0, "A namespace has two accounts, `%s` and `%s`: why is told in [tools/internal/natsconf](../../tools/internal/natsconf/doc.go).",
		accountName(placeholder, Engine), accountName(placeholder, Client))
	t.line(0, "Subjects marked ⇄ lead from the one account to the other. A `STREAM.CREATE`, and the `STREAM.UPDATE` of the bucket, is left")
	t.line(0, "out with `-prepared`.")
	for _, role := range Roles(placeholder, false) {
		t.role(role)
	}
	return t.String()
}

func (t *text) role(role Role) {
	t.line(0, "")
	t.line(0, "## %s", role.Name)
	t.line(0, "")
	t.line(0, "For %s. Account `%s`.", role.Who, accountName(placeholder, role.Account))
	if role.Respond > 0 {
		t.line(0, "It may answer once whoever asks it, within %s.", strings.TrimSuffix(role.Respond.String(), "0s"))
	}
	for _, list := range []struct {
		title  string
		grants []Grant
	}{
		{"may publish to", role.Publish}, {"but not to", role.Deny}, {"may subscribe to", role.Subscribe},
	} {
		if len(list.grants) == 0 {
			continue
		}
		t.line(0, "")
		t.line(0, "| %s | | why |", list.title)
		t.line(0, "|---|---|---|")
		for _, g := range distinct(list.grants) {
			mark := ""
			if g.Via != Local {
				mark = "⇄"
			}
			t.line(0, "| `%s` | %s | %s |", g.Subject, mark, g.Why)
		}
	}
}
