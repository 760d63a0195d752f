package kernel

import (
	"net/netip"
	"strconv"
	"syscall"

	. "enclos.invalid/sdk/internal/core"
)

// vkArrival is a connection that waits to be accepted: relayed or in memory as a stream, or passed as a descriptor.
type vkArrival struct {
	stream vkStream
	passed *EnclosStream
	remote netip.AddrPort
}

func (a *vkArrival) drop() {
	if a.passed != nil {
		a.passed.Close()
	} else {
		a.stream.Close()
	}
}

// vkListener is a listening socket.
type vkListener struct {
	socket  *vkSocket
	address netip.AddrPort
	// declared is the place by which the host serves it; -1 for one that only the program itself can reach.
	declared int
	// The rest is guarded by the lock of vkNet.
	queue  []*vkArrival
	asked  bool
	closed bool
	// refused is true when the host does not serve its port.
	refused bool
}

// vkMostWaiting connections of the program itself wait at one of its listeners. Those of the host wait at the host.
const vkMostWaiting = 4096

// Bind gives a socket its address.
func (k *VkKernel) Bind(fd int, to syscall.Sockaddr) (error, bool) {
	s, ok := k.socketOf(fd)
	if !ok {
		return nil, false
	}
	address, err := vkAddress(to)
	if err != nil {
		return err, true
	}
	if !vkIsOwn(address.Addr()) {
		return syscall.EADDRNOTAVAIL, true
	}
	k.net.mu.Lock()
	defer k.net.mu.Unlock()
	if k.net.isTaken(address) {
		return syscall.EADDRINUSE, true
	}
	if err := vkMayListen(address); err != nil {
		return err, true
	}
	chosen := false
	if address.Port() == 0 {
		port, err := k.net.freePort()
		if err != nil {
			return err, true
		}
		address = netip.AddrPortFrom(address.Addr(), port)
		chosen = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.local.Port() != 0 {
		return syscall.EINVAL, true
	}
	s.local, s.chosen = address, chosen
	return nil, true
}

// vkMayListen: a declared port is served to the host's clients, and loopback and a port of the enclave's choice to the program itself.
// Where the network may be any, so is the port.
func vkMayListen(address netip.AddrPort) error {
	if address.Port() == 0 || vkDeclaredListener(address.Port()) >= 0 || address.Addr().IsLoopback() || EnclosManifest().Network == vkNetworkAny {
		return nil
	}
	port := strconv.Itoa(int(address.Port()))
	vkWarn("Listening on port " + port + " is refused: enclave.json declares no such port. Add { \"name\": \"port-" + port +
		"\", \"port\": " + port + " } to \"listen\", then build and sign again.")
	return syscall.EACCES
}

func (n *vkNet) isTaken(address netip.AddrPort) bool {
	for _, other := range n.listeners[address.Port()] {
		if vkOverlap(other.address.Addr(), address.Addr()) {
			return true
		}
	}
	return false
}

func vkOverlap(a, b netip.Addr) bool {
	return a == b || a.IsUnspecified() || b.IsUnspecified()
}

func (n *vkNet) freePort() (uint16, error) {
	for range [vkLastPort - vkFirstPort + 1]struct{}{} {
		if n.nextPort < vkFirstPort {
			n.nextPort = vkFirstPort
		}
		port := n.nextPort
		n.nextPort++
		if len(n.listeners[port]) == 0 && vkDeclaredListener(port) < 0 {
			return port, nil
		}
	}
	return 0, syscall.EADDRINUSE
}

// Listen makes a socket listen.
func (k *VkKernel) Listen(fd, _ int) (error, bool) {
	s, ok := k.socketOf(fd)
	if !ok {
		return nil, false
	}
	if _, listener, _ := s.now(); listener != nil {
		return nil, true
	}
	n := &k.net
	n.mu.Lock()
	defer n.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream != nil || !s.tcp {
		return syscall.EINVAL, true
	}
	if s.local.Port() == 0 {
		port, err := n.freePort()
		if err != nil {
			return err, true
		}
		s.local, s.chosen = netip.AddrPortFrom(netip.IPv4Unspecified(), port), true
	}
	if n.isTaken(s.local) {
		return syscall.EADDRINUSE, true
	}
	s.listener = &vkListener{socket: s, address: s.local, declared: vkServedPlace(s.local, s.chosen)}
	if n.listeners == nil {
		n.listeners = map[uint16][]*vkListener{}
	}
	n.listeners[s.local.Port()] = append(n.listeners[s.local.Port()], s.listener)
	if s.listener.declared >= 0 {
		n.pumpOf(s.listener.declared).serve(s.listener)
	}
	return nil, true
}

// unlisten ends a listener. What it did not accept is closed.
func (n *vkNet) unlisten(listener *vkListener) {
	n.mu.Lock()
	listener.closed = true
	port := listener.address.Port()
	left := n.listeners[port][:0]
	for _, other := range n.listeners[port] {
		if other != listener {
			left = append(left, other)
		}
	}
	n.listeners[port] = left
	if len(left) == 0 {
		delete(n.listeners, port)
	}
	queue := listener.queue
	listener.queue = nil
	if listener.declared >= 0 {
		n.pumpOf(listener.declared).stop(listener)
	}
	n.mu.Unlock()
	for _, arrival := range queue {
		arrival.drop()
	}
}

// deliver queues a connection, unless the listener is gone or full.
func (n *vkNet) deliver(listener *vkListener, arrival *vkArrival) bool {
	n.mu.Lock()
	if listener.closed || len(listener.queue) >= vkMostWaiting {
		n.mu.Unlock()
		return false
	}
	listener.queue = append(listener.queue, arrival)
	asked := listener.asked
	listener.asked = false
	n.mu.Unlock()
	if asked {
		listener.socket.events.wake()
	}
	return true
}

// take is the next connection of a listener, or EAGAIN.
func (n *vkNet) take(listener *vkListener) (*vkArrival, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if listener.closed {
		return nil, syscall.EINVAL
	}
	if len(listener.queue) == 0 && listener.refused {
		return nil, syscall.EADDRINUSE
	}
	if len(listener.queue) == 0 {
		listener.asked = true
		return nil, syscall.EAGAIN
	}
	arrival := listener.queue[0]
	listener.queue[0] = nil
	listener.queue = listener.queue[1:]
	if listener.declared >= 0 {
		n.pumpOf(listener.declared).taken()
	}
	return arrival, nil
}

// Accept4 takes a connection that has arrived. A passed one is a descriptor of the machine's kernel.
func (k *VkKernel) Accept4(fd, flags int) (int, syscall.Sockaddr, error, bool) {
	d := k.find(fd)
	if d == nil {
		return -1, nil, nil, false
	}
	s, ok := d.object.(*vkSocket)
	if !ok {
		return -1, nil, syscall.ENOTSOCK, true
	}
	_, listener, _ := s.now()
	if listener == nil {
		return -1, nil, syscall.EINVAL, true
	}
	var arrival *vkArrival
	_, err := s.events.retry(d.blocking.Load(), func() (int, error) {
		var err error
		if d.closed.Load() {
			return 0, syscall.EBADF
		}
		arrival, err = k.net.take(listener)
		return 0, err
	})
	if err != nil {
		return -1, nil, err, true
	}
	number, err := k.accepted(s, listener, arrival, flags)
	if err != nil {
		return -1, nil, err, true
	}
	return number, vkSockaddr(arrival.remote, s.family), nil, true
}

func (k *VkKernel) accepted(s *vkSocket, listener *vkListener, arrival *vkArrival, flags int) (int, error) {
	if arrival.passed != nil {
		return k.adopt(arrival.passed, flags&syscall.SOCK_NONBLOCK != 0)
	}
	accepted := &vkSocket{family: s.family, tcp: true}
	d, err := k.addEvent(&accepted.events, accepted)
	if err != nil {
		arrival.drop()
		return -1, err
	}
	d.blocking.Store(flags&syscall.SOCK_NONBLOCK == 0)
	local := listener.address
	if local.Addr().IsUnspecified() {
		ip := vkOwn
		if arrival.remote.Addr().IsLoopback() {
			ip = vkLoopback
		}
		local = netip.AddrPortFrom(ip, local.Port())
	}
	accepted.connected(arrival.stream, local, arrival.remote)
	return d.number, nil
}
