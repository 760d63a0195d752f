package kernel

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"

	. "enclos.invalid/sdk/internal/core"
)

// build makes the tree that the manifest declares: the mounts, the embedded files, and the few devices that programs expect.
func (f *vkFiles) build(manifest *EnclosManifestInfo, embedded []EnclosFile) {
	f.root = f.make(nil, "", vkFolderMode)
	f.root.space = &vkSpace{bare: true}
	f.folder = "/"
	// The outer mounts first: others may lie below them.
	for depth := 0; depth <= vkMostDepth; depth++ {
		for _, mount := range manifest.Mounts {
			if vkDepth(mount.Target) == depth {
				f.mount(mount, manifest.HeapBytes)
			}
		}
	}
	for _, file := range embedded {
		f.embed(file)
	}
	f.devices(manifest.Name)
}

// vkMostDepth: a target is a path of at most 1024 bytes (packages/model/manifest).
const vkMostDepth = 512

func vkDepth(target string) int {
	depth := 0
	for name, rest := vkCut(target); name != ""; name, rest = vkCut(rest) {
		depth++
	}
	return depth
}

// folderAt makes the folders of a path that are not there.
func (f *vkFiles) folderAt(path string) *vkNode {
	node := f.root
	for name, rest := vkCut(path); name != ""; name, rest = vkCut(rest) {
		child := node.children[name]
		if child == nil || !child.isFolder() {
			child = f.make(node, name, vkFolderMode)
		}
		node = child
	}
	return node
}

func (f *vkFiles) mount(mount EnclosMount, heap uint64) {
	node := f.folderAt(mount.Target)
	if mount.Kind == "host" {
		// A file that is open for writing is in the heap whole: a client that names a large offset, and a host that names a large size, must not
		// fill it.
		most := int64(min(mount.MaxBytes, heap/2))
		node.host = &vkHost{target: mount.Target, readOnly: mount.ReadOnly, most: most, node: node, since: time.Now()}
		f.hosts = append(f.hosts, node.host)
		return
	}
	node.space = &vkSpace{readOnly: mount.ReadOnly, most: int64(mount.MaxBytes)}
	if node == f.root && !mount.ReadOnly {
		// As every system has it: os.TempDir.
		f.make(node, "tmp", syscall.S_IFDIR|syscall.S_ISVTX|0o777)
	}
}

func (f *vkFiles) embed(file EnclosFile) {
	folder, name := vkSplit(file.Path)
	parent := f.folderAt(folder)
	if parent.host != nil {
		return
	}
	node := f.make(parent, name, vkFileMode)
	if parent.space.bare {
		node.mode = syscall.S_IFREG | 0o444
	}
	node.content, node.shared = file.Content, true
}

// devices are those of which programs read and write without asking for anything of the machine.
func (f *vkFiles) devices(name string) {
	dev := f.folderAt("/dev")
	dev.space = &vkSpace{bare: true}
	f.device(dev, "null", func([]byte) (int, error) { return 0, nil })
	f.device(dev, "zero", func(p []byte) (int, error) {
		clear(p)
		return len(p), nil
	})
	f.device(dev, "urandom", vkRandom)
	f.device(dev, "random", vkRandom)
	self := f.folderAt("/proc/self")
	self.space = &vkSpace{bare: true}
	self.parent.space = self.space
	exe := f.make(self, "exe", syscall.S_IFLNK|0o777)
	exe.link = "/" + name
}

func (f *vkFiles) device(parent *vkNode, name string, read func([]byte) (int, error)) {
	f.make(parent, name, syscall.S_IFCHR|0o666).device = read
}

// stat fills in what is known of a node.
func (n *vkNode) stat(st *syscall.Stat_t) {
	*st = syscall.Stat_t{}
	st.Ino = n.id
	st.Mode = n.mode
	for range make([]struct{}, n.links) {
		st.Nlink++ // its type differs between architectures
	}
	st.Size = int64(len(n.content))
	if n.isLink() {
		st.Size = int64(len(n.link))
	}
	st.Blksize = 4096
	st.Blocks = (st.Size + 511) / 512
	vkTimes(st, n.changed)
}

func vkTimes(st *syscall.Stat_t, t time.Time) {
	st.Mtim = syscall.NsecToTimespec(t.UnixNano())
	st.Ctim, st.Atim = st.Mtim, st.Mtim
}

// vkRandom is getrandom(2), whole.
func vkRandom(p []byte) (int, error) {
	call := uintptr(318)
	if runtime.GOARCH == "arm64" {
		call = 278
	}
	for done := 0; done < len(p); {
		piece := p[done:min(len(p), done+256)]
		n, _, errno := syscall.RawSyscall(call, uintptr(unsafe.Pointer(&piece[0])), uintptr(len(piece)), 0)
		if errno != 0 && errno != syscall.EINTR {
			return done, errno
		}
		if errno == 0 {
			done += int(n)
		}
	}
	return len(p), nil
}
