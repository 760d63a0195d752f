//go:build !go1.23

package runtime

import (
	"internal/goarch"
	"runtime/internal/syscall"
	"unsafe"
)

// enclosEventfd2 is the number of eventfd2(2).
const enclosEventfd2 = 290*goarch.IsAmd64 + 19*goarch.IsArm64

// enclosEventfd takes the place of the pipe by which the poller is woken: an enclave has eventfd2(2), which Go uses since 1.23, and
// no pipe2(2). It is both ends.
func enclosEventfd() (r, w int32, errno int32) {
	fd, _, failed := syscall.Syscall6(enclosEventfd2, 0, _O_NONBLOCK|_O_CLOEXEC, 0, 0, 0, 0)
	return int32(fd), int32(fd), -int32(failed)
}

// enclosBreak wakes the poller: eventfd(2) takes eight bytes, where a pipe takes one.
func enclosBreak() {
	if !netpollWakeSig.CompareAndSwap(0, 1) {
		return
	}
	one := uint64(1)
	for {
		n := write(netpollBreakWr, unsafe.Pointer(&one), 8)
		if n == 8 || n == -_EAGAIN {
			return
		}
		if n != -_EINTR {
			throw("enclos: the poller cannot be woken")
		}
	}
}
