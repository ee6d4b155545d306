package client

import "time"

// Gather makes a client wait so long for schedulers that do not answer.
func Gather(d time.Duration) Option { return func(s *Schedule) { s.gather = d } }

// At makes a client take now for the present.
func At(now func() time.Time) Option { return func(s *Schedule) { s.now = now } }
