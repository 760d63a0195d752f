package kernel

import (
	"sync"
	"syscall"
	"time"
)

// vkFiles is the tree of files of an enclave: folders in memory, with the declared mounts and the embedded files in them.
type vkFiles struct {
	mu     sync.Mutex
	root   *vkNode
	lastID uint64
	// folder is the working directory, an absolute path.
	folder string
	hosts  []*vkHost
}

// vkSpace is what a folder belongs to: a mount, or the bare tree around the mounts, in which nothing can be made.
type vkSpace struct {
	readOnly bool
	bare     bool
	most     int64
	used     int64
}

// vkNode is a file, a folder or a symbolic link in memory, or the place where a folder of the host is mounted.
type vkNode struct {
	id       uint64
	mode     uint32
	changed  time.Time
	parent   *vkNode
	space    *vkSpace
	links    int
	children map[string]*vkNode
	content  []byte
	// shared is content that is also the image's: it is copied before the first change.
	shared bool
	link   string
	host   *vkHost
	device func(p []byte) (int, error)
}

const (
	vkFolderMode = syscall.S_IFDIR | 0o755
	vkFileMode   = syscall.S_IFREG | 0o644
)

func (n *vkNode) isFolder() bool { return n.mode&syscall.S_IFMT == syscall.S_IFDIR }
func (n *vkNode) isLink() bool   { return n.mode&syscall.S_IFMT == syscall.S_IFLNK }

// make adds a node to a folder.
func (f *vkFiles) make(parent *vkNode, name string, mode uint32) *vkNode {
	f.lastID++
	node := &vkNode{id: f.lastID, mode: mode, changed: time.Now(), parent: parent, links: 1}
	if node.isFolder() {
		node.children = map[string]*vkNode{}
	}
	if parent != nil {
		node.space = parent.space
		parent.children[name] = node
		parent.changed = node.changed
	}
	return node
}

// writable says why nothing can be changed in a space.
func (s *vkSpace) writable() error {
	switch {
	case s.bare:
		return syscall.EACCES
	case s.readOnly:
		return syscall.EROFS
	}
	return nil
}

// grow counts what a file takes, and refuses more than the mount may hold.
func (s *vkSpace) grow(by int64) error {
	// Not used+by: a program may ask for any size, and a sum would wrap.
	if by > 0 && by > s.most-s.used {
		return syscall.ENOSPC
	}
	s.used += by
	return nil
}

// vkPlace is where a path leads.
type vkPlace struct {
	// node is nil when there is nothing yet at parent/name, and in a folder of the host.
	node   *vkNode
	parent *vkNode
	name   string
	host   *vkHost
	rel    string
	// folderOnly: the path ended with a slash.
	folderOnly bool
}

// vkMostLinks is how many symbolic links a path may have, as on Linux.
const vkMostLinks = 40

const vkMostPath = 4096
const vkMostName = 255

// walk follows a path from a place. It is called with the lock held.
func (f *vkFiles) walk(from vkPlace, path string, follow bool) (vkPlace, error) {
	if path == "" {
		return vkPlace{}, syscall.ENOENT
	}
	if len(path) >= vkMostPath {
		return vkPlace{}, syscall.ENAMETOOLONG
	}
	at := from
	if path[0] == '/' {
		at = vkPlace{node: f.root}
	}
	for links := 0; ; {
		var name string
		name, path = vkCut(path)
		if name == "" {
			at.folderOnly = at.folderOnly || path != ""
			return at, nil
		}
		if len(name) > vkMostName {
			return vkPlace{}, syscall.ENAMETOOLONG
		}
		next, err := f.step(at, name)
		if err != nil {
			return vkPlace{}, err
		}
		isLast := vkIsLast(path)
		if next.node == nil && next.host == nil {
			if !isLast {
				return vkPlace{}, syscall.ENOENT
			}
			next.folderOnly = path != ""
			return next, nil
		}
		if next.node != nil && next.node.isLink() && (follow || !isLast || path != "") {
			if links++; links > vkMostLinks {
				return vkPlace{}, syscall.ELOOP
			}
			if next.node.link[0] == '/' {
				at = vkPlace{node: f.root}
			}
			path = next.node.link + "/" + path
			if isLast && path[len(path)-1] == '/' {
				path = path[:len(path)-1]
			}
			continue
		}
		at = next
		at.folderOnly = isLast && path != ""
	}
}

// step goes to one name in a folder.
func (f *vkFiles) step(at vkPlace, name string) (vkPlace, error) {
	if at.host != nil {
		return at.stepInHost(name), nil
	}
	if !at.node.isFolder() {
		return vkPlace{}, syscall.ENOTDIR
	}
	switch name {
	case ".":
		return vkPlace{node: at.node, parent: at.node.parent, name: at.name}, nil
	case "..":
		up := at.node
		if up.parent != nil {
			up = up.parent
		}
		return vkPlace{node: up}, nil
	}
	child := at.node.children[name]
	if child != nil && child.host != nil {
		return vkPlace{host: child.host}, nil
	}
	return vkPlace{node: child, parent: at.node, name: name}, nil
}

// stepInHost is by the text: the host follows its links itself, inside the mount.
func (at vkPlace) stepInHost(name string) vkPlace {
	switch {
	case name == ".":
		return at
	case name == ".." && at.rel == "":
		return vkPlace{node: at.host.node.parent}
	case name == "..":
		parent, _ := vkSplit(at.rel)
		return vkPlace{host: at.host, rel: parent}
	case at.rel == "":
		return vkPlace{host: at.host, rel: name}
	}
	return vkPlace{host: at.host, rel: at.rel + "/" + name}
}

// vkCut takes the first name off a path.
func vkCut(path string) (name, rest string) {
	start := 0
	for start < len(path) && path[start] == '/' {
		start++
	}
	end := start
	for end < len(path) && path[end] != '/' {
		end++
	}
	return path[start:end], path[end:]
}

func vkIsLast(path string) bool {
	for i := 0; i < len(path); i++ {
		if path[i] != '/' {
			return false
		}
	}
	return true
}

// vkSplit is the folder and the last name of a path without a slash at its end.
func vkSplit(path string) (folder, name string) {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[:i], path[i+1:]
		}
	}
	return "", path
}

// pathOf is where a node is.
func (f *vkFiles) pathOf(n *vkNode) string {
	path := ""
	for n.parent != nil {
		for name, child := range n.parent.children {
			if child == n {
				path = "/" + name + path
				break
			}
		}
		n = n.parent
	}
	if path == "" {
		return "/"
	}
	return path
}
