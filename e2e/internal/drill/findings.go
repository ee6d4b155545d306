//go:build unix

package drill

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

const (
	shown  = 10  // findings on the terminal
	traced = 100 // findings with all that is known in the file
)

// Keep writes the findings, in their order, to findings.txt in the folder, the harm
// that was done, and what trace knows of each; the first of them are printed.
func Keep[F fmt.Stringer](p *Plan, folder string, findings []F, harmed *fleet.HarmLog, trace func(io.Writer, F)) {
	file, err := os.Create(filepath.Join(folder, "findings.txt"))
	if err != nil {
		p.Say("findings cannot be kept: " + err.Error())
		return
	}
	defer file.Close()
	for i, f := range findings {
		if i < shown {
			p.Say(f.String())
		}
		fmt.Fprintln(file, f)
	}
	_ = harmed.Write(file) // as well as it can be kept
	for _, f := range findings[:min(len(findings), traced)] {
		fmt.Fprintf(file, "\n%s\n", f)
		trace(file, f)
	}
}
