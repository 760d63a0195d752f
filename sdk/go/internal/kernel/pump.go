package kernel

import (
	"net/netip"
	"strconv"
	"sync"

	. "enclos.invalid/sdk/internal/core"
)

// vkPump brings the connections that the host accepts on one declared port to whatever listens there. It asks for no more than a few
// ahead of the program, so that the others wait at the host.
type vkPump struct {
	net      *vkNet
	place    int
	wait     sync.Cond // on the lock of vkNet
	listener *vkListener
	waiting  int
}

// vkAhead connections may wait inside.
const vkAhead = 16

// pumpOf is called under the lock.
func (n *vkNet) pumpOf(place int) *vkPump {
	pump := n.pumps[place]
	if pump == nil {
		if n.pumps == nil {
			n.pumps = map[int]*vkPump{}
		}
		pump = &vkPump{net: n, place: place}
		pump.wait.L = &n.mu
		n.pumps[place] = pump
		go pump.run()
	}
	return pump
}

func (p *vkPump) serve(listener *vkListener) {
	p.listener = listener
	p.waiting = 0
	p.wait.Broadcast()
}

func (p *vkPump) stop(listener *vkListener) {
	if p.listener == listener {
		p.listener = nil
		EnclosUnlisten(p.place)
	}
}

func (p *vkPump) taken() {
	p.waiting--
	p.wait.Broadcast()
}

func (p *vkPump) run() {
	for {
		p.net.mu.Lock()
		for p.listener == nil || p.waiting >= vkAhead {
			p.wait.Wait()
		}
		p.net.mu.Unlock()
		stream, peer, err := EnclosAccept(p.place)
		if err == EnclosErrClosed {
			continue
		}
		if err != nil {
			// The host is gone, or may not accept here: nothing else comes.
			vkWarn("No further connection on " + p.name() + ": " + err.Error())
			if p.place >= EnclosAnyPort {
				p.refused()
			}
			return
		}
		p.bring(vkArrivalOf(stream, peer))
	}
}

func (p *vkPump) name() string {
	if p.place >= EnclosAnyPort {
		return "port " + strconv.Itoa(p.place&0xffff)
	}
	return EnclosManifest().Listen[p.place].Name
}

// refused ends the listener of a port that the host cannot open: the program learns it from Accept, and may listen again.
func (p *vkPump) refused() {
	p.net.mu.Lock()
	delete(p.net.pumps, p.place)
	listener := p.listener
	if listener != nil {
		listener.refused = true
	}
	p.net.mu.Unlock()
	if listener != nil {
		listener.socket.events.wake()
	}
}

func (p *vkPump) bring(arrival *vkArrival) {
	p.net.mu.Lock()
	listener := p.listener
	p.net.mu.Unlock()
	if listener == nil || !p.net.deliver(listener, arrival) {
		arrival.drop()
		return
	}
	p.net.mu.Lock()
	p.waiting++
	p.net.mu.Unlock()
}

func vkArrivalOf(stream *EnclosStream, peer string) *vkArrival {
	arrival := &vkArrival{remote: vkPeerAddress(peer)}
	if stream.FD() >= 0 {
		arrival.passed = stream
	} else {
		arrival.stream = stream
	}
	return arrival
}

// vkPeerAddress reads what the host says of a peer: address, space, port. It may lie, or say nothing: then the address is 0.0.0.0.
func vkPeerAddress(peer string) netip.AddrPort {
	nobody := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	for at := range peer {
		if peer[at] != ' ' {
			continue
		}
		ip, err := netip.ParseAddr(peer[:at])
		port, err2 := strconv.ParseUint(peer[at+1:], 10, 16)
		if err != nil || err2 != nil {
			return nobody
		}
		return netip.AddrPortFrom(ip.Unmap().WithZone(""), uint16(port))
	}
	return nobody
}
