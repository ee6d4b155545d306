package natsconn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/weplanx/workflow/shared/natsconn"
	"github.com/weplanx/workflow/shared/natstest"
)

// authority issues certificates for 127.0.0.1.
type authority struct {
	file string // its own certificate
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: privateKey(t)}
	template := certificate("authority")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.file = put(t, encode("CERTIFICATE", der))
	return a
}

func (a *authority) issue(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private := privateKey(t)
	template := certificate(name)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return put(t, encode("CERTIFICATE", der)), put(t, encode("PRIVATE KEY", pkcs8))
}

func privateKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certificate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// withTLS makes a server speak TLS and, when clients is set, demand a
// certificate of it.
func withTLS(t *testing.T, own, clients *authority) natstest.Option {
	t.Helper()
	cert, key := own.issue(t, "server")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if clients != nil {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AddCert(clients.cert)
	}
	return natstest.WithOptions(func(o *server.Options) {
		o.TLS, o.TLSVerify, o.TLSTimeout = true, clients != nil, 5
		o.TLSConfig = config
		o.JetStream = false
	})
}

func TestConnectTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	cert, key := ours.issue(t, "client")
	wrongCert, wrongKey := theirs.issue(t, "client")
	plain := natstest.Start(t, natstest.WithoutJetStream())
	open := natstest.Start(t, withTLS(t, ours, nil))
	mutual := natstest.Start(t, withTLS(t, ours, ours))
	tests := map[string]struct {
		server *natstest.Server
		config natsconn.Config
		want   []string // nil: connects
	}{
		"trusted":             {open, natsconn.Config{CA: ours.file}, nil},
		"mutual":              {mutual, natsconn.Config{CA: ours.file, Cert: cert, Key: key}, nil},
		"authority not set":   {open, natsconn.Config{}, []string{"NATS_CA: ", "unknown authority"}},
		"other authority":     {open, natsconn.Config{CA: theirs.file}, []string{"NATS_CA: ", "unknown authority"}},
		"certificate missing": {mutual, natsconn.Config{CA: ours.file}, []string{"NATS_CERT: "}},
		"certificate refused": {mutual, natsconn.Config{CA: ours.file, Cert: wrongCert, Key: wrongKey}, []string{"NATS_CERT: "}},
		"server without TLS":  {plain, natsconn.Config{CA: ours.file}, []string{"NATS_HOSTS: ", "TLS"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, logged := newLog()
			test.config.Hosts = []string{test.server.URL()}
			nc, err := natsconn.Connect(deadline(t), test.config, "test", log)
			if test.want != nil {
				wantError(t, err, test.want...)
				return
			}
			if err != nil {
				t.Fatalf("%v; logged was:\n%s", err, logged)
			}
			nc.Close()
		})
	}
}
