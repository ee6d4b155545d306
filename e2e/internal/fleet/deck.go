package fleet

import "math/rand/v2"

// Deck deals things in random order, each as often as it is in the deck before
// any comes once more: so that also a short trial does harm of every kind. It is
// for one goroutine.
type Deck[T any] struct {
	r     *rand.Rand
	cards []T
	left  []T
}

// NewDeck makes a deck of cards. first are dealt before, in their order, as part
// of no round.
func NewDeck[T any](r *rand.Rand, cards []T, first ...T) *Deck[T] {
	return &Deck[T]{r: r, cards: cards, left: first}
}

// Deal takes the next one; the deck must not be empty.
func (d *Deck[T]) Deal() T {
	if len(d.left) == 0 {
		for _, i := range d.r.Perm(len(d.cards)) {
			d.left = append(d.left, d.cards[i])
		}
	}
	card := d.left[0]
	d.left = d.left[1:]
	return card
}

// Times repeats a card.
func Times[T any](n int, card T) []T {
	cards := make([]T, n)
	for i := range cards {
		cards[i] = card
	}
	return cards
}
