package natsconf

// wall writes what one of a namespace's accounts lets the other have, and what
// it has from there.
func (t *text) wall(name string, a Account, roles []Role) {
	other := Client
	if a == Client {
		other = Engine
	}
	exports, imports := crossings(roles, a)
	t.line(1, "exports: [")
	for _, g := range exports {
		t.export(g, accountName(name, other))
	}
	t.line(1, "]")
	t.line(1, "imports: [")
	for _, g := range imports {
		kind := "service"
		if g.Via == Stream {
			kind = "stream"
		}
		t.line(2, "{ %s: { account: %q, subject: %q } }", kind, accountName(name, other), g.Subject)
	}
	t.line(1, "]")
}

// crossings are the grants by which an account exports and imports.
func crossings(roles []Role, a Account) (exports, imports []Grant) {
	for _, role := range roles {
		for _, g := range distinct(crossing(role)) {
			if (g.Via == Back) == (a == Client) {
				exports = append(exports, g)
			} else {
				imports = append(imports, g)
			}
		}
	}
	return exports, imports
}

func crossing(role Role) (grants []Grant) {
	for _, list := range [][]Grant{role.Publish, role.Subscribe} {
		for _, g := range list {
			if g.Via != Local {
				grants = append(grants, g)
			}
		}
	}
	return grants
}

func (t *text) export(g Grant, to string) {
	kind, more := "service", ""
	switch {
	case g.Via == Stream:
		kind = "stream"
	case g.Via == Many:
		more = ", response: stream"
	case g.Answer > 0:
		more = `, threshold: "` + short(g.Answer) + `"`
	}
	t.line(2, "{ %s: %q, accounts: [%q]%s }", kind, g.Subject, to, more)
}
