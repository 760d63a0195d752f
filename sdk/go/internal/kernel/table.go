// Package kernel answers the system calls of a Go program inside an enclave: files, folders, pipes and TCP sockets.
//
// An enclave has no file and no network that the kernel of the machine would give it, so the overlay of `enclos go build` has the
// package syscall ask here first. Everything above it is the standard library as it is: net, os and crypto/tls see descriptors,
// addresses and errno values as on any Linux.
//
// The overlay copies these files, as those of internal/core, into the package internal/poll. So they import only what that package
// may import, and begin every name at package level with "vk", "Vk" or "Enclos".
package kernel

import (
	"sync"
	"sync/atomic"
	"syscall"

	. "enclos.invalid/sdk/internal/core"
)

// VkKernel is what the overlay installs in the package syscall. The last result of a method about a descriptor says whether the
// descriptor is one of ours; the calls about others go to the machine's kernel, which knows connected sockets that the host passed.
type VkKernel struct {
	net   vkNet
	files vkFiles
	// sockets holds what has an eventfd, by its number: reads and writes of sockets look here first and take no lock.
	sockets []atomic.Pointer[vkDescriptor]
	// passed are connected sockets of the machine that the host passed: whoever closes one tells the host.
	passed []atomic.Pointer[EnclosStream]
	mu     sync.RWMutex
	// opened holds files. Their numbers are above those of the machine's kernel, and nothing there has them.
	opened     map[int]*vkDescriptor
	next       int
	hasPassage bool
	// lines are the unfinished lines of standard output and standard error.
	lines [2]vkLines
}

// vkFirstFile is the number of the first file. Descriptors of the machine are below: the platform bounds them.
const vkFirstFile = 1 << 24

// vkMostFiles may be open at once.
const vkMostFiles = 4096

// vkObject is what a descriptor stands for: a socket, an end of a pipe, an open file.
type vkObject interface {
	read(d *vkDescriptor, p []byte) (int, error)
	write(d *vkDescriptor, p []byte) (int, error)
	// duplicate makes a further descriptor of the same object.
	duplicate(k *VkKernel) (int, error)
	// release is told that the descriptor is closed.
	release(k *VkKernel, d *vkDescriptor) error
	stat(st *syscall.Stat_t)
}

type vkDescriptor struct {
	number   int
	object   vkObject
	blocking atomic.Bool
	closed   atomic.Bool
}

func vkNewKernel(mostDescriptors int) *VkKernel {
	return &VkKernel{
		sockets: make([]atomic.Pointer[vkDescriptor], mostDescriptors),
		passed:  make([]atomic.Pointer[EnclosStream], mostDescriptors),
		opened:  map[int]*vkDescriptor{},
		next:    vkFirstFile,
	}
}

// find is nil for a descriptor that is not ours.
func (k *VkKernel) find(fd int) *vkDescriptor {
	if fd >= 0 && fd < len(k.sockets) {
		return k.sockets[fd].Load()
	}
	if fd < vkFirstFile {
		return nil
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.opened[fd]
}

// addEvent gives an object with events one more descriptor.
func (k *VkKernel) addEvent(events *vkEvents, object vkObject) (*vkDescriptor, error) {
	number, err := events.add()
	if err != nil {
		return nil, err
	}
	if number >= len(k.sockets) {
		events.remove(number)
		return nil, syscall.EMFILE
	}
	d := &vkDescriptor{number: number, object: object}
	k.sockets[number].Store(d)
	return d, nil
}

// addFile gives an open file a descriptor: the lowest number that is free, as POSIX wants it.
func (k *VkKernel) addFile(object vkObject) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.opened) >= vkMostFiles {
		return -1, syscall.EMFILE
	}
	number := vkFirstFile
	for k.opened[number] != nil {
		number++
	}
	d := &vkDescriptor{number: number, object: object}
	d.blocking.Store(true)
	k.opened[number] = d
	return number, nil
}

// Close closes one of our descriptors.
func (k *VkKernel) Close(fd int) (error, bool) {
	d := k.find(fd)
	if d == nil {
		return k.closeForeign(fd)
	}
	if d.closed.Swap(true) {
		return syscall.EBADF, true
	}
	if fd < vkFirstFile {
		k.sockets[fd].Store(nil)
	} else {
		k.mu.Lock()
		delete(k.opened, fd)
		k.mu.Unlock()
	}
	return d.object.release(k, d), true
}

// closeForeign keeps the descriptors on which the enclave lives from a program that closes what it did not open.
func (k *VkKernel) closeForeign(fd int) (error, bool) {
	if fd >= vkFirstFile || fd == vkGate || fd == vkPlatform || fd == vkPassage && k.hasPassage {
		return syscall.EBADF, true
	}
	if fd >= 0 && fd < len(k.passed) {
		// Its Close comes here again, and finds nothing.
		if stream := k.passed[fd].Swap(nil); stream != nil {
			return stream.Close(), true
		}
	}
	return nil, false
}

// adopt makes a passed socket a descriptor of the program.
func (k *VkKernel) adopt(stream *EnclosStream, nonblocking bool) (int, error) {
	fd := stream.FD()
	if fd >= len(k.passed) {
		stream.Close()
		return -1, syscall.EMFILE
	}
	if err := syscall.SetNonblock(fd, nonblocking); err != nil {
		stream.Close()
		return -1, err
	}
	k.passed[fd].Store(stream)
	return fd, nil
}

// The gate, the platform channel and the passage, which not every enclave has.
const (
	vkGate     = 3
	vkPlatform = 4
	vkPassage  = 8
)

// Fcntl knows what the standard library asks for.
func (k *VkKernel) Fcntl(fd, cmd, arg int) (int, error, bool) {
	d := k.find(fd)
	if d == nil {
		if fd >= vkFirstFile {
			return -1, syscall.EBADF, true
		}
		return 0, nil, false
	}
	switch cmd {
	case syscall.F_DUPFD, syscall.F_DUPFD_CLOEXEC:
		number, err := d.object.duplicate(k)
		return number, err, true
	case syscall.F_GETFD:
		return syscall.FD_CLOEXEC, nil, true
	case syscall.F_SETFD, syscall.F_SETLK, syscall.F_SETLKW:
		return 0, nil, true
	case syscall.F_GETFL:
		flags := syscall.O_RDWR
		if file, ok := d.object.(*vkOpenFile); ok {
			flags = file.flags &^ (syscall.O_CREAT | syscall.O_EXCL | syscall.O_TRUNC)
		}
		if !d.blocking.Load() {
			flags |= syscall.O_NONBLOCK
		}
		return flags, nil, true
	case syscall.F_SETFL:
		d.blocking.Store(arg&syscall.O_NONBLOCK == 0)
		return 0, nil, true
	}
	return -1, syscall.EINVAL, true
}

// Dup is a further descriptor of the same object.
func (k *VkKernel) Dup(fd int) (int, error, bool) {
	return k.Fcntl(fd, syscall.F_DUPFD, 0)
}

// Read reads from one of our descriptors.
func (k *VkKernel) Read(fd int, p []byte) (int, error, bool) {
	d := k.find(fd)
	if d == nil {
		return -1, syscall.EBADF, fd >= vkFirstFile
	}
	n, err := d.object.read(d, p)
	return vkCount(n, err), err, true
}

// Write writes to one of our descriptors; what goes to standard output and standard error becomes lines of the host's log.
func (k *VkKernel) Write(fd int, p []byte) (int, error, bool) {
	d := k.find(fd)
	if d != nil {
		n, err := d.object.write(d, p)
		return vkCount(n, err), err, true
	}
	if fd == 1 || fd == 2 {
		k.lines[fd-1].write(p)
		return len(p), nil, true
	}
	return -1, syscall.EBADF, fd >= vkFirstFile
}

// Writev is Write for the first buffers: so many as make one worthwhile piece.
func (k *VkKernel) Writev(fd int, buffers []syscall.Iovec) (int, error) {
	var joined []byte
	for _, buffer := range buffers {
		piece := vkBytes(buffer.Base, int(buffer.Len))
		if len(joined) == 0 && (len(piece) >= vkPiece || len(buffers) == 1) {
			return syscall.Write(fd, piece)
		}
		piece = piece[:min(len(piece), vkPiece-len(joined))]
		joined = append(joined, piece...)
		if len(joined) == vkPiece {
			break
		}
	}
	if len(joined) == 0 {
		return 0, nil
	}
	return syscall.Write(fd, joined)
}

const vkPiece = 64 * 1024

func vkCount(n int, err error) int {
	if err != nil {
		return -1
	}
	return n
}
