package kernel

import (
	"sync"
	"sync/atomic"
	"syscall"

	. "enclos.invalid/sdk/internal/core"
)

// vkOpenFile is an open file or folder. Duplicates of its descriptor share it, and its offset.
type vkOpenFile struct {
	files *vkFiles
	flags int
	refs  atomic.Int32
	// One of them: a node in memory, or a path at the host with, if it is open for writing, its content.
	node  *vkNode
	host  *vkHost
	rel   string
	whole *vkHostFile
	// folder: the host's path is one.
	folder bool

	mu      sync.Mutex
	offset  int64
	entries []vkEntry
	listed  bool
}

const vkAtCwd = -100

// from is where a relative path starts. It is called with the lock held.
func (k *VkKernel) from(dirfd int, path string) (vkPlace, error) {
	f := &k.files
	if path != "" && path[0] == '/' {
		return vkPlace{node: f.root}, nil
	}
	if dirfd == vkAtCwd {
		return f.walk(vkPlace{node: f.root}, f.folder, true)
	}
	d := k.find(dirfd)
	if d == nil {
		return vkPlace{}, syscall.EBADF
	}
	file, ok := d.object.(*vkOpenFile)
	if !ok || !file.isFolder() {
		return vkPlace{}, syscall.ENOTDIR
	}
	return vkPlace{node: file.node, host: file.host, rel: file.rel}, nil
}

func (k *VkKernel) place(dirfd int, path string, follow bool) (vkPlace, error) {
	from, err := k.from(dirfd, path)
	if err != nil {
		return vkPlace{}, err
	}
	return k.files.walk(from, path, follow)
}

func (o *vkOpenFile) isFolder() bool {
	if o.host != nil {
		return o.folder
	}
	return o.node.isFolder()
}

func vkWrites(flags int) bool { return flags&syscall.O_ACCMODE != syscall.O_RDONLY }

// Openat opens a file, and makes it if that is asked for.
func (k *VkKernel) Openat(dirfd int, path string, flags int, mode uint32) (int, error) {
	f := &k.files
	f.mu.Lock()
	place, err := k.place(dirfd, path, flags&syscall.O_NOFOLLOW == 0 && flags&(syscall.O_CREAT|syscall.O_EXCL) != syscall.O_CREAT|syscall.O_EXCL)
	if err == nil && place.host == nil {
		var file *vkOpenFile
		file, err = f.open(place, path, flags, mode)
		f.mu.Unlock()
		if err != nil {
			return -1, err
		}
		return k.opening(file)
	}
	f.mu.Unlock()
	if err != nil {
		return -1, err
	}
	// The host is asked without the lock: it may take its time.
	file, err := place.openAtHost(flags)
	if err != nil {
		return -1, err
	}
	file.files = f
	return k.opening(file)
}

func (k *VkKernel) opening(file *vkOpenFile) (int, error) {
	file.refs.Store(1)
	number, err := k.addFile(file)
	if err != nil && file.whole != nil {
		file.whole.close()
	}
	return number, err
}

// open opens a node in memory.
func (f *vkFiles) open(place vkPlace, path string, flags int, mode uint32) (*vkOpenFile, error) {
	node := place.node
	if node == nil {
		if flags&syscall.O_CREAT == 0 {
			return nil, syscall.ENOENT
		}
		if place.folderOnly {
			return nil, syscall.EISDIR
		}
		if err := place.parent.space.writable(); err != nil {
			vkNotMounted(place.parent.space, path)
			return nil, err
		}
		node = f.make(place.parent, place.name, syscall.S_IFREG|mode&0o7777)
		return &vkOpenFile{files: f, flags: flags, node: node}, nil
	}
	switch {
	case flags&syscall.O_CREAT != 0 && flags&syscall.O_EXCL != 0:
		return nil, syscall.EEXIST
	case node.isLink():
		return nil, syscall.ELOOP
	case node.isFolder() && (vkWrites(flags) || flags&syscall.O_CREAT != 0):
		return nil, syscall.EISDIR
	case !node.isFolder() && (flags&syscall.O_DIRECTORY != 0 || place.folderOnly):
		return nil, syscall.ENOTDIR
	}
	if node.device != nil {
		return &vkOpenFile{files: f, flags: flags, node: node}, nil
	}
	if vkWrites(flags) || flags&syscall.O_TRUNC != 0 {
		if err := node.space.writable(); err != nil {
			vkNotMounted(node.space, path)
			return nil, err
		}
	}
	if flags&syscall.O_TRUNC != 0 && !node.isFolder() {
		if err := node.truncate(0); err != nil {
			return nil, err
		}
	}
	return &vkOpenFile{files: f, flags: flags, node: node}, nil
}

// vkNotMounted names the line that is missing.
func vkNotMounted(space *vkSpace, path string) {
	if space.bare {
		vkWarn("Writing " + path + " is refused: enclave.json mounts nothing there. Add { \"target\": \"/" + vkFirstFolder(path) +
			"\", \"type\": \"memfs\" } to \"mounts\", then build and sign again.")
	}
}

func vkFirstFolder(path string) string {
	name, rest := vkCut(path)
	if vkIsLast(rest) {
		return "data"
	}
	return name
}

// openAtHost opens a file of a mounted folder.
func (at vkPlace) openAtHost(flags int) (*vkOpenFile, error) {
	h := at.host
	file := &vkOpenFile{flags: flags, host: h, rel: at.rel}
	kind, size, found, err := EnclosKindFile, int64(0), true, error(nil)
	if h.opened(at.rel) == nil {
		kind, size, found, err = h.stat(at.rel)
	}
	writes := vkWrites(flags) || flags&syscall.O_TRUNC != 0
	switch {
	case err != nil:
		return nil, err
	case !found && flags&syscall.O_CREAT == 0:
		return nil, syscall.ENOENT
	case found && flags&syscall.O_CREAT != 0 && flags&syscall.O_EXCL != 0:
		return nil, syscall.EEXIST
	case found && kind == EnclosKindFolder:
		if writes || flags&syscall.O_CREAT != 0 {
			return nil, syscall.EISDIR
		}
		file.folder = true
		return file, nil
	case at.folderOnly || flags&syscall.O_DIRECTORY != 0:
		return nil, syscall.ENOTDIR
	case found && kind == EnclosKindOther:
		return nil, syscall.EACCES
	case (writes || !found) && h.readOnly:
		return nil, syscall.EROFS
	}
	if writes || !found {
		file.whole, err = h.openToWrite(at.rel, size, !found, flags&syscall.O_TRUNC != 0)
	}
	return file, err
}

// truncate changes the size of a file in memory. It is called with the lock held.
func (n *vkNode) truncate(size int64) error {
	if size < 0 || n.device != nil || n.isFolder() {
		return syscall.EINVAL
	}
	if err := n.space.grow(size - n.counted()); err != nil {
		return err
	}
	n.own()
	n.content = vkResize(n.content, size)
	n.changed = vkNow()
	return nil
}

// counted is what a file takes of its mount: measured content takes nothing.
func (n *vkNode) counted() int64 {
	if n.shared {
		return 0
	}
	return int64(len(n.content))
}

// own gives a file its own content before it changes.
func (n *vkNode) own() {
	if n.shared {
		n.content = append([]byte(nil), n.content...)
		n.shared = false
	}
}
