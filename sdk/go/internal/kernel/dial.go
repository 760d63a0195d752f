package kernel

import (
	"net/netip"
	"strconv"
	"syscall"

	. "enclos.invalid/sdk/internal/core"
)

// EnclosDial connects a socket. It returns another descriptor where the host passed the connected socket; the one that was given is
// then closed. When done is closed first, what comes later is closed, and the error is ECANCELED.
func (k *VkKernel) EnclosDial(fd int, to syscall.Sockaddr, done <-chan struct{}) (int, error) {
	s, ok := k.socketOf(fd)
	if !ok {
		return fd, syscall.EBADF
	}
	address, err := vkAddress(to)
	if err != nil {
		return fd, err
	}
	stream, listener, _ := s.now()
	if stream != nil {
		return fd, syscall.EISCONN
	}
	if listener != nil {
		return fd, syscall.EINVAL
	}
	if vkIsOwn(address.Addr()) {
		err := k.dialOwn(s, address)
		if place, _ := k.net.destination(address); err != syscall.ECONNREFUSED || place < 0 && !vkMayBeTheHosts(address.Addr()) {
			return fd, err
		}
	}
	place, host := k.net.destination(address)
	if place >= 0 {
		return k.dialOut(fd, s, address, func() (*EnclosStream, error) { return EnclosConnect(place) }, done)
	}
	if EnclosManifest().Network == vkNetworkAny {
		return k.dialOut(fd, s, address, func() (*EnclosStream, error) { return EnclosConnectTo(host, int(address.Port())) }, done)
	}
	return fd, vkMayNotDial(host, address.Port())
}

// vkMayBeTheHosts tells whether a loopback address is that of the host where the enclave has no such listener: where the network may be
// any, it is.
func vkMayBeTheHosts(ip netip.Addr) bool {
	return EnclosManifest().Network == vkNetworkAny && ip.IsLoopback()
}

// vkMayNotDial names the line that is missing.
func vkMayNotDial(host string, port uint16) error {
	text := strconv.Itoa(int(port))
	vkWarn("Connecting to " + host + " port " + text + " is refused: enclave.json declares no such destination. Add { \"name\": \"" +
		vkNameFor(host) + "\", \"host\": \"" + host + "\", \"port\": " + text + " } to \"connect\", then build and sign again.")
	return syscall.EACCES
}

// EnclosNotDeclared is what a failed look-up says.
func EnclosNotDeclared(host string) string {
	return "enclave.json declares no such host; add { \"name\": \"" + vkNameFor(host) + "\", \"host\": \"" + host +
		"\", \"port\": PORT } to \"connect\", then build and sign again"
}

// vkNameFor makes a name for a destination: the first label of the host.
func vkNameFor(host string) string {
	name := []byte{}
	for i := 0; i < len(host) && host[i] != '.' && len(name) < 32; i++ {
		if c := host[i]; 'a' <= c && c <= 'z' || '0' <= c && c <= '9' && len(name) > 0 {
			name = append(name, c)
		}
	}
	if len(name) == 0 {
		return "peer"
	}
	return string(name)
}

// dialOwn connects to a listener of this program, in memory.
func (k *VkKernel) dialOwn(s *vkSocket, to netip.AddrPort) error {
	ip := to.Addr()
	if ip.IsUnspecified() {
		ip = vkLoopback
	}
	n := &k.net
	n.mu.Lock()
	var found *vkListener
	for _, listener := range n.listeners[to.Port()] {
		if vkOverlap(listener.address.Addr(), ip) {
			found = listener
		}
	}
	port, err := n.freePort()
	n.mu.Unlock()
	if found == nil {
		return syscall.ECONNREFUSED
	}
	if err != nil {
		return syscall.EADDRNOTAVAIL
	}
	here, there := vkPair()
	local := netip.AddrPortFrom(ip, port)
	s.connected(here, local, netip.AddrPortFrom(ip, to.Port()))
	if !n.deliver(found, &vkArrival{stream: there, remote: local}) {
		s.mu.Lock()
		s.stream = nil
		s.mu.Unlock()
		return syscall.ECONNREFUSED
	}
	return nil
}

// vkDialled is what EnclosConnect gave.
type vkDialled struct {
	stream *EnclosStream
	err    error
}

// dialOut has the host connect.
func (k *VkKernel) dialOut(fd int, s *vkSocket, to netip.AddrPort, connect func() (*EnclosStream, error), done <-chan struct{}) (int, error) {
	answers := make(chan vkDialled, 1)
	go func() {
		stream, err := connect()
		answers <- vkDialled{stream, err}
	}()
	select {
	case answer := <-answers:
		if answer.err != nil {
			return fd, vkDialErrno(answer.err)
		}
		if answer.stream.FD() >= 0 {
			passed, err := k.adopt(answer.stream, true)
			if err != nil {
				return fd, err
			}
			k.Close(fd)
			return passed, nil
		}
		s.connected(answer.stream, netip.AddrPortFrom(vkOwn, 0), to)
		return fd, nil
	case <-done:
		go func() {
			if answer := <-answers; answer.stream != nil {
				answer.stream.Close()
			}
		}()
		return fd, syscall.ECANCELED
	}
}

// vkDialErrno: the host says only that it could not connect. Its limits are ours too.
func vkDialErrno(err error) error {
	if known, ok := err.(*EnclosError); ok && known.Code == "STREAM_LIMIT" {
		return syscall.EMFILE
	}
	return syscall.ECONNREFUSED
}

// Connect is for programs that call it themselves. It waits, also in non-blocking mode, and cannot take a passed socket.
func (k *VkKernel) Connect(fd int, to syscall.Sockaddr) (error, bool) {
	if _, ok := k.socketOf(fd); !ok {
		return nil, false
	}
	now, err := k.EnclosDial(fd, to, nil)
	if now != fd {
		syscall.Close(now)
		return syscall.EOPNOTSUPP, true
	}
	return err, true
}
