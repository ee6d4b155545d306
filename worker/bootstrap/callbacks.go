package bootstrap

import (
	"net/url"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/setting"
	"github.com/weplanx/workflow/worker/internal/adapter/egress"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/adapter/webhook"
	"github.com/weplanx/workflow/worker/internal/core"
)

// checkCallbacks refuses what callbacks could not be made with. The error is a
// *config.Error, which shows no secret.
func (c *Config) checkCallbacks() error {
	if _, err := dialer(*c); err != nil {
		return err
	}
	if _, err := signer(*c); err != nil {
		return err
	}
	return c.checkURL()
}

func (c *Config) checkURL() error {
	if c.URL == "" {
		return nil
	}
	const want = ", want http://host:port or https://host/path, without a query"
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return &config.Error{Name: "WORKER_URL", Problem: "is not a URL" + want}
	case u.User != nil:
		return &config.Error{Name: "WORKER_URL", Problem: "holds a user name or password" + want}
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return &config.Error{Name: "WORKER_URL", Problem: "is " + setting.Quote(c.URL) + want}
	}
	return nil
}

// dialer makes the connections of callbacks.
func dialer(c Config) (*egress.Dialer, error) {
	allowed, err := egress.ParseAllowed(c.EgressAllow)
	if err != nil {
		return nil, &config.Error{Name: "EGRESS_ALLOW", Problem: err.Error()}
	}
	return egress.NewDialer(egress.NewGuard(allowed)), nil
}

// signer signs callbacks.
func signer(c Config) (*webhook.Signer, error) {
	s, err := webhook.New(c.WebhookSecrets)
	if err != nil {
		return nil, &config.Error{Name: "WEBHOOK_SECRETS", Problem: err.Error()}
	}
	return s, nil
}

func httpExecutor(c Config, dialer *egress.Dialer, signer *webhook.Signer, clock core.Clock) *httpexec.Executor {
	return httpexec.New(httpexec.Settings{Namespace: c.Namespace, Version: c.Version, URL: c.URL}, dialer, signer, clock)
}
