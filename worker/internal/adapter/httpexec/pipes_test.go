package httpexec_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// pipes is a dialer whose targets are functions at the other end of a pipe. A
// pipe buffers nothing, so what a target can make the executor read is known
// exactly, and in a bubble of synctest all time is the bubble's.
type pipes struct {
	serve func(net.Conn)
	taken atomic.Int64 // bytes that the executor has read
	ended sync.WaitGroup
}

func (p *pipes) DialContext(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.ended.Go(func() {
		defer func() { _ = server.Close() }()
		p.serve(server)
	})
	return counted{client, &p.taken}, nil
}

type counted struct {
	net.Conn
	taken *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.taken.Add(int64(n))
	return n, err
}

// heard reads a request, its body included, and then serves.
func heard(serve func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		request, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		serve(c)
	}
}

// text answers that and hangs up.
func text(answer string) func(net.Conn) {
	return heard(func(c net.Conn) { _, _ = io.WriteString(c, answer) })
}

// stall answers that and then says no more until the other side hangs up.
func stall(answer string) func(net.Conn) {
	return heard(func(c net.Conn) {
		_, _ = io.WriteString(c, answer)
		_, _ = io.Copy(io.Discard, c)
	})
}

// endless answers first and then piece again and again until the other side
// hangs up, every so often.
func endless(first, piece string, every time.Duration) func(net.Conn) {
	return heard(func(c net.Conn) { flood(c, first, piece, every) })
}

// megabytes answers first, piece until that is 10 MB, and the end of a head.
func megabytes(first, piece string) func(net.Conn) {
	return heard(func(c net.Conn) {
		_, err := io.WriteString(c, first)
		for n := 0; n < 10<<20 && err == nil; n += len(piece) {
			_, err = io.WriteString(c, piece)
		}
		_, _ = io.WriteString(c, "\r\n\r\n")
	})
}

func flood(w io.Writer, first, piece string, every time.Duration) {
	_, err := io.WriteString(w, first)
	for err == nil {
		time.Sleep(every)
		_, err = io.WriteString(w, piece)
	}
}

// slowly answers one byte a second.
func slowly(answer string) func(net.Conn) {
	return heard(func(c net.Conn) { drip(c, answer) })
}

func drip(w io.Writer, answer string) {
	for i := range len(answer) {
		time.Sleep(time.Second)
		if _, err := io.WriteString(w, answer[i:i+1]); err != nil {
			return
		}
	}
}

// authority is a certificate that vouches for itself as "target.test", valid
// also at the time at which bubbles begin.
var authority = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"target.test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
})

// secured serves over TLS with one of the protocols.
func secured(serve func(net.Conn), protocol string) func(net.Conn) {
	return func(c net.Conn) {
		certificate, _ := authority()
		conn := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{protocol}})
		if conn.Handshake() == nil {
			serve(conn)
		}
	}
}

func trusted(t *testing.T) *x509.CertPool {
	t.Helper()
	_, roots := authority()
	return roots
}
