package httpexec_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/egress"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/core"
)

// world is a resolver and the sockets of a network in which every address
// answers 200.
type world struct {
	names map[string][]string
	serve func(net.Conn)

	mu     sync.Mutex
	dialed []string
}

// LookupNetIP knows names, and takes numbers for addresses in every way in which
// some resolver does (inet_aton).
func (w *world) LookupNetIP(_ context.Context, _, host string) (addrs []netip.Addr, err error) {
	for _, text := range w.names[strings.TrimSuffix(strings.ToLower(host), ".")] {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	if addr, ok := aton(strings.TrimRight(host, ".")); ok {
		addrs = append(addrs, addr)
	}
	if len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return addrs, nil
}

// aton reads one to four numbers, each decimal, octal or hexadecimal, of which
// the last fills what is left.
func aton(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var sum uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 64)
		if part != "0" && strings.HasPrefix(part, "0") && err != nil {
			n, err = strconv.ParseUint(part, 10, 64)
		}
		if err != nil {
			return netip.Addr{}, false
		}
		if i == len(parts)-1 {
			sum |= n
		} else {
			sum |= n << (24 - 8*i)
		}
	}
	return netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}), true
}

func (w *world) connect(_ context.Context, _, address string) (net.Conn, error) {
	w.mu.Lock()
	w.dialed = append(w.dialed, address)
	w.mu.Unlock()
	serve := w.serve
	if serve == nil {
		serve = text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
	client, server := net.Pipe()
	go func() {
		defer func() { _ = server.Close() }()
		serve(server)
	}()
	return client, nil
}

func (w *world) executor(t testing.TB, allowed ...string) *httpexec.Executor {
	t.Helper()
	networks, err := egress.ParseAllowed(allowed)
	if err != nil {
		t.Fatal(err)
	}
	return on(t, egress.NewDialerOn(egress.NewGuard(networks), w, w.connect), httpexec.Settings{})
}

func option(t testing.TB, url string) string {
	t.Helper()
	data, err := json.Marshal(contract.HttpOption{Url: url})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Names of the world.
var names = map[string][]string{
	"public.test": {"8.8.8.8"}, "public6.test": {"2606:4700::1111"}, "both.test": {"2606:4700::1111", "8.8.8.8"},
	"nat64.test": {"64:ff9b::8.8.8.8"}, "bücher.test": {"8.8.8.8"}, "xn--bcher-kva.test": {"8.8.8.8"},
	"localhost": {"127.0.0.1", "::1"}, "localhost.localdomain": {"127.0.0.1"}, "ip6-localhost": {"::1"}, "loop6.test": {"::1"},
	"private10.test": {"10.0.0.1"}, "private172.test": {"172.16.5.4"}, "private192.test": {"192.168.0.1"}, "mapped.test": {"::ffff:10.0.0.1"},
	"metadata.google.internal": {"169.254.169.254"}, "metadata.test": {"169.254.169.254"}, "metadata6.test": {"fd00:ec2::254"},
	"alibaba.test": {"100.100.100.200"}, "azure.test": {"168.63.129.16"}, "oracle.test": {"192.0.0.192"},
	"nat64private.test": {"64:ff9b::10.0.0.1"}, "sixtofour.test": {"2002:7f00:1::"}, "isatap.test": {"2606:4700::5efe:10.0.0.1"},
	"zone.test": {"fe80::1%eth0"}, "unspecified.test": {"0.0.0.0"}, "unspecified6.test": {"::"}, "multicast.test": {"224.0.0.1"},
	"several.test": {"10.0.0.1", "192.168.0.1", "::1", "fd00::1"}, "redis.svc.cluster.local": {"10.96.0.10"},
	"printer.local": {"169.254.1.1"}, "router": {"192.168.1.1"}, "kubernetes.default.svc": {"10.96.0.1"},
}

// refusedURLs are what somebody who wants to reach the inside would try.
var refusedURLs = map[string]string{
	"loopback": `http://127.0.0.1/ http://127.0.0.1:8080/ https://127.0.0.1/ http://127.0.0.2/ http://127.127.127.127/ http://127.255.255.254/
		http://[::1]/ http://[::1]:8080/ https://[::1]/ http://[0:0:0:0:0:0:0:1]/ http://[0000:0000:0000:0000:0000:0000:0000:0001]/ http://[::0:1]/`,
	"unspecified":    `http://0.0.0.0/ http://0.0.0.0:8080/ http://0.1.2.3/ http://[::]/ http://[::]:8080/ http://[0:0:0:0:0:0:0:0]/`,
	"private ranges": `http://10.0.0.0/ http://10.0.0.1/ http://10.255.255.255/ http://172.16.0.1/ http://172.31.255.255/ http://192.168.0.1/ http://192.168.255.255/ https://10.1.2.3:8443/`,
	"clouds": `http://169.254.169.254/latest/meta-data/ http://169.254.169.254/computeMetadata/v1/ http://169.254.170.2/v2/credentials/ http://100.100.100.200/latest/meta-data/
		http://192.0.0.192/opc/v1/ http://168.63.129.16/machine?comp=goalstate http://[fd00:ec2::254]/latest/ http://[fd20:ce::254]/ http://169.254.0.1/ http://169.254.255.255/`,
	"special IPv4": `http://100.64.0.1/ http://100.127.255.255/ http://192.0.0.1/ http://192.0.0.8/ http://192.0.0.170/ http://192.0.2.1/ http://192.31.196.1/ http://192.52.193.1/
		http://192.88.99.1/ http://192.175.48.1/ http://198.18.0.1/ http://198.19.255.255/ http://198.51.100.1/ http://203.0.113.1/
		http://224.0.0.1/ http://239.255.255.250:1900/ http://240.0.0.1/ http://255.255.255.254/ http://255.255.255.255/`,
	"special IPv6": `http://[fe80::1]/ http://[febf::1]/ http://[fec0::1]/ http://[fc00::1]/ http://[fd12:3456::1]/ http://[ff02::1]/ http://[ff0e::1]/ http://[100::1]/
		http://[100:0:0:1::1]/ http://[2001:db8::1]/ http://[3fff::1]/ http://[5f00::1]/ http://[2001:2::1]/ http://[2001:10::1]/ http://[2001:20::1]/ http://[2001:1::1]/
		http://[2620:4f:8000::1]/ http://[4000::1]/ http://[8000::1]/ http://[1::1]/`,
	"mapped": `http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[0:0:0:0:0:ffff:127.0.0.1]/ http://[::ffff:10.0.0.1]/ http://[::ffff:a9fe:a9fe]/ http://[::FFFF:192.168.0.1]/
		http://[::ffff:0.0.0.0]/ http://[0000::ffff:c0a8:0001]/`,
	"compatible and translated": `http://[::127.0.0.1]/ http://[::7f00:1]/ http://[::10.0.0.1]/ http://[::8.8.8.8]/ http://[::ffff:0:127.0.0.1]/ http://[::ffff:0:8.8.8.8]/`,
	"NAT64": `http://[64:ff9b::127.0.0.1]/ http://[64:ff9b::7f00:1]/ http://[64:ff9b::10.0.0.1]/ http://[64:ff9b::a9fe:a9fe]/ http://[64:ff9b::192.168.0.1]/ http://[64:ff9b::0.0.0.0]/
		http://[64:ff9b:1::127.0.0.1]/ http://[64:ff9b:1::8.8.8.8]/ http://[64:ff9b:1:a00:1::]/`,
	"6to4, Teredo, ISATAP": `http://[2002:7f00:1::]/ http://[2002:a00:1::1]/ http://[2002:a9fe:a9fe::]/ http://[2002:808:808::1]/ http://[2001::1]/ http://[2001:0:a00:1::f5ff:fffe]/
		http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/ http://[2606:4700::5efe:127.0.0.1]/ http://[2606:4700::5efe:a00:1]/ http://[2606:4700::200:5efe:192.168.0.1]/ http://[fe80::5efe:10.0.0.1]/`,
	"zones": `http://[fe80::1%25eth0]/ http://[fe80::1%25lo]:8080/ http://[::1%25lo]/ http://[fe80::1%251]/ http://[2606:4700::1%25eth0]/`,
	"decimal": `http://2130706433/ http://2130706433:8080/ http://167772161/ http://2852039166/ http://3232235521/ http://0/ http://1/ http://4294967295/
		http://134744072/ http://4294967296/ http://425510229761/`,
	"octal": `http://0177.0.0.1/ http://0177.0.0.01/ http://00000177.0.0.1/ http://017700000001/ http://0251.0376.0251.0376/ http://0300.0250.0.1/ http://012.0.0.1/
		http://127.0.0.01/ http://10.0.0.010/ http://0127.0.0.1/`,
	"hexadecimal": `http://0x7f.0.0.1/ http://0x7f000001/ http://0X7F000001/ http://0x7f.0x0.0x0.0x1/ http://0xa9fea9fe/ http://0xa9.0xfe.0xa9.0xfe/ http://0x0a000001/ http://0xc0.0xa8.0x0.0x1/
		http://0x7f.1/ http://127.0.0.0x1/ http://0x/ http://0x0/`,
	"short":        `http://127.1/ http://127.0.1/ http://10.1/ http://192.168.1/ http://172.16.1/ http://169.254.43518/ http://127.65535/ http://0.0/ http://127.1:8080/`,
	"dots":         `http://127.0.0.1./ http://127.0.0.1.:8080/ http://127.0.0.1../ http://10.0.0.1./ http://localhost./ http://localhost../ http://.127.0.0.1/ http://127..0.0.1/ http://2130706433./ http://0x7f.1./ http://127.0.0/`,
	"five numbers": `http://127.0.0.0.1/ http://1.127.0.0.1/ http://256.0.0.1/ http://127.0.0.256/ http://999.1.1.1/`,
	"other scripts": `http://１２７.０.０.１/ http://127。0。0。1/ http://127．0．0．1/ http://①②⑦.⓪.⓪.①/ http://⑯⑨.254.169.254/ http://１６９．２５４．１６９．２５４/ http://localhost。/
		http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/ http://ｌｏｃａｌｈｏｓｔ/ http://127.0.0.1\u200b/ http://lo\u00adcalhost/ http://𝟏𝟐𝟕.𝟎.𝟎.𝟏/ http://٠.٠.٠.٠/ http://１０.0.0.1/ http://0ｘ7f.1/`,
	"percent": `http://%31%32%37.0.0.1/ http://127%2e0%2e0%2e1/ http://%6c%6f%63%61%6c%68%6f%73%74/ http://127.0.0.1%00.public.test/ http://%5b::1%5d/ http://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1/
		http://127%E3%80%820%E3%80%820%E3%80%821/ http://public.test%2f@127.0.0.1/ http://public.test%23@127.0.0.1/`,
	"names": `http://localhost/ http://LOCALHOST/ http://LocalHost:8080/ http://localhost.localdomain/ http://ip6-localhost/ http://loop6.test/ http://private10.test/ http://private172.test/
		http://private192.test/ http://mapped.test/ http://metadata.google.internal/computeMetadata/v1/ http://metadata.test/ http://metadata6.test/ http://alibaba.test/ http://azure.test/
		http://oracle.test/ http://nat64private.test/ http://sixtofour.test/ http://isatap.test/ http://zone.test/ http://unspecified.test/ http://unspecified6.test/ http://multicast.test/
		http://several.test/ http://redis.svc.cluster.local:6379/ http://printer.local/ http://router/ http://kubernetes.default.svc/ https://several.test/ https://private10.test:8443/`,
	"ports": `http://public.test:1/ http://public.test:21/ http://public.test:22/ http://public.test:23/ http://public.test:25/ http://public.test:53/ http://public.test:81/ http://public.test:110/
		http://public.test:143/ http://public.test:389/ http://public.test:445/ http://public.test:465/ http://public.test:587/ http://public.test:993/ http://public.test:1023/ https://public.test:22/
		http://8.8.8.8:25/ http://[2606:4700::1111]:25/ http://[64:ff9b::8.8.8.8]:25/ http://public.test:0/ http://public.test:65536/ http://public.test:-1/ http://public.test:80a/ http://public.test:/`,
	"user": `http://user@public.test/ http://user:pass@public.test/ http://public.test@127.0.0.1/ http://127.0.0.1@public.test/ http://public.test:80@127.0.0.1/ http://:@127.0.0.1/ http://@127.0.0.1/
		http://public.test:x@127.0.0.1/ http://a:b@c:d@127.0.0.1/`,
	"schemes": `ftp://public.test/ file:///etc/passwd gopher://127.0.0.1:6379/_INFO dict://127.0.0.1:11211/ ldap://127.0.0.1/ unix:///var/run/docker.sock javascript:alert(1) data:text/plain,x
		//127.0.0.1/ 127.0.0.1 127.0.0.1:80 http:127.0.0.1 http:/127.0.0.1/ http:///127.0.0.1/ http:////127.0.0.1/ ws://public.test/ HTTP//127.0.0.1/ http+unix://%2fvar%2frun%2fdocker.sock/`,
	"odd": `http://127.0.0.1\t/ http://127.0.0.1\n/ http://\r\n127.0.0.1/ http://public.test\\@127.0.0.1/ http://127.0.0.1\\/ http:\\\\127.0.0.1\\ http://[127.0.0.1]/ http://[localhost]/ http://[::1/ http://::1/ http://[::1]a/
		http://[::g]/ http://[]/ http:// http://? http://# http://127.0.0.1*/ http://*/ http://<127.0.0.1>/ http://"127.0.0.1"/ http://{127.0.0.1}/ http://127.0.0.1|public.test/ http://a_b|c/`,
}

// urls splits a list of URLs, in which \t, \n, \r, \\ and \u stand for what they
// stand for in Go.
func urls(t *testing.T, list string) []string {
	t.Helper()
	var all []string
	for url := range strings.FieldsSeq(list) {
		plain, err := strconv.Unquote(`"` + strings.ReplaceAll(url, `"`, `\"`) + `"`)
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		all = append(all, plain)
	}
	return all
}

// With defaults nothing but public addresses is reached, however it is written.
// A worker says which rule that is, and nothing of the inside.
func TestEgressIsRefused(t *testing.T) {
	t.Parallel()
	count := 0
	for name, list := range refusedURLs {
		all := urls(t, list)
		count += len(all)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, url := range all {
				w := &world{names: names}
				a := execute(t, w.executor(t), call(option(t, url)))
				wantRefused(t, url, a)
				if len(w.dialed) > 0 {
					t.Errorf("%q: dialled %s", url, w.dialed)
				}
			}
		})
	}
	if count < 200 {
		t.Errorf("got %d cases, want at least 200", count)
	}
}

func wantRefused(t *testing.T, url string, a core.Answer) {
	t.Helper()
	if a.Verdict != core.Permanent || (a.Class != contract.ErrorEgress && a.Class != contract.ErrorInvalid) || a.Error == "" {
		t.Errorf("%q: got %+v, want a refusal", url, a)
	}
	for _, private := range append(addressesIn(url), known...) {
		if strings.Contains(a.Error, private) {
			t.Errorf("%q: the error %q tells of %s", url, a.Error, private)
		}
	}
}

// known are the names of the world and their addresses.
var known = func() (all []string) {
	for host, addrs := range names {
		all = append(append(all, host), addrs...)
	}
	return all
}()

// addressesIn returns the address that a URL holds, in its forms.
func addressesIn(text string) (all []string) {
	u, err := url.Parse(text)
	if err != nil {
		return nil
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		all = append(all, u.Hostname(), addr.String(), addr.Unmap().String())
	}
	if addr, ok := aton(strings.TrimRight(u.Hostname(), ".")); ok {
		all = append(all, addr.String())
	}
	return all
}

func TestEgressRulesAreTold(t *testing.T) {
	t.Parallel()
	for url, rule := range map[string]string{
		"http://private10.test/":           "the address is in a private range (RFC 1918)",
		"http://metadata.google.internal/": "the address is link-local, as the metadata of clouds are (RFC 3927)",
		"http://localhost:8080/":           "the address is a loopback address (RFC 1122)",
		"http://isatap.test/":              "the IPv4 address within the IPv6 address is in a private range (RFC 1918)",
		"http://nat64private.test/":        "the address is in a private range (RFC 1918)",
		"http://2130706433/":               "the host is a number, but not an IP address in its usual form",
		"http://public.test:25/":           "the port is neither 80 nor 443 and below 1024",
	} {
		a := execute(t, (&world{names: names}).executor(t), call(option(t, url)))
		if a.Class != contract.ErrorEgress || a.Error != rule || a.Verdict != core.Permanent {
			t.Errorf("%s: got %+v, want the rule %q", url, a, rule)
		}
	}
}

func TestPublicIsReached(t *testing.T) {
	t.Parallel()
	for url, dialed := range map[string]string{
		"http://public.test/":            "8.8.8.8:80",
		"http://PUBLIC.test./":           "8.8.8.8:80",
		"http://public.test:8080/a?b=c":  "8.8.8.8:8080",
		"http://public.test:443/":        "8.8.8.8:443",
		"http://public.test:1024/":       "8.8.8.8:1024",
		"http://public6.test/":           "[2606:4700::1111]:80",
		"http://both.test/":              "[2606:4700::1111]:80",
		"http://nat64.test/":             "[64:ff9b::808:808]:80",
		"http://8.8.8.8/":                "8.8.8.8:80",
		"http://[2606:4700::1111]:8080/": "[2606:4700::1111]:8080",
		"http://[::ffff:8.8.8.8]/":       "8.8.8.8:80",
		"http://bücher.test/":            "8.8.8.8:80",
		"http://xn--bcher-kva.test/":     "8.8.8.8:80",
		"http://ｐｕｂｌｉｃ。test/":            "8.8.8.8:80",
		"http://８.８.８.８/":                "8.8.8.8:80",
	} {
		w := &world{names: names}
		a := execute(t, w.executor(t), call(option(t, url)))
		if a.Verdict != core.Success || len(w.dialed) != 1 || w.dialed[0] != dialed {
			t.Errorf("%s: got %+v, dialled %s, want %s", url, a, w.dialed, dialed)
		}
	}
}

func TestAllowedIsReached(t *testing.T) {
	t.Parallel()
	for url, dialed := range map[string]string{
		"http://private10.test:25/": "10.0.0.1:25",
		"http://10.9.9.9/":          "10.9.9.9:80",
		"http://loop6.test:22/":     "[::1]:22",
		"http://several.test/":      "10.0.0.1:80",
		"http://public.test/":       "8.8.8.8:80",
	} {
		w := &world{names: names}
		a := execute(t, w.executor(t, "10.0.0.0/8", "::1"), call(option(t, url)))
		if a.Verdict != core.Success || len(w.dialed) != 1 || w.dialed[0] != dialed {
			t.Errorf("%s: got %+v, dialled %s, want %s", url, a, w.dialed, dialed)
		}
	}
}

// A redirect is an answer: whoever sends it does not choose what is called.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{300, 301, 302, 303, 305, 307, 308} {
		for _, location := range []string{"http://169.254.169.254/", "http://localhost/", "http://public6.test/", "/", "//127.0.0.1/", "file:///etc/passwd"} {
			w := &world{names: names, serve: text("HTTP/1.1 " + strconv.Itoa(status) + " Elsewhere\r\nLocation: " + location +
				"\r\nRefresh: 0; url=" + location + "\r\nAlt-Svc: h2=\"127.0.0.1:80\"\r\nContent-Length: 0\r\n\r\n")}
			a := execute(t, w.executor(t), call(option(t, "http://public.test/")))
			if a.Verdict != core.Permanent || a.Class != contract.ErrorStatus || a.Status != status || len(w.dialed) != 1 {
				t.Errorf("%d to %s: got %+v, dialled %s", status, location, a, w.dialed)
			}
		}
	}
}

// A name that changes between two calls: the second is judged anew, unless its
// connection is still the one that was judged.
func TestRebindingBetweenCalls(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keep   string // header of the first answer
		want   core.Verdict
		dialed int
	}{
		"new connection":  {"Connection: close\r\n", core.Permanent, 1},
		"kept connection": {"", core.Success, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{names: map[string][]string{"rebind.test": {"8.8.8.8"}}}
			w.serve = func(c net.Conn) {
				for range 2 {
					heard(func(c net.Conn) {
						_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+test.keep+"Content-Length: 0\r\n\r\n")
					})(c)
				}
			}
			e := w.executor(t)
			if a := execute(t, e, at("http://rebind.test/")); a.Verdict != core.Success {
				t.Fatalf("got %+v", a)
			}
			w.names = map[string][]string{"rebind.test": {"127.0.0.1"}}
			a := execute(t, e, at("http://rebind.test/"))
			if a.Verdict != test.want || len(w.dialed) != test.dialed || w.dialed[0] != "8.8.8.8:80" {
				t.Errorf("got %+v, dialled %s", a, w.dialed)
			}
			if test.want == core.Permanent && a.Class != contract.ErrorEgress {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// Proxies of the environment would make the guard judge the proxy. net/http reads
// the environment once a process, so this one needs a process of its own.
func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	t.Parallel()
	const proxy = "http://proxy.test:3128"
	if os.Getenv("HTTP_PROXY") != proxy {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		again.Env = append(os.Environ(), "HTTP_PROXY="+proxy, "http_proxy="+proxy, "HTTPS_PROXY="+proxy, "https_proxy="+proxy, "NO_PROXY=", "no_proxy=")
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	w := &world{names: names}
	for _, url := range []string{"http://public.test/", "https://public.test/"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if used, err := http.ProxyFromEnvironment(r); err != nil || used.String() != proxy {
			t.Fatalf("the environment's proxy is %s, %v", used, err)
		}
		execute(t, w.executor(t), at(url))
	}
	if len(w.dialed) != 2 || w.dialed[0] != "8.8.8.8:80" || w.dialed[1] != "8.8.8.8:443" {
		t.Errorf("dialled %s", w.dialed)
	}
}
