//go:build unix

package drill

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

// Floor is the least harm that a trial has to have done to prove anything: one of
// the Kinds for each Every of its duration, rounded.
type Floor struct {
	Kinds []string
	Every time.Duration
}

// least is how many there have to be in a time. What is shorter than half of Every
// asks for none.
func (f Floor) least(duration time.Duration) int {
	return int((duration + f.Every/2) / f.Every)
}

// Enough is an error when less harm was done than the floors ask for.
func (p *Plan) Enough(harmed *fleet.HarmLog, floors ...Floor) error {
	counts := map[string]int{}
	for _, h := range harmed.All() {
		counts[h.Kind]++
	}
	var problems []error
	for _, f := range floors {
		done := 0
		for _, kind := range f.Kinds {
			done += counts[kind]
		}
		if least := f.least(p.Duration); done < least {
			problems = append(problems, fmt.Errorf("harm was too little: %s %d, want %d or more within %s",
				strings.Join(f.Kinds, " or "), done, least, p.Duration))
		}
	}
	return errors.Join(problems...)
}
