package tracing

import (
	"crypto/tls"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/weplanx/workflow/shared/setting"
)

// plan is what settings say, once they are understood.
type plan struct {
	grpc       bool
	endpoint   *url.URL
	headers    map[string]string
	timeout    time.Duration // of one request
	gzip       bool
	tls        *tls.Config // nil: the system's authorities and no certificate
	ratio      float64     // of the traces that are sampled
	attributes []attribute.KeyValue

	queue, batch  int // spans
	delay         time.Duration
	exportTimeout time.Duration
}

const (
	defaultTimeout       = 10 * time.Second
	defaultDelay         = 5 * time.Second
	defaultExportTimeout = 30 * time.Second
	defaultBatch         = 512
	// defaultQueue is more than the specification's 2048, which a herd of a thousand
	// occurrences fills at once. A span takes about 1.5 KiB.
	defaultQueue = 8192
	maxQueue     = 1_000_000
)

// plan returns nil when tracing is off.
func (s *Settings) plan() (*plan, error) {
	if on, err := s.enabled(); err != nil || !on {
		return nil, err
	}
	p := &plan{}
	for _, read := range []func(*plan) error{
		s.readProtocol, s.readEndpoint, s.readHeaders, s.readRequest, s.readTLS, s.readSampler, s.readAttributes, s.readBatches,
	} {
		if err := read(p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s *Settings) readProtocol(p *plan) error {
	c := either("PROTOCOL", s.TracesProtocol, s.Protocol)
	switch strings.TrimSpace(c.value) {
	case "", "http/protobuf":
	case "grpc":
		p.grpc = true
	default:
		return c.wrong("is " + setting.Quote(c.value) + ", want http/protobuf or grpc")
	}
	return nil
}

// readEndpoint: the general variable is a base, to which OTLP over HTTP adds a
// path; that of traces is used as it is. A wrong URL is not repeated: it may hold
// a secret.
func (s *Settings) readEndpoint(p *plan) error {
	c := choice{varTracesEndpoint, s.TracesEndpoint}
	if c.value == "" {
		c = choice{varEndpoint, s.Endpoint}
	}
	if c.value == "" {
		c.value = localhost
		if p.grpc {
			c.value = localhostGRPC
		}
	}
	const want = ", want a URL such as http://host:4318 or https://host/path, without user, query and fragment"
	u, err := url.Parse(strings.TrimSpace(c.value))
	switch {
	case err != nil:
		return c.wrong("is not a URL" + want)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return c.wrong("is not the URL of a collector" + want)
	case u.User != nil:
		return c.wrong("holds a user name or password, which belongs into " + general + "HEADERS" + want)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return c.wrong("holds a query or fragment" + want)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return c.wrong("has a port that is not 1 to 65535" + want)
		}
	}
	if c.name == varEndpoint && !p.grpc {
		u = u.JoinPath("v1", "traces")
	}
	p.endpoint = u
	return nil
}

func (s *Settings) readRequest(p *plan) (err error) {
	c := either("COMPRESSION", s.TracesCompression, s.Compression)
	switch strings.TrimSpace(c.value) {
	case "", "none":
	case "gzip":
		p.gzip = true
	default:
		return c.wrong("is " + setting.Quote(c.value) + ", want gzip or none")
	}
	p.timeout, err = either("TIMEOUT", s.TracesTimeout, s.Timeout).milliseconds(defaultTimeout)
	return err
}

func (s *Settings) readSampler(p *plan) error {
	name := strings.ToLower(strings.TrimSpace(s.Sampler))
	switch strings.TrimPrefix(name, "parentbased_") {
	case "", "always_on":
		p.ratio = 1
	case "always_off":
		p.ratio = 0
	case "traceidratio":
		return s.readRatio(p)
	default:
		return wrong(varSampler, "is "+setting.Quote(s.Sampler)+", want always_on, always_off or traceidratio, also after parentbased_")
	}
	return nil
}

func (s *Settings) readRatio(p *plan) (err error) {
	p.ratio = 1
	if s.SamplerArg == "" {
		return nil
	}
	p.ratio, err = strconv.ParseFloat(strings.TrimSpace(s.SamplerArg), 64)
	if err != nil || !(p.ratio >= 0 && p.ratio <= 1) { // a NaN is neither
		return wrong(varSamplerArg, "is "+setting.Quote(s.SamplerArg)+", want a number from 0 to 1")
	}
	return nil
}

func (s *Settings) readBatches(p *plan) (err error) {
	if p.delay, err = (choice{varDelay, s.Delay}).milliseconds(defaultDelay); err != nil {
		return err
	}
	if p.exportTimeout, err = (choice{varExportTimeout, s.ExportTimeout}).milliseconds(defaultExportTimeout); err != nil {
		return err
	}
	if p.queue, err = (choice{varQueue, s.Queue}).count("spans", defaultQueue, maxQueue); err != nil {
		return err
	}
	p.batch, err = (choice{varBatch, s.Batch}).count("spans", min(defaultBatch, p.queue), p.queue)
	return err
}
