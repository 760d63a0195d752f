package kernel

import (
	"io"
	"net/netip"
	"sync"
	"syscall"
)

// vkSocket is a TCP socket that the machine's kernel does not know, or an end of a pipe.
type vkSocket struct {
	events vkEvents
	family int
	// tcp is false for pipes.
	tcp bool

	mu            sync.Mutex
	local, remote netip.AddrPort
	// chosen is true when the program left its port to us.
	chosen   bool
	stream   vkStream
	listener *vkListener
	readShut bool
	failure  syscall.Errno
	options  map[[2]int]int
}

func (s *vkSocket) now() (vkStream, *vkListener, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream, s.listener, s.readShut
}

// connected gives the socket its stream.
func (s *vkSocket) connected(stream vkStream, local, remote netip.AddrPort) {
	s.mu.Lock()
	s.stream, s.local, s.remote = stream, local, remote
	s.mu.Unlock()
	stream.Notify(s.events.wake)
	s.events.wake()
}

func (s *vkSocket) read(d *vkDescriptor, p []byte) (int, error) {
	stream, _, shut := s.now()
	if stream == nil {
		return -1, syscall.ENOTCONN
	}
	if shut || len(p) == 0 {
		return 0, nil
	}
	n, err := s.events.retry(d.blocking.Load(), func() (int, error) {
		if d.closed.Load() {
			return -1, syscall.EBADF
		}
		return stream.TryRead(p)
	})
	if err == io.EOF {
		return 0, nil
	}
	return n, vkErrno(err)
}

func (s *vkSocket) write(d *vkDescriptor, p []byte) (int, error) {
	stream, _, _ := s.now()
	if stream == nil {
		return -1, syscall.EPIPE
	}
	written := 0
	for {
		n, err := s.events.retry(d.blocking.Load(), func() (int, error) {
			if d.closed.Load() {
				return -1, syscall.EBADF
			}
			return stream.TryWrite(p[written:])
		})
		written += max(n, 0)
		if err != nil && written == 0 {
			return -1, vkErrno(err)
		}
		// In blocking mode everything is written, as by write(2).
		if err != nil || written == len(p) || !d.blocking.Load() {
			return written, nil
		}
	}
}

func (s *vkSocket) duplicate(k *VkKernel) (int, error) {
	d, err := k.addEvent(&s.events, s)
	if err != nil {
		return -1, err
	}
	return d.number, nil
}

func (s *vkSocket) release(k *VkKernel, d *vkDescriptor) error {
	left := s.events.remove(d.number)
	s.events.wake()
	if left > 0 {
		return nil
	}
	stream, listener, _ := s.now()
	if listener != nil {
		k.net.unlisten(listener)
	}
	if stream != nil {
		stream.Close()
	}
	return nil
}

func (s *vkSocket) stat(st *syscall.Stat_t) {
	if s.tcp {
		st.Mode = syscall.S_IFSOCK | 0o777
	} else {
		st.Mode = syscall.S_IFIFO | 0o600
	}
}

// vkErrno is an error as the package syscall reports it. What a stream says of its end is a broken connection to its users.
func vkErrno(err error) error {
	if err == nil {
		return nil
	}
	if errno, ok := err.(syscall.Errno); ok {
		return errno
	}
	return syscall.ECONNRESET
}

// socketOf finds a socket by its descriptor.
func (k *VkKernel) socketOf(fd int) (*vkSocket, bool) {
	d := k.find(fd)
	if d == nil {
		return nil, false
	}
	s, ok := d.object.(*vkSocket)
	return s, ok
}

// Socket makes a TCP socket. Others do not exist in an enclave: EPERM, as the platform's filter says.
func (k *VkKernel) Socket(domain, kind, protocol int) (int, error) {
	flags := kind & (syscall.SOCK_NONBLOCK | syscall.SOCK_CLOEXEC)
	if domain != syscall.AF_INET && domain != syscall.AF_INET6 || kind&^flags != syscall.SOCK_STREAM {
		return -1, syscall.EPERM
	}
	if protocol != 0 && protocol != syscall.IPPROTO_TCP {
		// Multipath TCP, for one: net then takes TCP.
		return -1, syscall.EPROTONOSUPPORT
	}
	s := &vkSocket{family: domain, tcp: true}
	d, err := k.addEvent(&s.events, s)
	if err != nil {
		return -1, err
	}
	d.blocking.Store(flags&syscall.SOCK_NONBLOCK == 0)
	return d.number, nil
}

// Pipe makes a pipe in memory.
func (k *VkKernel) Pipe(p *[2]int, flags int) error {
	pipe := new(vkPipe)
	ends := [2]*vkEnd{{in: pipe}, {out: pipe}}
	for i, end := range ends {
		s := &vkSocket{stream: end}
		d, err := k.addEvent(&s.events, s)
		if err != nil {
			if i == 1 {
				k.Close(p[0])
			}
			return err
		}
		end.Notify(s.events.wake)
		d.blocking.Store(flags&syscall.O_NONBLOCK == 0)
		p[i] = d.number
	}
	return nil
}

// Shutdown ends one direction, or both.
func (k *VkKernel) Shutdown(fd, how int) (error, bool) {
	s, ok := k.socketOf(fd)
	if !ok {
		return nil, false
	}
	stream, listener, _ := s.now()
	if stream == nil {
		if listener != nil {
			s.events.wake()
			return nil, true
		}
		return syscall.ENOTCONN, true
	}
	if how == syscall.SHUT_RD || how == syscall.SHUT_RDWR {
		s.mu.Lock()
		s.readShut = true
		s.mu.Unlock()
		s.events.wake()
	}
	if how == syscall.SHUT_WR || how == syscall.SHUT_RDWR {
		stream.CloseWrite()
	}
	return nil, true
}

// Setsockopt keeps the option, so that it reads back. The host has set what matters on sockets that it passed, and the platform
// refuses the call there (setsockopt(2) could bind to a device or grow buffers), so it succeeds for those too.
func (k *VkKernel) Setsockopt(fd, level, option int, value int) (error, bool) {
	s, ok := k.socketOf(fd)
	if !ok {
		return nil, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options == nil {
		s.options = map[[2]int]int{}
	}
	if len(s.options) < vkMostOptions {
		s.options[[2]int{level, option}] = value
	}
	return nil, true
}

const vkMostOptions = 64

// Getsockopt answers for options that are one number.
func (k *VkKernel) Getsockopt(fd, level, option int) (int, error, bool) {
	s, ok := k.socketOf(fd)
	if !ok {
		return 0, nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if level == syscall.SOL_SOCKET {
		switch option {
		case syscall.SO_ERROR:
			failure := s.failure
			s.failure = 0
			return int(failure), nil, true
		case syscall.SO_TYPE:
			return syscall.SOCK_STREAM, nil, true
		case syscall.SO_DOMAIN:
			return s.family, nil, true
		case syscall.SO_PROTOCOL:
			return syscall.IPPROTO_TCP, nil, true
		case syscall.SO_ACCEPTCONN:
			if s.listener != nil {
				return 1, nil, true
			}
			return 0, nil, true
		}
	}
	return s.options[[2]int{level, option}], nil, true
}

// Getsockname is the address of this end.
func (k *VkKernel) Getsockname(fd int) (syscall.Sockaddr, error, bool) {
	s, ok := k.socketOf(fd)
	if !ok {
		return nil, nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tcp {
		return nil, syscall.ENOTSOCK, true
	}
	return vkSockaddr(s.local, s.family), nil, true
}

// Getpeername is the address of the other end.
func (k *VkKernel) Getpeername(fd int) (syscall.Sockaddr, error, bool) {
	s, ok := k.socketOf(fd)
	if !ok {
		return nil, nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream == nil || !s.tcp {
		return nil, syscall.ENOTCONN, true
	}
	return vkSockaddr(s.remote, s.family), nil, true
}

// vkSockaddr writes an address as a socket of a family has it: IPv4 inside IPv6 for AF_INET6.
func vkSockaddr(address netip.AddrPort, family int) syscall.Sockaddr {
	if family == syscall.AF_INET6 {
		ip := address.Addr()
		if !ip.IsValid() {
			ip = netip.IPv6Unspecified()
		}
		return &syscall.SockaddrInet6{Port: int(address.Port()), Addr: ip.As16()}
	}
	ip := address.Addr().Unmap()
	if !ip.Is4() {
		ip = netip.IPv4Unspecified()
	}
	return &syscall.SockaddrInet4{Port: int(address.Port()), Addr: ip.As4()}
}

// vkAddress reads an address. IPv4 inside IPv6 becomes IPv4.
func vkAddress(from syscall.Sockaddr) (netip.AddrPort, error) {
	switch a := from.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)), nil
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port)), nil
	}
	return netip.AddrPort{}, syscall.EAFNOSUPPORT
}
