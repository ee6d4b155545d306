package imports_test

// Libraries that rules name.
const (
	natsClient = "github.com/nats-io/nats.go"
	natsServer = "github.com/nats-io/nats-server/v2"
	nkeys      = "github.com/nats-io/nkeys"
	logrus     = "github.com/sirupsen/logrus"
	envconfig  = "github.com/kelseyhightower/envconfig"
	wire       = "github.com/google/wire"
	cron       = "github.com/robfig/cron/v3"
	yaml       = "go.yaml.in/yaml/v3"
	cobra      = "github.com/spf13/cobra"
	gomock     = "go.uber.org/mock"
	roots      = "golang.org/x/crypto/x509roots/fallback"
	sys        = "golang.org/x/sys"
	xtime      = "golang.org/x/time"
	gobreaker  = "github.com/sony/gobreaker/v2"
	ssrf       = "code.dny.dev/ssrf"
	otel       = "go.opentelemetry.io/otel"
	otlp       = "go.opentelemetry.io/proto/otlp"
	grpc       = "google.golang.org/grpc"
	protobuf   = "google.golang.org/protobuf"
	webhooks   = "github.com/standard-webhooks/standard-webhooks/libraries"
	prometheus = "github.com/prometheus/client_golang"
	model      = "github.com/prometheus/client_model"
	xmod       = "golang.org/x/mod"
	apidiff    = "golang.org/x/exp/apidiff"
	xtools     = "golang.org/x/tools"
	cyclonedx  = "github.com/CycloneDX/cyclonedx-go"
	containers = "github.com/google/go-containerregistry"
)

// rule says what packages may import beside the standard library. Patterns
// are paths below the repository's module prefix; one that ends in "/..."
// matches the path before it and everything below, and "*" within matches one
// path element. The first rule that matches a package decides.
type rule struct {
	packages  string
	ours      []string // patterns of our own packages
	libraries []string // modules of others
}

var rules = []rule{
	// What every side shares. The contract has no dependency at all and the
	// arithmetic of time only its parser, because the client brings both along.
	{"shared/contract", nil, nil},
	{"shared/spec/...", []string{"shared/contract", "shared/spec"}, []string{cron}},
	{"shared/setting", nil, nil},
	{"shared/build", nil, nil},
	{"shared/logging", nil, []string{logrus}},
	{"shared/health", []string{"shared/setting"}, nil},
	{"shared/metrics", nil, []string{prometheus}},
	{"shared/metrics/metricstest", []string{"shared/metrics"}, []string{prometheus, model}},
	{"shared/natsconn", []string{"shared/setting"}, []string{natsClient, nkeys, logrus}},
	{"shared/topology", []string{"shared/contract", "shared/setting"}, []string{natsClient}},
	{"shared/natsio", nil, []string{natsClient}},
	{"shared/tracing", []string{"shared/contract", "shared/setting"}, []string{otel, grpc, logrus}},
	{"shared/tracetest", []string{"shared/tracing"}, []string{otlp, protobuf}},
	{"shared/loopback", nil, nil},
	{"shared/programtest", nil, nil},
	{"shared/logging/logtest", nil, nil},
	{"shared/leaktest", nil, []string{"go.uber.org/goleak"}},
	{"shared/natstest", []string{"shared/leaktest", "shared/loopback"}, []string{natsServer, natsClient, nkeys, "go.uber.org/goleak"}},
	{
		"shared/config",
		[]string{"shared/contract", "shared/health", "shared/natsconn", "shared/setting"},
		[]string{envconfig, yaml, logrus},
	},

	// The client is compiled into the programs of others.
	{"schedule/common", []string{"shared/contract"}, nil},
	{"schedule/client", []string{"schedule/common", "shared/contract", "shared/spec"}, []string{natsClient}},

	// A core knows the time, jobs and policies and nothing else.
	{"*/internal/core", []string{"shared/contract", "shared/spec"}, nil},
	{"*/internal/core/coremock", []string{"*/internal/core", "shared/contract"}, []string{gomock}},
	{"*/internal/core/porttest", []string{"*/internal/core", "shared/contract"}, nil},

	// An adapter knows its core and one technology, never another adapter.
	{"*/internal/adapter/mem", []string{"*/internal/core", "shared/contract"}, nil},
	{"*/internal/adapter/nats*", []string{"*/internal/core", "shared/contract", "shared/spec", "shared/natsio"}, []string{natsClient}},
	{"*/internal/adapter/logmon", []string{"*/internal/core", "shared/contract"}, []string{logrus}},
	{"*/internal/adapter/prommon", []string{"*/internal/core", "shared/contract", "shared/metrics"}, []string{prometheus}},
	{"*/internal/adapter/oteltrace", []string{"*/internal/core", "shared/contract", "shared/tracing"}, []string{otel}},
	{"worker/internal/adapter/httpexec", []string{"worker/internal/core", "shared/contract"}, nil},
	{"worker/internal/adapter/httpapi", []string{"worker/internal/core", "shared/contract"}, []string{xtime}},
	{"worker/internal/adapter/targets", []string{"worker/internal/core", "shared/contract"}, []string{gobreaker, xtime}},
	{"worker/internal/adapter/egress", nil, []string{ssrf}},
	{"worker/internal/adapter/webhook", nil, []string{webhooks}},
	{"worker/internal/adapter/system", []string{"worker/internal/core"}, nil},
	{
		"schedule/internal/cli",
		[]string{"schedule/client", "schedule/common", "schedule/internal/weplanx", "shared/..."},
		[]string{cobra, yaml, natsClient},
	},
	{"schedule/internal/weplanx", []string{"shared/contract"}, []string{natsClient}},

	// Composition roots put it all together; programs only call them.
	{"schedule/bootstrap", []string{"schedule/internal/...", "shared/..."}, []string{natsClient, logrus, wire, prometheus}},
	{"worker/bootstrap", []string{"worker/internal/...", "shared/..."}, []string{natsClient, logrus, wire, prometheus}},
	{"schedule/cmd/schedulectl", []string{"schedule/internal/cli"}, []string{roots}},
	{"schedule/cmd/schedule", []string{"schedule/bootstrap", "shared/config", "shared/health"}, []string{roots}},
	{"worker/cmd/worker", []string{"worker/bootstrap", "shared/config", "shared/health"}, []string{roots}},

	// Programs around the services use them as everyone else could.
	{"tools/cmd/standalone", []string{"tools/internal/standalone"}, []string{roots}},
	{
		"tools/internal/standalone",
		[]string{"schedule/bootstrap", "worker/bootstrap", "schedule/client", "schedule/common", "shared/..."},
		[]string{natsServer, natsClient, logrus, sys, prometheus},
	},
	{"tools/cmd/natsconf", []string{"tools/internal/natsconf"}, nil},
	{"tools/internal/natsconf", []string{"shared/contract"}, []string{nkeys}},
	{"tools/cmd/release", []string{"tools/internal/release/..."}, nil},
	{"tools/internal/release", []string{"tools/internal/release/changelog", "tools/internal/release/repo"}, []string{xmod, xtools, apidiff}},
	{"tools/internal/release/repo", nil, nil},
	{"tools/internal/release/changelog", nil, []string{xmod}},
	{"tools/internal/release/toy", []string{"tools/internal/release/repo"}, nil},
	{
		"tools/internal/release/stage",
		[]string{"tools/internal/release", "tools/internal/release/changelog", "tools/internal/release/repo"},
		nil,
	},
	{"tools/internal/release/licence", []string{"tools/internal/release"}, []string{xmod}},
	{
		"tools/internal/release/artifact",
		[]string{"tools/internal/release", "tools/internal/release/licence", "tools/internal/release/stage"},
		[]string{cyclonedx},
	},
	{"tools/internal/release/image", []string{"tools/internal/release/artifact"}, []string{containers}},
	{"tools/internal/release/rehearse", []string{"tools/internal/release", "tools/internal/release/stage"}, []string{natsServer, natsClient}},
	{"tools/internal/imports", nil, nil},
	{"tools/internal/workflows", nil, nil},
	{"tools/internal/logs", nil, nil},
	{"tools/internal/deploy", nil, nil},
	{"e2e/...", []string{"e2e/...", "schedule/client", "schedule/common", "schedule/bootstrap", "worker/bootstrap", "shared/..."}, []string{
		natsClient, natsServer, nkeys, "go.uber.org/goleak", "github.com/testcontainers/testcontainers-go", "github.com/moby/moby",
	}},
}

// borders say which modules the tests of a module may use as well.
var borders = map[string][]string{
	"shared":   {"shared/..."},
	"schedule": {"schedule/...", "shared/..."},
	"worker":   {"worker/...", "shared/..."},
	"tools":    {"tools/...", "schedule/...", "worker/...", "shared/..."},
	"e2e":      {"e2e/...", "schedule/...", "worker/...", "shared/..."},
}

// vendored are the packages that an application imports, and foreign what it
// must not find in its vendor folder because of them.
var (
	vendored = []string{"schedule/client", "schedule/common"}
	foreign  = []string{
		natsServer, logrus, envconfig, wire, gomock, cobra, yaml,
		"go.opentelemetry.io", "google.golang.org", "github.com/prometheus", "github.com/testcontainers", "go.uber.org/goleak", "pgregory.net/rapid",
	}
)
