package net

import (
	"context"
	"internal/poll"
	"os"
	"syscall"
)

// enclosConnect connects as connect does, inside an enclave. The host may hand over a connected socket, which then takes the place of
// the descriptor of this netFD.
func (fd *netFD) enclosConnect(ctx context.Context, to syscall.Sockaddr) (syscall.Sockaddr, error) {
	connected, err := poll.EnclosDial(fd.pfd.Sysfd, to, ctx.Done())
	fd.pfd.Sysfd = connected
	if err == syscall.ECANCELED && ctx.Err() != nil {
		return nil, mapErr(ctx.Err())
	}
	if err != nil {
		return nil, os.NewSyscallError("connect", err)
	}
	return nil, fd.pfd.Init(fd.net, true)
}

// enclosLookup finds the addresses of a declared name. Nothing else has one.
func enclosLookup(network, host string) ([]IPAddr, error) {
	if ip := ParseIP(host); ip != nil {
		return []IPAddr{{IP: ip}}, nil
	}
	address, found := poll.EnclosNameAddress(host)
	if !found {
		return nil, &DNSError{Err: poll.EnclosNotDeclared(host), Name: host, IsNotFound: true}
	}
	ip := IPv4(address[0], address[1], address[2], address[3])
	if len(network) > 0 && network[len(network)-1] == '6' {
		if !ip.IsLoopback() {
			return nil, &DNSError{Err: errNoSuchHost.Error(), Name: host, IsNotFound: true}
		}
		ip = IPv6loopback
	}
	return []IPAddr{{IP: ip}}, nil
}

func enclosLookupHost(host string) ([]string, error) {
	addresses, err := enclosLookup("ip", host)
	if err != nil {
		return nil, err
	}
	return []string{addresses[0].String()}, nil
}

func enclosLookupAddr(address string) ([]string, error) {
	if ip := ParseIP(address).To4(); ip != nil {
		if name, found := poll.EnclosAddressName([4]byte(ip)); found {
			return []string{name + "."}, nil
		}
		if ip.IsLoopback() {
			return []string{"localhost"}, nil
		}
	}
	return nil, enclosNoRecord(address)
}

// enclosNoRecord: the host resolves names when it connects, and nothing else of the DNS crosses into an enclave.
func enclosNoRecord(name string) error {
	return &DNSError{Err: "an enclave has no DNS records, only the destinations that enclave.json declares", Name: name, IsNotFound: true}
}

// enclosInterfaces are the loopback and the enclave's own address.
func enclosInterfaces(index int) ([]Interface, error) {
	loopback := Interface{Index: 1, MTU: 65536, Name: "lo", Flags: FlagUp | FlagLoopback | FlagRunning}
	if index != 0 && index != loopback.Index {
		return nil, nil
	}
	return []Interface{loopback}, nil
}

func enclosInterfaceAddresses(*Interface) ([]Addr, error) {
	return []Addr{&IPNet{IP: IPv4(127, 0, 0, 1), Mask: CIDRMask(8, 32)}}, nil
}

func enclosOn() bool { return poll.EnclosOn() }

func enclosLookupCNAME(name string) (string, error) {
	if _, err := enclosLookup("ip", name); err != nil {
		return "", err
	}
	return name + ".", nil
}
