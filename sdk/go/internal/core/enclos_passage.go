package core

import (
	"sync"
	"syscall"
)

// The passage: a Unix socket through which the host hands over connected sockets (SCM_RIGHTS, unix(7)), each with one frame of 8
// bytes: u8 kind | u8 listener | u16 0 | u32 stream. The enclave answers with notices of 24 bytes: u8 kind | u8 listener | u16 0 |
// u32 count or stream | u64 bytes read | u64 bytes written.

const (
	ecPassedAccepted  = 1
	ecPassedConnected = 2
	ecPassedBytes     = 8

	ecNoticeGrant          = 1
	ecNoticeWithdraw       = 2
	ecNoticeAcceptedEnded  = 3
	ecNoticeConnectedEnded = 4
	// ecMaxUnsentNotices bytes: a host that does not read must not fill the memory of its enclave.
	ecMaxUnsentNotices = 65536
	// ecProtocolTCP is IPPROTO_TCP, and ecSoProtocol SO_PROTOCOL, which package syscall does not name.
	ecProtocolTCP = 6
	ecSoProtocol  = 38
)

// ecReadPassed reads the frame of a passed socket.
func ecReadPassed(b []byte) (kind, listener uint8, stream uint32, err error) {
	broken := ecViolation("a frame on the passage that does not exist")
	if len(b) != ecPassedBytes {
		return 0, 0, 0, broken
	}
	kind, listener, stream = b[0], b[1], ecU32(b[4:])
	isKnown := kind == ecPassedAccepted || (kind == ecPassedConnected && listener == 0)
	if !isKnown || ecU16(b[2:]) != 0 || stream == 0 {
		return 0, 0, 0, broken
	}
	return kind, listener, stream, nil
}

func ecPutNotice(b []byte, kind, listener uint8, value uint32, read, written uint64) []byte {
	b = append(b, kind, listener, 0, 0)
	b = ecPut32(b, value)
	return ecPut64(ecPut64(b, read), written)
}

// ecPassage is this end of the passage.
type ecPassage struct {
	fd int
	// broken ends the enclave.
	broken func(error)

	mu      sync.Mutex
	wake    sync.Cond
	waiting []byte
	ended   bool
}

func ecNewPassage(fd int, broken func(error)) *ecPassage {
	p := &ecPassage{fd: fd, broken: broken}
	p.wake.L = &p.mu
	return p
}

// start begins to read. arrived gets each frame with its descriptor, or -1 for one that is not a connected TCP socket, as when its
// peer has gone meanwhile.
func (p *ecPassage) start(arrived func(frame []byte, fd int) error) {
	go p.write()
	go p.read(arrived)
}

func (p *ecPassage) notify(notice []byte) {
	p.mu.Lock()
	p.waiting = append(p.waiting, notice...)
	isTooMuch := len(p.waiting) > ecMaxUnsentNotices
	p.wake.Signal()
	p.mu.Unlock()
	if isTooMuch {
		p.end(ecViolation("nothing, and does not read the passage"))
	}
}

func (p *ecPassage) write() {
	for {
		p.mu.Lock()
		for len(p.waiting) == 0 && !p.ended {
			p.wake.Wait()
		}
		if p.ended {
			p.mu.Unlock()
			return
		}
		notices := p.waiting
		p.waiting = nil
		p.mu.Unlock()
		if err := ecWriteAll(p.fd, notices); err != nil {
			p.end(err)
			return
		}
	}
}

func (p *ecPassage) read(arrived func([]byte, int) error) {
	// One byte longer than a frame, so that a longer one is seen.
	frame := make([]byte, ecPassedBytes+1)
	rights := make([]byte, syscall.CmsgSpace(4*8))
	for {
		n, rightsBytes, flags, _, err := syscall.Recvmsg(p.fd, frame, rights, syscall.MSG_CMSG_CLOEXEC)
		if err != nil {
			if ecAgain(p.fd, err) {
				continue
			}
			p.end(err)
			return
		}
		if n == 0 && rightsBytes == 0 {
			p.end(nil)
			return
		}
		fds := ecRights(rights[:rightsBytes])
		if n != ecPassedBytes || len(fds) != 1 || flags&syscall.MSG_CTRUNC != 0 {
			for _, fd := range fds {
				_ = syscall.Close(fd)
			}
			p.end(ecViolation("something other than a frame with a descriptor"))
			return
		}
		fd := fds[0]
		if !ecIsConnectedTCP(fd) {
			_ = syscall.Close(fd)
			fd = -1
		}
		if err := arrived(frame[:n], fd); err != nil {
			p.end(err)
			return
		}
	}
}

func (p *ecPassage) end(err error) {
	p.mu.Lock()
	wasEnded := p.ended
	p.ended = true
	p.wake.Broadcast()
	p.mu.Unlock()
	if !wasEnded {
		p.broken(err)
	}
}

func ecRights(b []byte) []int {
	messages, err := syscall.ParseSocketControlMessage(b)
	if err != nil {
		return nil
	}
	var fds []int
	for i := range messages {
		if some, err := syscall.ParseUnixRights(&messages[i]); err == nil {
			fds = append(fds, some...)
		}
	}
	return fds
}

// ecIsConnectedTCP: a host may pass any descriptor. A listening socket would let this process connect elsewhere (sendto with
// MSG_FASTOPEN), so only a connection of TCP is kept (tcp(7), socket(7)).
func ecIsConnectedTCP(fd int) bool {
	kind, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE)
	if err != nil || kind != syscall.SOCK_STREAM {
		return false
	}
	protocol, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, ecSoProtocol)
	if err != nil || protocol != ecProtocolTCP {
		return false
	}
	listens, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	if err != nil || listens != 0 {
		return false
	}
	_, err = syscall.Getpeername(fd)
	return err == nil && syscall.SetNonblock(fd, true) == nil
}

// ecPeerOf is the address of the peer: address, space, port.
func ecPeerOf(fd int) string {
	address, err := syscall.Getpeername(fd)
	if err != nil {
		return ""
	}
	switch known := address.(type) {
	case *syscall.SockaddrInet4:
		a := known.Addr
		return ecItoa(int64(a[0])) + "." + ecItoa(int64(a[1])) + "." + ecItoa(int64(a[2])) + "." + ecItoa(int64(a[3])) + " " +
			ecItoa(int64(known.Port))
	case *syscall.SockaddrInet6:
		return ecIPv6(known.Addr) + " " + ecItoa(int64(known.Port))
	}
	return ""
}

// ecIPv6 is the full form, or the form of IPv4 for a mapped address.
func ecIPv6(a [16]byte) string {
	isMapped := a[10] == 0xff && a[11] == 0xff
	for _, b := range a[:10] {
		isMapped = isMapped && b == 0
	}
	if isMapped {
		return ecItoa(int64(a[12])) + "." + ecItoa(int64(a[13])) + "." + ecItoa(int64(a[14])) + "." + ecItoa(int64(a[15]))
	}
	const hex = "0123456789abcdef"
	text := make([]byte, 0, 39)
	for i := 0; i < 16; i += 2 {
		if i > 0 {
			text = append(text, ':')
		}
		started := false
		for shift := 12; shift >= 0; shift -= 4 {
			digit := (uint(a[i])<<8 | uint(a[i+1])) >> uint(shift) & 0xf
			if started = started || digit != 0 || shift == 0; started {
				text = append(text, hex[digit])
			}
		}
	}
	return string(text)
}
