package core

// agenda is a heap of the next occurrence of every job, the earliest at 0.
// container/heap would allocate for each occurrence that comes or goes.
type agenda []occurrence

func (a agenda) before(i, j int) bool {
	if a[i].due != a[j].due {
		return a[i].due < a[j].due
	}
	return a[i].position().compare(a[j].position()) < 0
}

// order makes a heap of what is in no order.
func (a agenda) order() {
	for i := len(a)/2 - 1; i >= 0; i-- {
		a.sink(i)
	}
}

func (a *agenda) add(o occurrence) {
	*a = append(*a, o)
	h := *a
	for i := len(h) - 1; i > 0; {
		above := (i - 1) / 2
		if !h.before(i, above) {
			return
		}
		h[i], h[above] = h[above], h[i]
		i = above
	}
}

// replace puts o in the place of the first occurrence.
func (a agenda) replace(o occurrence) {
	a[0] = o
	a.sink(0)
}

// drop takes the first occurrence off.
func (a *agenda) drop() {
	h, last := *a, len(*a)-1
	h[0], h[last] = h[last], occurrence{}
	*a = h[:last]
	a.sink(0)
}

// sink moves the occurrence at i down to where it belongs.
func (a agenda) sink(i int) {
	for {
		next := 2*i + 1
		if next >= len(a) {
			return
		}
		if right := next + 1; right < len(a) && a.before(right, next) {
			next = right
		}
		if !a.before(next, i) {
			return
		}
		a[i], a[next] = a[next], a[i]
		i = next
	}
}
