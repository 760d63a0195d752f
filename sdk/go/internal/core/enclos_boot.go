package core

import (
	"sync"
	"syscall"
	"time"
)

// The descriptors of an enclave process besides 0, 1 and 2.
const (
	ecGateFD     = 3
	ecPlatformFD = 4
	ecBootFD     = 5
	ecPassageFD  = 8
)

// What the process ends with.
const (
	ecExitHostGone     = 0
	ecExitPlatformGone = 3
	ecExitStartFailed  = 4
	ecExitPassage      = 5
)

const (
	ecMaxManifest  = 16 << 20
	ecMaxFileBytes = 512 << 20
	ecHelloWait    = 30 * time.Second
	ecFrameWait    = 30 * time.Second
	ecCloseWait    = 2 * time.Second
	ecMaxQueueByte = 64 << 20
)

// ecEnclave is the enclave of this process.
type ecEnclave struct {
	manifest *EnclosManifestInfo
	files    []EnclosFile
	sections [2][]byte
	gate     *ecEndpoint
	platform *ecEndpoint
	streams  *ecStreams
	log      ecLogLevels

	mu      sync.Mutex
	state   int
	started chan struct{}
	// variables are those of the host.
	variables [][2]string
	handler   func(*EnclosCall) ([]byte, error)
	served    chan struct{}
	maxBytes  []int
}

// The states of ecEnclave: the host's `start` has not come, runs, or has been answered.
const (
	ecWaiting  = 0
	ecStarting = 1
	ecStarted  = 2
)

var (
	ecBootOnce sync.Once
	ecBootErr  error
	ecCurrent  *ecEnclave
	// ecExit ends the process; tests replace it.
	ecExit = syscall.Exit
)

// EnclosInside tells whether this process is an enclave: the descriptors of gate, platform and boot are there, and gate and
// platform are connected sockets of the family AF_UNIX. Where nothing may ask for that, they are.
func EnclosInside() bool {
	if ecCurrent != nil {
		return true
	}
	return ecIsChannel(ecGateFD) && ecIsChannel(ecPlatformFD) && ecIsOpen(ecBootFD)
}

func ecIsOpen(fd int) bool {
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
	return errno == 0
}

// ecSoDomain is SO_DOMAIN, which package syscall does not name.
const ecSoDomain = 39

func ecIsChannel(fd int) bool {
	if !ecIsOpen(fd) {
		return false
	}
	family, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, ecSoDomain)
	if err == syscall.EPERM || err == syscall.ENOSYS {
		return true
	}
	if err != nil || family != syscall.AF_UNIX {
		return false
	}
	listens, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	return err == nil && listens == 0
}

// EnclosBoot takes what the platform hands over, greets platform and host, and returns when the host has started the enclave. It
// works once; later calls return the same. Outside an enclave it fails with ENCLAVE_NOT_BOOTED.
func EnclosBoot() error {
	ecBootOnce.Do(func() {
		if !EnclosInside() {
			ecBootErr = ecFail("ENCLAVE_NOT_BOOTED", "This process is not an enclave.")
			return
		}
		ecBootErr = ecBoot(ecDescriptors{gate: ecGateFD, platform: ecPlatformFD, boot: ecBootFD, passage: ecPassageFD})
	})
	return ecBootErr
}

type ecDescriptors struct{ gate, platform, boot, passage int }

func ecBoot(fds ecDescriptors) error {
	// Whoever made them may have made them not to block.
	for _, fd := range [...]int{fds.gate, fds.platform, fds.boot, fds.passage} {
		if fd >= 0 && ecIsOpen(fd) {
			_ = syscall.SetNonblock(fd, false)
			syscall.CloseOnExec(fd)
		}
	}
	sections, err := ecTakeImage(fds.boot)
	if err != nil {
		return err
	}
	manifest, err := EnclosReadManifest(sections[0])
	if err != nil {
		return err
	}
	files, err := EnclosReadFiles(sections[1])
	if err != nil {
		return err
	}
	v := &ecEnclave{manifest: manifest, files: files, sections: sections, started: make(chan struct{}), served: make(chan struct{})}
	v.log.init(manifest.Debug)
	v.platform = ecNewEndpoint(ecPlatformOptions(fds.platform, manifest.Debug))
	v.platform.start()
	if err := v.platform.waitReady(); err != nil {
		return err
	}
	v.gate = ecNewEndpoint(v.gateOptions(fds.gate))
	var passed *ecPassed
	if fds.passage >= 0 && ecIsOpen(fds.passage) {
		passage := ecNewPassage(fds.passage, ecPassageEnded)
		passed = ecNewPassed(manifest, passage.notify)
		passage.start(passed.arrived)
	}
	v.streams = ecNewStreams(v.gate, manifest, passed)
	ecCurrent = v
	v.gate.start()
	go v.endWith(v.platform, func() int { return ecExitPlatformGone })
	go v.endWith(v.gate, v.hostGone)
	<-v.started
	// A program that ends at once has been started all the same.
	v.gate.out.flush(time.Second)
	return nil
}

// ecTakeImage asks for the image and reads its sections, each a u32 length and bytes: manifest, bundle (none: it is this
// program), embedded files. It returns the first and the last.
func ecTakeImage(fd int) ([2][]byte, error) {
	defer syscall.Close(fd)
	none := [2][]byte{}
	if err := ecWriteAll(fd, []byte{'r'}); err != nil {
		return none, err
	}
	var sections [3][]byte
	for i, most := range [...]int{ecMaxManifest, 0, ecMaxFileBytes} {
		var length [4]byte
		if err := ecReadFull(fd, length[:]); err != nil {
			return none, err
		}
		size := ecU32(length[:])
		if uint64(size) > uint64(most) {
			return none, ecFail("IMAGE_INVALID", "A section of the image is too long.")
		}
		sections[i] = make([]byte, size)
		if err := ecReadFull(fd, sections[i]); err != nil {
			return none, err
		}
	}
	return [2][]byte{sections[0], sections[2]}, nil
}

func ecReadFull(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := ecRead(fd, b)
		if err != nil {
			return err
		}
		if n == 0 {
			return ecFail("IMAGE_INVALID", "The boot pipe ended early.")
		}
		b = b[n:]
	}
	return nil
}

// endWith ends the process when the endpoint has ended: an enclave never outlives its platform or its host.
func (v *ecEnclave) endWith(e *ecEndpoint, code func() int) {
	<-e.closed
	v.streams.lost()
	ecExit(code())
}

func (v *ecEnclave) hostGone() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state == ecStarting {
		return ecExitStartFailed
	}
	return ecExitHostGone
}

func ecPassageEnded(err error) {
	if err == nil {
		ecExit(ecExitHostGone)
		return
	}
	_, _ = syscall.Write(2, []byte("The passage broke: "+err.Error()+"\n"))
	ecExit(ecExitPassage)
}

// ecRunning returns the enclave of this process.
func ecRunning() (*ecEnclave, error) {
	if ecCurrent == nil {
		return nil, ecFail("ENCLAVE_NOT_BOOTED", "This process is not an enclave.")
	}
	return ecCurrent, nil
}

func ecRunningStreams() (*ecStreams, error) {
	v, err := ecRunning()
	if err != nil {
		return nil, err
	}
	return v.streams, nil
}

// EnclosManifest is the measured manifest, or nil outside an enclave. It must not be changed.
func EnclosManifest() *EnclosManifestInfo {
	if ecCurrent == nil {
		return nil
	}
	return ecCurrent.manifest
}

// EnclosFiles are the embedded files. They must not be changed.
func EnclosFiles() []EnclosFile {
	if ecCurrent == nil {
		return nil
	}
	return ecCurrent.files
}

// EnclosHostEnvironment are the variables that the host gave: names and values. They are untrusted.
func EnclosHostEnvironment() [][2]string {
	if ecCurrent == nil {
		return nil
	}
	ecCurrent.mu.Lock()
	defer ecCurrent.mu.Unlock()
	return ecCurrent.variables
}

// EnclosPassed tells whether the connections of a listener are passed here; EnclosConnectPassed does of a destination.
func EnclosPassed(listener int) bool {
	t, err := ecRunningStreams()
	return err == nil && t.isPassed(listener)
}

// EnclosExit sends the log lines that wait, and ends the process.
func EnclosExit(code int) {
	if ecCurrent != nil {
		ecCurrent.gate.out.flush(time.Second)
	}
	ecExit(code)
}

// EnclosSections are the bytes of the manifest and of the embedded files, as measured. They must not be changed.
func EnclosSections() (manifest, files []byte) {
	if ecCurrent == nil {
		return nil, nil
	}
	return ecCurrent.sections[0], ecCurrent.sections[1]
}
