package poll

import "syscall"

// enclosKernel is set inside an enclave.
var enclosKernel *VkKernel

func init() {
	if !EnclosInside() {
		return
	}
	if err := EnclosBoot(); err != nil {
		enclosFail(err)
	}
	enclosKernel = VkBoot()
	syscall.EnclosHook = enclosKernel
	for _, variable := range EnclosHostEnvironment() {
		syscall.Setenv(variable[0], variable[1])
	}
	enclosAtExit(enclosKernel.Finish)
}

func enclosFail(err error) {
	println("enclos:", err.Error())
	syscall.Exit(4)
}

// EnclosOn tells whether this is an enclave.
func EnclosOn() bool { return enclosKernel != nil }

// EnclosDial connects a socket of the enclave, and returns the descriptor that is connected.
func EnclosDial(fd int, to syscall.Sockaddr, done <-chan struct{}) (int, error) {
	return enclosKernel.EnclosDial(fd, to, done)
}

// EnclosNameAddress is the address that stands for a declared name.
func EnclosNameAddress(host string) ([4]byte, bool) { return enclosKernel.EnclosNameAddress(host) }

// EnclosAddressName is the declared name that an address stands for.
func EnclosAddressName(ip [4]byte) (string, bool) { return enclosKernel.EnclosAddressName(ip) }
