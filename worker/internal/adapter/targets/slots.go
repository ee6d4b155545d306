package targets

// slots are the calls at once that all targets share.
type slots struct {
	all   int // 0: no limit
	taken int
}

// allow reports whether a target with that many calls may have another: its first
// one, and any after which it has no more than are free.
func (s *slots) allow(running int) bool {
	return s.all == 0 || running == 0 || running+1 <= s.all-s.taken-1
}
