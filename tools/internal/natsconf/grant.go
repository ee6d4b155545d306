package natsconf

import "time"

// Via says how what a client is granted gets to the engine's account, where
// the other roles are.
type Via int

// Ways through the wall.
const (
	Local  Via = iota // not at all: it stays in the user's account
	Single            // a request with one answer, or a message without any
	Many              // a request with any number of answers
	Stream            // messages of the engine that the client may subscribe to
	Back              // requests of the engine that the client answers
)

// Grant is a subject that a user may publish or subscribe to. A subscription's
// may be followed by a space and a queue group.
type Grant struct {
	Subject string
	Why     string        // one line
	Via     Via           // of a client's grant
	Answer  time.Duration // of a Single or Back: how long the answer may take; 0: two minutes
}

// Account is one of the two that a namespace has.
type Account string

// Accounts of a namespace.
const (
	Engine Account = "engine"
	Client Account = "client"
)

// Role is a kind of program and what it may do. Everything that is not granted
// is refused.
type Role struct {
	Name      string // also of its seed's file
	Who       string // one line
	Account   Account
	Publish   []Grant
	Subscribe []Grant
	Deny      []Grant // publishing to these, though a wider grant covers them

	// Respond lets it answer once whoever asks it, this long after the request,
	// on whatever subject that came with. 0: not at all.
	Respond time.Duration
}
