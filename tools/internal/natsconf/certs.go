package natsconf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// How long certificates are valid. Those of servers are made anew by removing
// their files and writing the site again.
const (
	authorityYears = 10
	serverYears    = 2
)

// pair is a certificate and its private key.
type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// certificates makes an authority and a certificate for each server, unless
// they are there: bring your own under the same names.
func (w *writer) certificates(hosts []string) error {
	var missing []string
	for _, host := range hosts {
		if !w.exists(tlsFolder + "/" + host + ".pem") {
			missing = append(missing, host)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	authority, err := w.authority()
	if err != nil {
		return err
	}
	for _, host := range missing {
		template := certificate("nats "+host, serverYears)
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		name(template, hosts)
		if _, err := w.issue(host, host+".key", template, authority); err != nil {
			return err
		}
	}
	return nil
}

// name has a server's certificate name all servers. They tell each other, and their
// clients, of further servers by address; who then connects there wants the name of
// the one that it began with.
func name(template *x509.Certificate, hosts []string) {
	template.DNSNames, template.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
}

// authority reads the one that is there, or makes one.
func (w *writer) authority() (*pair, error) {
	if !w.exists(tlsFolder + "/" + authorityFile) {
		template := certificate("nats authority", authorityYears)
		template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		return w.issue("ca", authorityKey, template, nil)
	}
	certDER, err := w.readPEM(authorityFile)
	if err != nil {
		return nil, err
	}
	keyDER, err := w.readPEM(authorityKey)
	if err != nil {
		return nil, fmt.Errorf("%w; where the authority's key is elsewhere, put the servers' certificates beside %s", err, authorityFile)
	}
	cert, err := x509.ParseCertificate(certDER)
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", tlsFolder, authorityFile, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(keyDER)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s/%s: is not an ECDSA key in PKCS #8", tlsFolder, authorityKey)
	}
	return &pair{cert, key}, nil
}

func certificate(name string, years int) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), // clocks differ
		NotAfter:  now.AddDate(years, 0, 0),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
}

// issue makes a certificate, signed by an authority or, without one, by itself.
func (w *writer) issue(name, keyFile string, template *x509.Certificate, authority *pair) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if authority == nil {
		authority = &pair{template, key}
	}
	const serialBits = 120
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits)); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority.cert, key.Public(), authority.key)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", name, err)
	}
	err = errors.Join(
		w.put(tlsFolder+"/"+keyFile, block("PRIVATE KEY", keyDER), secret),
		w.put(tlsFolder+"/"+name+".pem", block("CERTIFICATE", der), open),
	)
	return &pair{cert, key}, err
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (w *writer) exists(name string) bool {
	_, err := os.Stat(filepath.Join(w.folder, filepath.FromSlash(name)))
	return !errors.Is(err, fs.ErrNotExist)
}

func (w *writer) readPEM(name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(w.folder, tlsFolder, name))
	if err != nil {
		return nil, err
	}
	first, _ := pem.Decode(data)
	if first == nil {
		return nil, fmt.Errorf("%s/%s: is not PEM", tlsFolder, name)
	}
	return first.Bytes, nil
}
