package kernel

import (
	"net/netip"
	"sync"

	. "enclos.invalid/sdk/internal/core"
)

// The addresses of an enclave. 198.18.0.0/15 is for benchmarks and never routed (RFC 2544), so no real peer has one.
var (
	vkOwn       = netip.AddrFrom4([4]byte{198, 18, 0, 1})
	vkLoopback  = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	vkFirstName = [4]byte{198, 18, 1, 0}
)

const (
	vkFirstPort = 49152
	vkLastPort  = 65535
)

// vkNet is the network of an enclave: the listeners of the program, the names that enclave.json declares, and the host's way to both.
type vkNet struct {
	mu        sync.Mutex
	listeners map[uint16][]*vkListener
	pumps     map[int]*vkPump
	nextPort  uint16
	// names are the hosts that have an address, in the order of their addresses.
	names []string
}

// isOwn tells whether an address is one of this enclave.
func vkIsOwn(ip netip.Addr) bool {
	return !ip.IsValid() || ip.IsLoopback() || ip.IsUnspecified() || ip == vkOwn
}

// EnclosNameAddress is the address that stands for a host that enclave.json declares under connect, by its host or by its name.
func (k *VkKernel) EnclosNameAddress(host string) ([4]byte, bool) {
	host = vkHostName(host)
	if host == "localhost" {
		return vkLoopback.As4(), true
	}
	isDeclared := vkDeclares(EnclosManifest(), host)
	if host == EnclosManifest().Name && !isDeclared {
		return vkOwn.As4(), true
	}
	if !isDeclared && EnclosManifest().Network != vkNetworkAny {
		return [4]byte{}, false
	}
	n := &k.net
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, name := range n.names {
		if name == host {
			return vkNameAddress(i), true
		}
	}
	if len(n.names) >= vkMostNames {
		return [4]byte{}, false
	}
	n.names = append(n.names, host)
	return vkNameAddress(len(n.names) - 1), true
}

// vkDeclares tells whether a host is one to connect to, by its host or by its name.
func vkDeclares(manifest *EnclosManifestInfo, host string) bool {
	for _, destination := range manifest.Connect {
		if vkHostName(destination.Host) == host || destination.Name == host {
			return true
		}
	}
	return false
}

// vkNetworkAny is what the manifest says of an enclave whose host may connect it anywhere, and vkNetworkNone of one without a network.
const (
	vkNetworkAny  = "any"
	vkNetworkNone = "none"
)

const vkMostNames = 65536

func vkNameAddress(i int) [4]byte {
	address := vkFirstName
	address[2] += byte(i >> 8)
	address[3] = byte(i)
	if vkFirstName[2]+byte(i>>8) < vkFirstName[2] || i>>8 > 254 {
		address[1]++
	}
	return address
}

// EnclosAddressName is the name that an address stands for.
func (k *VkKernel) EnclosAddressName(ip [4]byte) (string, bool) {
	n := &k.net
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, name := range n.names {
		if vkNameAddress(i) == ip {
			return name, true
		}
	}
	return "", false
}

// vkHostName is a name without the dot of the root, in lower case: names of hosts have no case (RFC 4343).
func vkHostName(host string) string {
	if len(host) > 1 && host[len(host)-1] == '.' {
		host = host[:len(host)-1]
	}
	lower := []byte(host)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

// vkDestination is the place in the manifest of what a program dials, or -1.
func (n *vkNet) destination(to netip.AddrPort) (place int, host string) {
	host = to.Addr().String()
	n.mu.Lock()
	for i, name := range n.names {
		if to.Addr().Is4() && vkNameAddress(i) == to.Addr().As4() {
			host = name
		}
	}
	n.mu.Unlock()
	place = -1
	if EnclosManifest().Network == vkNetworkNone {
		return place, host
	}
	for i, destination := range EnclosManifest().Connect {
		if int(destination.Port) != int(to.Port()) {
			continue
		}
		if vkIsHost(destination.Host, host) {
			return i, host
		}
		if destination.Name == host {
			place = i
		}
	}
	return place, host
}

// vkIsHost compares names, or addresses however they are written. The name of the loopback addresses is looked up to one of them.
func vkIsHost(declared, host string) bool {
	name := vkHostName(declared)
	if name == host {
		return true
	}
	if name == "localhost" {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.IsLoopback()
	}
	ip, err := netip.ParseAddr(declared)
	return err == nil && ip.Unmap().String() == host
}

// vkServedPlace is the place by which the host serves a listener: that in the manifest or, where the network may be any, one for
// its port. It is -1 for what only the program itself reaches: a port that the program did not choose and, where all is declared, a
// loopback address.
func vkServedPlace(address netip.AddrPort, chosen bool) int {
	place := vkDeclaredListener(address.Port())
	if place >= 0 || chosen || EnclosManifest().Network != vkNetworkAny {
		return place
	}
	if address.Addr().IsLoopback() {
		return EnclosLoopbackPort + int(address.Port())
	}
	return EnclosAnyPort + int(address.Port())
}

// declaredListener is the place in the manifest of a port, or -1.
func vkDeclaredListener(port uint16) int {
	if EnclosManifest().Network == vkNetworkNone {
		return -1
	}
	for i, listener := range EnclosManifest().Listen {
		if int(listener.Port) == int(port) {
			return i
		}
	}
	return -1
}
