//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/shared/contract"
)

// takeovers are how long after a scheduler was killed another one moved the
// cursors of its partitions.
type takeovers struct {
	mu    sync.Mutex
	took  []time.Duration
	kills int
	never int // not within takeoverLimit
}

const takeoverLimit = 15 * time.Second

var nodeField = regexp.MustCompile(`node=(\S+)`)

// nodeOf is the name a scheduler has given itself, from the end of its log;
// empty when it has not yet said anything.
func nodeOf(p *fleet.Process) string {
	file, err := os.Open(p.Log)
	if err != nil {
		return ""
	}
	defer file.Close()
	const tail = 16 << 10
	if info, err := file.Stat(); err == nil && info.Size() > tail {
		_, _ = file.Seek(-tail, io.SeekEnd)
	}
	text, _ := io.ReadAll(file)
	found := nodeField.FindAllSubmatch(text, -1)
	if len(found) == 0 {
		return ""
	}
	return string(found[len(found)-1][1])
}

// cursor reads a partition's cursor from the stream's leader.
func (t *trial) cursor(partition int) (c contract.Cursor, stored time.Time, err error) {
	msg, err := t.legacy.GetLastMsg(names.TriggerStream(), names.Cursor(partition))
	if err != nil {
		return c, stored, err
	}
	c, err = contract.Decode[contract.Cursor](msg.Data)
	return c, msg.Time, err
}

// ownedBy returns the partitions that node has published for last, with node as
// their value.
func (t *trial) ownedBy(node string) map[int]string {
	owned := map[int]string{}
	for i := range t.partitions() {
		if c, _, err := t.cursor(i); err == nil && c.Node == node && node != "" {
			owned[i] = node
		}
	}
	return owned
}

func (t *trial) partitions() int {
	info, err := t.legacy.StreamInfo(names.TriggerStream())
	if err != nil {
		return 0 // nothing is measured while the stream is away
	}
	n, _ := strconv.Atoi(info.Config.Metadata["partitions"])
	return n
}

// watchTakeover waits until others have moved the cursors of a dead node, and
// returns after how long that was for each; those for which it was not within
// takeoverLimit are only counted.
func (t *trial) watchTakeover(ctx context.Context, owned map[int]string, died time.Time) (took []time.Duration, never int) {
	ctx, cancel := context.WithTimeout(ctx, takeoverLimit)
	defer cancel()
	for len(owned) > 0 && fleet.Pause(ctx, 10*time.Millisecond) {
		for i, dead := range owned {
			c, stored, err := t.cursor(i)
			if err != nil || c.Node == dead {
				continue
			}
			delete(owned, i)
			if c.Node != "" { // else the number of partitions was changed: they are others now
				took = append(took, stored.Sub(died))
			}
		}
	}
	return took, len(owned)
}

func (k *takeovers) add(took []time.Duration, never int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.took, k.never, k.kills = append(k.took, took...), k.never+never, k.kills+1
}

// String is for the report.
func (k *takeovers) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return fmt.Sprintf("%s, a partition each, of %d kills; %d not within %s", fleet.Quantiles(k.took), k.kills, k.never, takeoverLimit)
}
