package client

import "time"

// At makes a client take now for the present.
func At(now func() time.Time) Option { return func(s *Schedule) { s.now = now } }
