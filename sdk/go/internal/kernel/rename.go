package kernel

import (
	"syscall"
	"time"

	. "enclos.invalid/sdk/internal/core"
)

// Renameat moves a file or a folder. Over to another mount it is EXDEV, as on Linux; within a folder of the host it is a write and a
// removal, and the write is what replaces the other file at once.
func (k *VkKernel) Renameat(olddirfd int, oldpath string, newdirfd int, newpath string) error {
	k.files.mu.Lock()
	from, err := k.place(olddirfd, oldpath, false)
	if err == nil {
		var to vkPlace
		if to, err = k.place(newdirfd, newpath, false); err == nil {
			if from.host != nil && from.host == to.host {
				k.files.mu.Unlock()
				return from.host.rename(from.rel, to.rel)
			}
			err = vkMove(from, to)
		}
	}
	k.files.mu.Unlock()
	return err
}

// vkMove moves a node in memory.
func vkMove(from, to vkPlace) error {
	switch {
	case from.host != nil || to.host != nil:
		return syscall.EXDEV
	case from.node == nil:
		return syscall.ENOENT
	case from.parent == nil || to.parent == nil || from.name == "" || to.name == "":
		return syscall.EBUSY
	case from.node == to.node:
		return nil
	case from.parent.space != to.parent.space || from.node.space != from.parent.space:
		return syscall.EXDEV
	}
	if err := to.parent.space.writable(); err != nil {
		return err
	}
	if from.node.isFolder() {
		for above := to.parent; above != nil; above = above.parent {
			if above == from.node {
				return syscall.EINVAL
			}
		}
	}
	if err := vkMayReplace(from.node, to.node); err != nil {
		return err
	}
	if to.node != nil {
		to.parent.detach(to.name)
	}
	delete(from.parent.children, from.name)
	to.parent.children[to.name] = from.node
	from.node.parent = to.parent
	from.parent.changed = time.Now()
	to.parent.changed = from.parent.changed
	return nil
}

func vkMayReplace(node, other *vkNode) error {
	switch {
	case other == nil:
		return nil
	case other.isFolder() && !node.isFolder():
		return syscall.EISDIR
	case !other.isFolder() && node.isFolder():
		return syscall.ENOTDIR
	case len(other.children) > 0:
		return syscall.ENOTEMPTY
	case other.isFolder() && other.space != node.space:
		return syscall.EBUSY
	}
	return nil
}

// rename moves a file of the host.
func (h *vkHost) rename(from, to string) error {
	if h.readOnly {
		return syscall.EROFS
	}
	if file := h.opened(from); file != nil {
		if err := file.sync(); err != nil {
			return err
		}
	}
	kind, size, found, err := h.stat(from)
	switch {
	case err != nil:
		return err
	case !found:
		return syscall.ENOENT
	case kind != EnclosKindFile:
		return syscall.EPERM
	case from == to:
		return nil
	}
	content := &vkHostFile{host: h, rel: from}
	if err := content.load(size, false); err != nil {
		return err
	}
	h.forget(to)
	if err := h.replace(to, content.content); err != nil {
		return err
	}
	h.moved(from, to)
	return h.remove(from)
}
