// Command natsconf writes the configuration of NATS servers for namespaces:
// accounts that cannot see each other, users with least privilege for the roles
// schedule, worker, client and admin, their seeds, and certificates.
//
//	natsconf -namespace beta -nodes a.nats,b.nats,c.nats -out nats
//
// Seeds go to files that only their owner may read, never to the terminal. Run
// again it keeps seeds and certificates, adds namespaces and writes the rest anew.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/weplanx/workflow/tools/internal/natsconf"
)

func main() {
	var (
		namespaces = flag.String("namespace", "", "the `namespaces`, separated by commas")
		nodes      = flag.String("nodes", "a.nats,b.nats,c.nats", "the servers' `hosts`, as clients and the other servers reach them: 1, 3 or 5")
		tls        = flag.String("tls", string(natsconf.TLSAll), "which connections are encrypted: all, routes (only those between servers), off")
		out        = flag.String("out", "", "the `folder` to write to")
		folder     = flag.String("dir", "/etc/nats", "the `folder` where the files will be on the servers")
		store      = flag.String("store", "/data", "the `folder` where the servers keep their data")
		monitor    = flag.String("monitor", "127.0.0.1:8222", "`address` of the servers' monitoring port; empty: none")
		cluster    = flag.String("cluster", "workflow", "`name` of the cluster")
		prepared   = flag.Bool("prepared", false, "schedulers may not make streams: the admin makes them before")
		doc        = flag.Bool("doc", false, "print the permissions as a Markdown document and exit")
	)
	flag.Parse()
	if *doc {
		fmt.Print(natsconf.Document())
		return
	}
	names, err := write(*out, natsconf.Site{
		Namespaces: list(*namespaces), Nodes: list(*nodes), Cluster: *cluster, Prepared: *prepared,
		TLS: natsconf.TLS(*tls), Folder: *folder, Store: *store, Monitor: *monitor,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "natsconf: "+err.Error())
		os.Exit(1)
	}
	for _, name := range names {
		fmt.Println(name)
	}
}

func write(out string, s natsconf.Site) ([]string, error) {
	if out == "" || flag.NArg() > 0 {
		return nil, errors.New("-out: is missing, or there are arguments; usage: natsconf -namespace NAME -out FOLDER")
	}
	return natsconf.Write(out, s)
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
