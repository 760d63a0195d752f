package kernel

import (
	"sync"
	"syscall"
	"unsafe"
)

// vkEvents are the descriptors under which one socket or pipe is known. Each is an eventfd, which the poller of the Go runtime
// watches as it watches a socket: edge-triggered, and every write to it is an edge for reading and for writing (eventfd(2)). So
// deadlines, closing and SyscallConn are the runtime's own.
type vkEvents struct {
	mu      sync.Mutex
	numbers []int
	// waits is for descriptors in blocking mode, whose callers wait here and not in the poller.
	waits sync.Cond
	turn  uint64
}

var vkOne = [8]byte{1}

// add makes one more descriptor.
func (e *vkEvents) add() (int, error) {
	number, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if errno != 0 {
		return -1, errno
	}
	e.mu.Lock()
	e.numbers = append(e.numbers, int(number))
	e.mu.Unlock()
	return int(number), nil
}

// remove forgets and closes a descriptor. Under the lock, so that no wake writes into whatever gets its number next.
func (e *vkEvents) remove(number int) (left int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, known := range e.numbers {
		if known == number {
			e.numbers = append(e.numbers[:i], e.numbers[i+1:]...)
			syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(number), 0, 0)
			break
		}
	}
	return len(e.numbers)
}

// wake has every waiter look again.
func (e *vkEvents) wake() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, number := range e.numbers {
		syscall.RawSyscall(syscall.SYS_WRITE, uintptr(number), uintptr(unsafe.Pointer(&vkOne)), uintptr(len(vkOne)))
	}
	e.turn++
	if e.waits.L != nil {
		e.waits.Broadcast()
	}
}

// now is the turn that waitPast waits to be over.
func (e *vkEvents) now() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.turn
}

func (e *vkEvents) waitPast(turn uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waits.L == nil {
		e.waits.L = &e.mu
	}
	for e.turn == turn && len(e.numbers) > 0 {
		e.waits.Wait()
	}
}

// retry does what would block, in blocking mode, until it does not.
func (e *vkEvents) retry(blocking bool, try func() (int, error)) (int, error) {
	for {
		turn := e.now()
		n, err := try()
		if err != syscall.EAGAIN || !blocking {
			return n, err
		}
		e.waitPast(turn)
	}
}
