package core

import (
	"hash/fnv"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// members knows which schedulers are alive: those whose heartbeat was seen
// lately, by this node's own clock. It decides who tries to publish, never who
// may: that is the fence's part. It is safe for concurrent use.
type members struct {
	partitions int // that they share
	mu         sync.Mutex
	seen       map[string]time.Time
}

// lifetime is how long a node counts as alive after its heartbeat was seen. It
// is short, because others wait for it when a node dies, and a node that is
// taken for dead by mistake costs a refused commit.
const lifetime = 1100 * time.Millisecond

func newMembers(partitions int) *members {
	return &members{partitions: partitions, seen: map[string]time.Time{}}
}

// hear notes a heartbeat at the local time now. A node that knows of another number
// of partitions is none of those that share these: what one of both left to the
// other, by its own numbers, the other might not know to be its own.
func (m *members) hear(b contract.Heartbeat, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b.Resigned || b.Partitions != 0 && b.Partitions != m.partitions {
		delete(m.seen, b.Node)
		return
	}
	m.seen[b.Node] = now
}

// alive returns the living nodes in order of name.
func (m *members) alive(now time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var nodes []string
	for node, at := range m.seen {
		if now.Sub(at) > lifetime {
			delete(m.seen, node)
			continue
		}
		nodes = append(nodes, node)
	}
	slices.Sort(nodes)
	return nodes
}

// owner returns the node that a partition falls to: the one with the highest
// hash of node and partition (rendezvous hashing, Thaler and Ravishankar
// 1998), so that a node that comes or goes moves only its own share. It is
// empty when there are no nodes.
func owner(partition int, nodes []string) string {
	var best string
	var top uint64
	for _, node := range nodes {
		h := fnv.New64a()
		_, _ = h.Write([]byte(strconv.Itoa(partition) + "/" + node))
		if score := mix(h.Sum64()); best == "" || score > top {
			best, top = node, score
		}
	}
	return best
}

// mix spreads the low bits that FNV leaves alike for similar names (the
// finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
