package kernel

import (
	"io"
	"syscall"
	"time"

	. "enclos.invalid/sdk/internal/core"
)

func vkNow() time.Time { return time.Now() }

func (o *vkOpenFile) read(_ *vkDescriptor, p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.pread(p, o.offset)
	o.offset += int64(n)
	return n, err
}

func (o *vkOpenFile) pread(p []byte, offset int64) (int, error) {
	switch {
	case o.flags&syscall.O_ACCMODE == syscall.O_WRONLY:
		return 0, syscall.EBADF
	case o.isFolder():
		return 0, syscall.EISDIR
	case offset < 0:
		return 0, syscall.EINVAL
	case o.host != nil:
		if whole := o.current(); whole != nil {
			return whole.pread(p, offset)
		}
		if len(p) == 0 {
			return 0, nil
		}
		return o.host.pread(o.rel, p, offset)
	case o.node.device != nil:
		return o.node.device(p)
	}
	o.files.mu.Lock()
	defer o.files.mu.Unlock()
	if offset >= int64(len(o.node.content)) {
		return 0, nil
	}
	return copy(p, o.node.content[offset:]), nil
}

// current is the content in here of a file of the host, if it is open for writing by anyone.
func (o *vkOpenFile) current() *vkHostFile {
	if o.whole != nil {
		return o.whole
	}
	return o.host.opened(o.rel)
}

func (o *vkOpenFile) write(_ *vkDescriptor, p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.flags&syscall.O_APPEND != 0 {
		size, err := o.size()
		if err != nil {
			return 0, err
		}
		o.offset = size
	}
	n, err := o.pwrite(p, o.offset)
	o.offset += int64(n)
	return n, err
}

func (o *vkOpenFile) pwrite(p []byte, offset int64) (int, error) {
	switch {
	case !vkWrites(o.flags):
		return 0, syscall.EBADF
	case offset < 0:
		return 0, syscall.EINVAL
	case o.whole != nil:
		return o.whole.pwrite(p, offset)
	case o.node.device != nil:
		return len(p), nil
	case offset > vkMostSize:
		return 0, syscall.EFBIG
	}
	o.files.mu.Lock()
	defer o.files.mu.Unlock()
	n := o.node
	end := max(offset+int64(len(p)), int64(len(n.content)))
	if err := n.space.grow(end - n.counted()); err != nil {
		return 0, err
	}
	n.own()
	n.content = vkPlaceBytes(n.content, p, offset)
	n.changed = vkNow()
	return len(p), nil
}

func (o *vkOpenFile) size() (int64, error) {
	var st syscall.Stat_t
	err := o.fstat(&st)
	return st.Size, err
}

func (o *vkOpenFile) fstat(st *syscall.Stat_t) error {
	if o.whole != nil {
		size, changed := o.whole.size()
		*st = syscall.Stat_t{Nlink: 1, Blksize: 4096, Ino: vkHash(o.host.target, o.rel), Dev: 1}
		st.Size, st.Mode = size, o.host.mode(EnclosKindFile)
		vkTimes(st, changed)
		return nil
	}
	if o.host != nil {
		return o.host.statInto(st, o.rel)
	}
	o.files.mu.Lock()
	defer o.files.mu.Unlock()
	o.node.stat(st)
	return nil
}

func (o *vkOpenFile) stat(st *syscall.Stat_t) { _ = o.fstat(st) }

func (o *vkOpenFile) duplicate(k *VkKernel) (int, error) {
	o.refs.Add(1)
	number, err := k.addFile(o)
	if err != nil {
		o.refs.Add(-1)
	}
	return number, err
}

func (o *vkOpenFile) release(*VkKernel, *vkDescriptor) error {
	if o.refs.Add(-1) > 0 {
		return nil
	}
	if o.whole != nil {
		return o.whole.close()
	}
	if o.node != nil {
		o.files.mu.Lock()
		defer o.files.mu.Unlock()
		o.node.drop()
	}
	return nil
}

// fileOf finds an open file. Others of our descriptors do not have what the caller asks of a file.
func (k *VkKernel) fileOf(fd int, other error) (*vkOpenFile, error, bool) {
	d := k.find(fd)
	if d == nil {
		return nil, syscall.EBADF, fd >= vkFirstFile
	}
	file, ok := d.object.(*vkOpenFile)
	if !ok {
		return nil, other, true
	}
	return file, nil, true
}

// Pread reads at an offset.
func (k *VkKernel) Pread(fd int, p []byte, offset int64) (int, error, bool) {
	file, err, ours := k.fileOf(fd, syscall.ESPIPE)
	if err != nil || !ours {
		return -1, err, ours
	}
	n, err := file.pread(p, offset)
	return vkCount(n, err), err, true
}

// Pwrite writes at an offset.
func (k *VkKernel) Pwrite(fd int, p []byte, offset int64) (int, error, bool) {
	file, err, ours := k.fileOf(fd, syscall.ESPIPE)
	if err != nil || !ours {
		return -1, err, ours
	}
	n, err := file.pwrite(p, offset)
	return vkCount(n, err), err, true
}

// Seek moves the offset. A folder that is set back is listed anew.
func (k *VkKernel) Seek(fd int, offset int64, whence int) (int64, error, bool) {
	file, err, ours := k.fileOf(fd, syscall.ESPIPE)
	if err != nil || !ours {
		return -1, err, ours
	}
	file.mu.Lock()
	defer file.mu.Unlock()
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += file.offset
	case io.SeekEnd:
		size, err := file.size()
		if err != nil {
			return -1, err, true
		}
		offset += size
	default:
		return -1, syscall.EINVAL, true
	}
	if offset < 0 {
		return -1, syscall.EINVAL, true
	}
	file.offset = offset
	if file.isFolder() {
		file.listed, file.entries = false, nil
	}
	return offset, nil, true
}

// Fstat says what a descriptor stands for.
func (k *VkKernel) Fstat(fd int, st *syscall.Stat_t) (error, bool) {
	d := k.find(fd)
	if d == nil {
		return syscall.EBADF, fd >= vkFirstFile
	}
	if file, ok := d.object.(*vkOpenFile); ok {
		return file.fstat(st), true
	}
	*st = syscall.Stat_t{Nlink: 1, Blksize: 4096}
	d.object.stat(st)
	return nil, true
}

// Ftruncate changes the size of an open file.
func (k *VkKernel) Ftruncate(fd int, size int64) (error, bool) {
	file, err, ours := k.fileOf(fd, syscall.EINVAL)
	switch {
	case err != nil || !ours:
		return err, ours
	case !vkWrites(file.flags) || size < 0:
		return syscall.EINVAL, true
	case file.whole != nil:
		return file.whole.truncate(size), true
	}
	file.files.mu.Lock()
	defer file.files.mu.Unlock()
	return file.node.truncate(size), true
}

// Sync has the host replace a file of its own; there is nothing to do for one in memory.
func (k *VkKernel) Sync(fd int) (error, bool) {
	file, err, ours := k.fileOf(fd, syscall.EINVAL)
	if err != nil || !ours || file.whole == nil {
		return err, ours
	}
	return file.whole.sync(), true
}

// Nop answers what has no meaning here: the owner of a file and its locks, since there is one user and one process.
func (k *VkKernel) Nop(fd int) (error, bool) {
	if k.find(fd) == nil {
		return syscall.EBADF, fd >= vkFirstFile
	}
	return nil, true
}

// Fchmod changes the rights of an open file, which are only shown.
func (k *VkKernel) Fchmod(fd int, mode uint32) (error, bool) {
	file, err, ours := k.fileOf(fd, syscall.EINVAL)
	if err != nil || !ours || file.node == nil {
		return err, ours
	}
	file.files.mu.Lock()
	defer file.files.mu.Unlock()
	return file.node.chmod(mode), true
}

func (n *vkNode) chmod(mode uint32) error {
	if err := n.space.writable(); err != nil {
		return err
	}
	n.mode = n.mode&syscall.S_IFMT | mode&0o7777
	return nil
}
