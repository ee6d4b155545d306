package standalone

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/weplanx/workflow/shared/setting"
)

const (
	lockFile    = "LOCK"      // held by the copy that runs; holds its process ID
	storeFolder = "jetstream" // nats-server adds this name to its folder
	folderMode  = 0o700
	fileMode    = 0o600
)

// errLocked is returned by lock when another process holds the file.
var errLocked = errors.New("locked by another process")

// folder is the data folder, held by this process.
type folder struct {
	path string // absolute
	lock *os.File
}

// openFolder makes the folder when it is missing, proves that it can be
// written, and keeps other copies off it. The error is a *setting.Error.
func openFolder(path string) (*folder, error) {
	bad := func(problem string) error {
		return &setting.Error{Name: flagData, Problem: "folder " + setting.Quote(path) + " " + problem}
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, bad("has no absolute path: " + reason(err))
	}
	if err := os.MkdirAll(filepath.Join(absolute, storeFolder), folderMode); err != nil {
		return nil, bad("cannot be made (" + reason(err) + "), want one that can be written")
	}
	file, err := os.OpenFile(filepath.Join(absolute, lockFile), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, bad("cannot be written (" + reason(err) + "), want one that can")
	}
	if err := lock(file); err != nil {
		defer func() { _ = file.Close() }()
		if errors.Is(err, errLocked) {
			return nil, bad("is in use by another copy" + owner(file) + ", stop it or use another folder")
		}
		return nil, bad("cannot be locked (" + reason(err) + "), want one on a local disk")
	}
	f := &folder{path: absolute, lock: file}
	if err := f.prove(); err != nil {
		f.close()
		return nil, bad("cannot be written (" + reason(err) + "), want one that can")
	}
	return f, nil
}

// prove writes where the server is going to, and says in the lock file who
// holds it.
func (f *folder) prove() error {
	probe, err := os.CreateTemp(filepath.Join(f.path, storeFolder), ".probe-*")
	if err != nil {
		return err
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return err
	}
	if err := f.lock.Truncate(0); err != nil {
		return err
	}
	_, err = f.lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// close gives the folder up; closing the file ends the lock.
func (f *folder) close() { _ = f.lock.Close() }

// owner names the process that holds the lock, where it can be read.
func owner(file *os.File) string {
	var buffer [20]byte
	n, _ := file.ReadAt(buffer[:], 0)
	id, err := strconv.Atoi(strings.TrimSpace(string(buffer[:n])))
	if err != nil {
		return ""
	}
	return " (process " + strconv.Itoa(id) + ")"
}

// reason is an error of package os without the path, which is named already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
