package standalone

import (
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// welcome says what runs, where the data is and what to try next.
func welcome(out io.Writer, c Config, a Addresses, data, demo string) {
	_, _ = fmt.Fprintf(out, `Running in this process:
  NATS       nats://%s (nats-server %s with JetStream)
  scheduler  and worker of namespace %q
  health     http://%s/readyz, and /metrics
  data       %s (kept between runs)
  callbacks  reach public addresses%s%s
`, a.NATS, server.VERSION, c.Namespace, a.HTTP, data, beside(c.Egress), signed(c.Secrets))
	if demo != "" {
		_, _ = fmt.Fprintf(out, "  demo       %s\n", demo)
	}
	_, _ = fmt.Fprintf(out, `
Try next, in another terminal:
  export NAMESPACE=%s NATS_HOSTS=%s
  go run ./schedule/cmd/schedulectl list
`, c.Namespace, reachable(a.NATS))
	if demo != "" {
		_, _ = fmt.Fprintf(out, `  go run ./schedule/cmd/schedulectl get %[1]s
  go run ./schedule/cmd/schedulectl results %[1]s -f
  go run ./schedule/cmd/schedulectl pause %[1]s
`, demoKey)
	}
	_, _ = fmt.Fprint(out, `  go run ./schedule/cmd/schedulectl next "0 30 9 * * mon-fri" --timezone Asia/Shanghai

Ctrl-C stops; the next start goes on with what is stored.

`)
	if host, _, err := splitAddress(a.NATS); err == nil && !loopback(host) {
		_, _ = fmt.Fprintf(out, "Careful: NATS asks for no password and others can reach %s.\n\n", a.NATS)
	}
}

// warnOfOrphan tells why callbacks fail.
func warnOfOrphan(out io.Writer) {
	_, _ = fmt.Fprintf(out, `Careful: schedule %[1]q of an earlier run fires, and with -demo=false nothing takes its callbacks. To stop it:
  go run ./schedule/cmd/schedulectl pause %[1]s

`, demoKey)
}

// signed says whether callbacks are.
func signed(secrets []string) string {
	if len(secrets) == 0 {
		return "; they are not signed (WEBHOOK_SECRETS)"
	}
	return "; they are signed"
}

// beside says what callbacks may reach that a worker's defaults refuse.
func beside(egress []string) string {
	if len(egress) == 0 {
		return ""
	}
	return " and " + strings.Join(egress, ", ") + ", which a worker by itself would refuse (" + flagEgress + ", EGRESS_ALLOW)"
}

// reachable is an address that clients on this machine can use.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
