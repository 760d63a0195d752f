package kernel

import (
	"syscall"
	"time"

	. "enclos.invalid/sdk/internal/core"
)

const (
	vkAtRemoveDir  = 0x200
	vkAtNoFollow   = 0x100
	vkAtEmptyPath  = 0x1000
	vkAccessWrites = 2
	vkUtimeOmit    = (1 << 30) - 2
	vkUtimeNow     = (1 << 30) - 1
)

// Fstatat says what is at a path.
func (k *VkKernel) Fstatat(dirfd int, path string, st *syscall.Stat_t, flags int) error {
	if path == "" && flags&vkAtEmptyPath != 0 {
		err, _ := k.Fstat(dirfd, st)
		return err
	}
	k.files.mu.Lock()
	place, err := k.place(dirfd, path, flags&vkAtNoFollow == 0)
	if err != nil || place.host == nil {
		defer k.files.mu.Unlock()
		if err != nil {
			return err
		}
		if place.node == nil {
			return syscall.ENOENT
		}
		if place.folderOnly && !place.node.isFolder() {
			return syscall.ENOTDIR
		}
		place.node.stat(st)
		return nil
	}
	k.files.mu.Unlock()
	err = place.host.statInto(st, place.rel)
	if err == nil && place.folderOnly && st.Mode&syscall.S_IFMT != syscall.S_IFDIR {
		return syscall.ENOTDIR
	}
	return err
}

// Faccessat: everything that is there can be read; what is in a read-only mount cannot be written.
func (k *VkKernel) Faccessat(dirfd int, path string, mode uint32) error {
	k.files.mu.Lock()
	place, err := k.place(dirfd, path, true)
	k.files.mu.Unlock()
	if err != nil {
		return err
	}
	if place.host != nil {
		var st syscall.Stat_t
		if err := place.host.statInto(&st, place.rel); err != nil {
			return err
		}
		if mode&vkAccessWrites != 0 && place.host.readOnly {
			return syscall.EROFS
		}
		return nil
	}
	if place.node == nil {
		return syscall.ENOENT
	}
	if mode&vkAccessWrites != 0 && place.node.device == nil {
		return place.node.space.writable()
	}
	return nil
}

// Mkdirat makes a folder.
func (k *VkKernel) Mkdirat(dirfd int, path string, mode uint32) error {
	k.files.mu.Lock()
	defer k.files.mu.Unlock()
	place, err := k.place(dirfd, path, false)
	switch {
	case err != nil:
		return err
	case place.host != nil:
		return place.host.mayMakeFolder(place.rel)
	case place.node != nil:
		return syscall.EEXIST
	}
	if err := place.parent.space.writable(); err != nil {
		vkNotMounted(place.parent.space, path)
		return err
	}
	k.files.make(place.parent, place.name, syscall.S_IFDIR|mode&0o7777)
	return nil
}

// mayMakeFolder: the host's file service makes no folders, but one that is there is what os.MkdirAll wants.
func (h *vkHost) mayMakeFolder(rel string) error {
	kind, _, found, err := h.stat(rel)
	switch {
	case err != nil:
		return err
	case found && kind == EnclosKindFolder:
		return syscall.EEXIST
	case found:
		return syscall.ENOTDIR
	case h.readOnly:
		return syscall.EROFS
	}
	return syscall.EPERM
}

// Unlinkat removes a file, or an empty folder.
func (k *VkKernel) Unlinkat(dirfd int, path string, flags int) error {
	k.files.mu.Lock()
	place, err := k.place(dirfd, path, false)
	if err == nil && place.host != nil {
		k.files.mu.Unlock()
		return place.host.unlink(place.rel, flags&vkAtRemoveDir != 0)
	}
	defer k.files.mu.Unlock()
	if err != nil {
		return err
	}
	node := place.node
	switch {
	case node == nil:
		return syscall.ENOENT
	case place.parent == nil || place.name == "":
		return syscall.EBUSY
	case node.isFolder() != (flags&vkAtRemoveDir != 0):
		if node.isFolder() {
			return syscall.EISDIR
		}
		return syscall.ENOTDIR
	case len(node.children) > 0:
		return syscall.ENOTEMPTY
	}
	if err := place.parent.space.writable(); err != nil {
		return err
	}
	if node.isFolder() && node.space != place.parent.space {
		return syscall.EBUSY
	}
	place.parent.detach(place.name)
	return nil
}

func (h *vkHost) unlink(rel string, folder bool) error {
	if rel == "" {
		return syscall.EBUSY
	}
	var st syscall.Stat_t
	if err := h.statInto(&st, rel); err != nil {
		return err
	}
	isFolder := st.Mode&syscall.S_IFMT == syscall.S_IFDIR
	switch {
	case h.readOnly:
		return syscall.EROFS
	case isFolder && !folder:
		return syscall.EISDIR
	case !isFolder && folder:
		return syscall.ENOTDIR
	case isFolder:
		return syscall.EPERM
	}
	h.forget(rel)
	return h.remove(rel)
}

// detach takes a name away. What was there lives as long as it is open.
func (n *vkNode) detach(name string) {
	child := n.children[name]
	delete(n.children, name)
	n.changed = time.Now()
	child.links--
	child.drop()
}

// drop gives back what a file without a name took. An open one keeps its content, which is the program's own memory.
func (n *vkNode) drop() {
	if n.links <= 0 && n.space != nil {
		n.space.used -= n.counted()
		n.space = &vkSpace{most: n.space.most}
	}
}

// Readlinkat reads a symbolic link.
func (k *VkKernel) Readlinkat(dirfd int, path string, buf []byte) (int, error) {
	k.files.mu.Lock()
	defer k.files.mu.Unlock()
	place, err := k.place(dirfd, path, false)
	if err != nil {
		return -1, err
	}
	if place.host == nil && place.node == nil {
		return -1, syscall.ENOENT
	}
	if place.host != nil || !place.node.isLink() {
		return -1, syscall.EINVAL
	}
	return copy(buf, place.node.link), nil
}

// Symlinkat makes a symbolic link.
func (k *VkKernel) Symlinkat(target string, dirfd int, path string) error {
	k.files.mu.Lock()
	defer k.files.mu.Unlock()
	place, err := k.place(dirfd, path, false)
	switch {
	case err != nil:
		return err
	case target == "":
		return syscall.ENOENT
	case place.host != nil:
		return syscall.EPERM
	case place.node != nil:
		return syscall.EEXIST
	case len(target) >= vkMostPath:
		return syscall.ENAMETOOLONG
	}
	if err := place.parent.space.writable(); err != nil {
		return err
	}
	k.files.make(place.parent, place.name, syscall.S_IFLNK|0o777).link = target
	return nil
}

// Linkat gives a file one more name.
func (k *VkKernel) Linkat(olddirfd int, oldpath string, newdirfd int, newpath string) error {
	k.files.mu.Lock()
	defer k.files.mu.Unlock()
	from, err := k.place(olddirfd, oldpath, false)
	if err != nil {
		return err
	}
	to, err := k.place(newdirfd, newpath, false)
	switch {
	case err != nil:
		return err
	case from.host != nil || to.host != nil:
		return syscall.EPERM
	case from.node == nil:
		return syscall.ENOENT
	case to.node != nil:
		return syscall.EEXIST
	case from.node.isFolder():
		return syscall.EPERM
	case from.node.space != to.parent.space:
		return syscall.EXDEV
	}
	if err := to.parent.space.writable(); err != nil {
		return err
	}
	to.parent.children[to.name] = from.node
	from.node.links++
	return nil
}

// Fchmodat changes rights, which are only shown.
func (k *VkKernel) Fchmodat(dirfd int, path string, mode uint32) error {
	k.files.mu.Lock()
	defer k.files.mu.Unlock()
	place, err := k.place(dirfd, path, true)
	switch {
	case err != nil:
		return err
	case place.host != nil:
		return nil
	case place.node == nil:
		return syscall.ENOENT
	}
	return place.node.chmod(mode)
}

// Utimensat sets the time of the last change.
func (k *VkKernel) Utimensat(dirfd int, path string, times *[2]syscall.Timespec, flags int) error {
	k.files.mu.Lock()
	defer k.files.mu.Unlock()
	place, err := k.place(dirfd, path, flags&vkAtNoFollow == 0)
	switch {
	case err != nil:
		return err
	case place.host != nil:
		return nil
	case place.node == nil:
		return syscall.ENOENT
	}
	if err := place.node.space.writable(); err != nil {
		return err
	}
	switch {
	case times == nil || times[1].Nsec == vkUtimeNow:
		place.node.changed = time.Now()
	case times[1].Nsec != vkUtimeOmit:
		place.node.changed = time.Unix(times[1].Unix())
	}
	return nil
}

// Truncate changes the size of a file.
func (k *VkKernel) Truncate(path string, size int64) error {
	fd, err := k.Openat(vkAtCwd, path, syscall.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err, _ = k.Ftruncate(fd, size)
	if closing, _ := k.Close(fd); err == nil {
		err = closing
	}
	return err
}
