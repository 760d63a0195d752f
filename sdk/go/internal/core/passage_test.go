package core

import (
	"net"
	"os"
	goruntime "runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// passingHost is the host's end of a passage, and an enclave's connections at the other.
type passingHost struct {
	t       *testing.T
	fd      int
	passage *ecPassage
	passed  *ecPassed
	streams *ecStreams
	broken  chan error
}

func newPassingHost(t *testing.T, listeners ...string) *passingHost {
	ours, theirs := socketPair(t)
	manifest := &EnclosManifestInfo{Connect: []EnclosDestination{{Name: "out", Transport: "passed"}}}
	for _, transport := range listeners {
		manifest.Listen = append(manifest.Listen, EnclosListener{Transport: transport})
	}
	h := &passingHost{t: t, fd: theirs, broken: make(chan error, 1)}
	h.passage = ecNewPassage(ours, func(err error) { h.broken <- err })
	h.passed = ecNewPassed(manifest, h.passage.notify)
	h.passage.start(h.passed.arrived)
	inside, _ := pair(t, func(_, b *ecOptions) {
		b.dispatch = func(call *EnclosCall) ([]byte, error) {
			r := &ecReader{b: call.Payload}
			r.text(1, 64)
			h.pass(ecPassedConnected, 0, r.u32(), h.connected())
			return nil, nil
		}
	})
	h.streams = ecNewStreams(inside, manifest, h.passed)
	t.Cleanup(func() { _ = syscall.Close(theirs) })
	return h
}

// connected is a connected TCP socket, whose peer says "hi" and ends.
func (h *passingHost) connected() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		peer, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			_, _ = peer.Write([]byte("hi"))
			_ = peer.Close()
		}
	}()
	conn, err := listener.Accept()
	if err != nil {
		h.t.Fatal(err)
	}
	return h.descriptorOf(conn.(*net.TCPConn))
}

func (h *passingHost) descriptorOf(from interface{ File() (*os.File, error) }) int {
	file, err := from.File()
	if err != nil {
		h.t.Fatal(err)
	}
	defer file.Close()
	fd, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		h.t.Fatal(err)
	}
	return fd
}

func (h *passingHost) pass(kind, listener uint8, stream uint32, fds ...int) {
	h.send(ecPut32([]byte{kind, listener, 0, 0}, stream), fds...)
}

func (h *passingHost) send(b []byte, fds ...int) {
	var rights []byte
	if len(fds) > 0 {
		rights = syscall.UnixRights(fds...)
	}
	_ = syscall.Sendmsg(h.fd, b, rights, nil, 0)
	for _, fd := range fds {
		_ = syscall.Close(fd)
	}
}

type notice struct {
	kind, listener uint8
	value          uint32
}

func (h *passingHost) notice() notice {
	h.t.Helper()
	var b [24]byte
	limit := syscall.NsecToTimeval(patience.Nanoseconds())
	_ = syscall.SetsockoptTimeval(h.fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit)
	if err := ecReadFull(h.fd, b[:]); err != nil {
		h.t.Fatal(err)
	}
	return notice{b[0], b[1], ecU32(b[4:])}
}

func (h *passingHost) want(want notice) {
	h.t.Helper()
	if got := h.notice(); got != want {
		h.t.Fatalf("notice %v instead of %v", got, want)
	}
}

func (h *passingHost) wantBroken(text string) {
	h.t.Helper()
	select {
	case err := <-h.broken:
		if err == nil || !strings.Contains(err.Error(), text) {
			h.t.Fatalf("%v instead of %q", err, text)
		}
	case <-time.After(patience):
		h.t.Fatalf("the passage stayed whole: %q", text)
	}
}

func TestPassedConnections(t *testing.T) {
	h := newPassingHost(t, "relayed", "either", "passed")
	if h.passed.listeners[0] != nil || h.passed.share != ecMaxStreams/2 {
		t.Fatal("the share of each listener")
	}
	stop := h.streams.stopOf(1)
	accepted := make(chan *EnclosStream)
	go func() {
		s, _ := h.passed.accept(1, stop)
		accepted <- s
	}()
	h.want(notice{ecNoticeGrant, 1, ecMaxStreams / 2})
	h.pass(ecPassedAccepted, 1, 5, h.connected())
	s := <-accepted
	conn, err := net.FileConn(os.NewFile(uintptr(s.Detach()), ""))
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 9)
	if n, err := conn.Read(b); err != nil || string(b[:n]) != "hi" || !strings.HasPrefix(s.Peer(), "127.0.0.1 ") {
		t.Fatal(n, err, s.Peer())
	}
	_ = conn.Close()
	_ = s.Close()
	h.want(notice{ecNoticeAcceptedEnded, 0, 5})
	// What waits is closed when nothing listens, and what comes after that.
	h.pass(ecPassedAccepted, 1, 6, h.connected())
	waitUntil(t, func() bool {
		h.passed.mu.Lock()
		defer h.passed.mu.Unlock()
		return len(h.passed.listeners[1].queue) == 1
	})
	h.streams.unlisten(1)
	h.want(notice{ecNoticeWithdraw, 1, 0})
	h.want(notice{ecNoticeAcceptedEnded, 0, 6})
	h.pass(ecPassedAccepted, 1, 7, h.connected())
	h.want(notice{ecNoticeAcceptedEnded, 0, 7})
	if _, err := h.passed.accept(1, stop); err != EnclosErrClosed {
		t.Fatal(err)
	}
}

func TestPassedDestination(t *testing.T) {
	h := newPassingHost(t)
	s, err := h.passed.connect(h.streams, 0)
	if err != nil || s.FD() < 0 {
		t.Fatal(err)
	}
	_ = s.Close()
	h.want(notice{ecNoticeConnectedEnded, 0, 1})
}

// Nothing but a connected TCP socket reaches the program, and nothing else of what was passed stays open.
func TestPassedDescriptorsOfOtherKinds(t *testing.T) {
	h := newPassingHost(t, "passed")
	go func() { _, _ = h.passed.accept(0, h.streams.stopOf(0)) }()
	h.want(notice{ecNoticeGrant, 0, ecMaxStreams})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	local, other := socketPair(t)
	defer syscall.Close(other)
	file, err := syscall.Open("/dev/null", syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	unconnected, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	goruntime.GC()
	before := openDescriptors(t)
	for i, fd := range []int{h.descriptorOf(listener.(*net.TCPListener)), h.descriptorOf(udp.(*net.UDPConn)), local, file, unconnected} {
		h.pass(ecPassedAccepted, 0, uint32(10+i), fd)
		h.want(notice{ecNoticeAcceptedEnded, 0, uint32(10 + i)})
	}
	// Three of them were open before they were passed. Files that earlier tests have left may be closed meanwhile.
	waitUntil(t, func() bool { return openDescriptors(t) <= before-3 })
}

func openDescriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestPassageRules(t *testing.T) {
	rules := map[string]func(h *passingHost){
		"something other than a frame":     func(h *passingHost) { h.send(make([]byte, 7), h.connected()) },
		"other than a frame with a desc":   func(h *passingHost) { h.send(make([]byte, 9), h.connected()) },
		"a frame with a descriptor":        func(h *passingHost) { h.pass(ecPassedAccepted, 0, 1) },
		"than a frame with a descriptor":   func(h *passingHost) { h.pass(ecPassedAccepted, 0, 1, h.connected(), h.connected()) },
		"more connections than its credit": func(h *passingHost) { h.pass(ecPassedAccepted, 0, 1, h.connected()) },
		"that nothing listens for":         func(h *passingHost) { h.pass(ecPassedAccepted, 1, 1, h.connected()) },
		"nothing listens for":              func(h *passingHost) { h.pass(ecPassedAccepted, 9, 1, h.connected()) },
		"a frame on the passage that does": func(h *passingHost) { h.pass(3, 0, 1, h.connected()) },
		"on the passage that does not":     func(h *passingHost) { h.pass(ecPassedAccepted, 0, 0, h.connected()) },
		"the passage that does not exist":  func(h *passingHost) { h.pass(ecPassedConnected, 1, 1, h.connected()) },
	}
	for want, break_ := range rules {
		h := newPassingHost(t, "passed", "relayed")
		break_(h)
		h.wantBroken(want)
	}
	h := newPassingHost(t)
	_ = syscall.Shutdown(h.fd, syscall.SHUT_RDWR)
	select {
	case err := <-h.broken:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("the end of the passage was not seen")
	}
}

func FuzzPassedFrame(f *testing.F) {
	f.Add([]byte{1, 2, 0, 0, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, listener, stream, err := ecReadPassed(b)
		if err == nil && string(ecPut32([]byte{kind, listener, 0, 0}, stream)) != string(b) {
			t.Fatal("two forms of one frame")
		}
	})
}
