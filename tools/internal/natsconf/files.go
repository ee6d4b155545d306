package natsconf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nats-io/nkeys"
)

// Names of what is written, below the folder.
const (
	accountsFile   = "accounts.conf"
	accountsFolder = "accounts"
	seedsFolder    = "seeds"
	tlsFolder      = "tls"
	authorityFile  = "ca.pem"
	authorityKey   = "ca.key"
	systemUser     = "sys"
)

const (
	secret = 0o600 // owner only
	open   = 0o644
)

func accountFile(namespace string) string { return accountsFolder + "/" + namespace + ".conf" }

// Write writes the site below folder and returns the names of what it wrote.
// Seeds and certificates that are there already are kept, and so are other
// namespaces; configuration is written anew.
func Write(folder string, s Site) (names []string, err error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	w := &writer{folder: folder}
	for _, f := range []func(*Site) error{w.namespaces, w.shared, w.nodes} {
		if err := f(&s); err != nil {
			return nil, err
		}
	}
	slices.Sort(w.names)
	return w.names, nil
}

type writer struct {
	folder string
	names  []string
}

func (w *writer) namespaces(s *Site) error {
	for _, name := range s.Namespaces {
		users, roles := map[string]string{}, Roles(name, s.Prepared)
		for _, role := range roles {
			public, err := w.user(name+"."+role.Name, role.Name == RoleAdmin)
			if err != nil {
				return err
			}
			users[role.Name] = public
		}
		if err := w.put(accountFile(name), account(name, roles, users), open); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) shared(*Site) error {
	system, err := w.user(systemUser, false)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(w.folder, accountsFolder))
	if err != nil {
		return err
	}
	var all []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".conf"); ok {
			all = append(all, name)
		}
	}
	return w.put(accountsFile, accounts(system, all), open)
}

func (w *writer) nodes(s *Site) error {
	if s.TLS != TLSOff {
		if err := w.certificates(s.Nodes); err != nil {
			return err
		}
	}
	for _, host := range s.Nodes {
		if err := w.put(host+".conf", s.node(host), open); err != nil {
			return err
		}
	}
	return nil
}

// user returns the public key of a user, whose seed it makes unless there is
// one: once bare, and once as a file of environment variables.
func (w *writer) user(name string, admin bool) (public string, err error) {
	path := seedsFolder + "/" + name + ".nk"
	seed, err := os.ReadFile(filepath.Join(w.folder, path))
	if errors.Is(err, fs.ErrNotExist) {
		seed, err = newSeed()
	}
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(seed))
	pair, err := nkeys.FromSeed([]byte(text))
	if err == nil {
		public, err = pair.PublicKey()
	}
	if err != nil || !nkeys.IsValidPublicUserKey(public) {
		return "", fmt.Errorf("%s: is not the seed of a user (SU…), remove it to have a new one made", path)
	}
	variables := "NATS_NKEY=" + text + "\n"
	if admin {
		variables += "NATS_INBOX=_INBOX.admin\n"
	}
	if err := w.put(path, text+"\n", secret); err != nil {
		return "", err
	}
	return public, w.put(seedsFolder+"/"+name+".env", variables, secret)
}

func newSeed() ([]byte, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	return pair.Seed()
}

// put writes a file whole or not at all. What is secret never was readable for
// others, nor is the folder it is in.
func (w *writer) put(name, content string, mode fs.FileMode) error {
	path := filepath.Join(w.folder, filepath.FromSlash(name))
	folderMode := fs.FileMode(0o755)
	if mode == secret {
		folderMode = 0o700
	}
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".natsconf-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.WriteString(content)
	err = errors.Join(err, temp.Chmod(mode), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	w.names = append(w.names, name)
	return nil
}
