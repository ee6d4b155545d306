package bootstrap

import (
	"net/http"
	"strconv"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/worker/internal/adapter/httpapi"
	"github.com/weplanx/workflow/worker/internal/adapter/natsevents"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Lengths of an EventsToken.
const (
	minEventsToken = 16
	maxEventsToken = 512
)

// Handler is the worker's own HTTP API, POST /events/{key} and
// POST /complete/{token}, to be served from when the App runs. It answers 404
// for all other paths.
func (a *App) Handler() http.Handler { return a.api }

// checkEventsToken never shows the token.
func (c *Config) checkEventsToken() error {
	bad := func(problem string) error {
		return &config.Error{Name: "EVENTS_TOKEN", Problem: problem + ", want " + strconv.Itoa(minEventsToken) +
			" to " + strconv.Itoa(maxEventsToken) + " visible ASCII characters without spaces"}
	}
	switch n := len(c.EventsToken); {
	case n == 0:
		return nil
	case n < minEventsToken:
		return bad("is too short")
	case n > maxEventsToken:
		return bad("is too long")
	}
	for i := range len(c.EventsToken) {
		if b := c.EventsToken[i]; b <= ' ' || b > '~' {
			return bad("holds a character that a header cannot carry")
		}
	}
	return nil
}

func api(c Config, events *natsevents.Publisher, worker *core.Worker) *httpapi.API {
	return httpapi.New(httpapi.Settings{EventsToken: c.EventsToken, NotOpen: core.ErrNotOpen}, events, worker)
}
