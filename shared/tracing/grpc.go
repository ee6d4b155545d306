package tracing

import (
	"crypto/tls"
	"errors"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// rpc is the client of OTLP over gRPC, which frees its connection by itself.
func (p *plan) rpc() otlptrace.Client {
	options := []otlptracegrpc.Option{
		otlptracegrpc.WithEndpointURL(p.endpoint.String()),
		otlptracegrpc.WithHeaders(p.headers),
		otlptracegrpc.WithTimeout(p.timeout),
	}
	if p.gzip {
		options = append(options, otlptracegrpc.WithCompressor("gzip"))
	}
	if p.endpoint.Scheme == "https" {
		config := p.tls
		if config == nil {
			config = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		options = append(options, otlptracegrpc.WithTLSCredentials(credentials.NewTLS(config)))
	} else {
		options = append(options, otlptracegrpc.WithInsecure())
	}
	return otlptracegrpc.NewClient(options...)
}

// code is the name of the code by which a call failed. Empty: it was no call of
// gRPC.
func code(err error) string {
	var answer interface{ GRPCStatus() *status.Status }
	if errors.As(err, &answer) {
		return answer.GRPCStatus().Code().String()
	}
	return ""
}
