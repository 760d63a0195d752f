package core

import (
	"bytes"
	"io"
	"sync"
	"testing"
	"time"
)

// hosted plays a host that opens every stream at once, and hands its own ends to serve.
func hosted(t testing.TB, serve func(*EnclosStream)) *ecStreams {
	manifest := &EnclosManifestInfo{Listen: []EnclosListener{{Name: "in", Transport: "relayed"}},
		Connect: []EnclosDestination{{Name: "out", Transport: "relayed"}}}
	var ours, theirs *ecStreams
	inside, outside := pair(t, func(a, b *ecOptions) {
		a.onStream = func(f *ecFrame) error { return ours.received(f) }
		b.onStream = func(f *ecFrame) error { return theirs.received(f) }
		a.limits.maxPending[1] = 300
		b.limits.maxConcurrent[1] = 300
		b.dispatch = func(call *EnclosCall) ([]byte, error) {
			r := &ecReader{b: call.Payload}
			r.text(1, 64)
			s := ecNewStream(theirs, r.u32())
			theirs.mu.Lock()
			theirs.ports[s.id] = s
			theirs.mu.Unlock()
			go serve(s)
			if call.Index == ecStreamAccept {
				return ecPutText(nil, "192.0.2.1 9"), nil
			}
			return nil, nil
		}
		// Set before the endpoints begin to read.
		ours, theirs = ecNewStreams(nil, manifest, nil), ecNewStreams(nil, manifest, nil)
	})
	ours.gate = inside
	theirs.gate = outside
	return ours
}

func TestStreamEchoesAndEnds(t *testing.T) {
	streams := hosted(t, func(s *EnclosStream) {
		_, _ = io.Copy(s, s)
		_ = s.Close()
	})
	s, err := streams.accept(0, nil)
	if err != nil || s.Peer() != "192.0.2.1 9" {
		t.Fatal(err)
	}
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func() {
		_, _ = s.Write(sent)
		_ = s.CloseWrite()
	}()
	got, err := io.ReadAll(s)
	if err != nil || !bytes.Equal(got, sent) {
		t.Fatal(len(got), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, func() bool { return streams.count() == 0 })
}

func TestStreamOfManySmallPieces(t *testing.T) {
	streams := hosted(t, func(s *EnclosStream) {
		for i := 0; i < 5000; i++ {
			_, _ = s.Write([]byte{byte(i)})
		}
		_ = s.Close()
	})
	s, err := streams.connect(0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if err != nil || len(got) != 5000 || got[4999] != byte(4999&0xff) {
		t.Fatal(len(got), err)
	}
	_ = s.Close()
	waitUntil(t, func() bool { return streams.count() == 0 })
}

func TestWriterWaitsForTheReader(t *testing.T) {
	begin := make(chan struct{})
	streams := hosted(t, func(s *EnclosStream) {
		<-begin
		_, _ = io.Copy(io.Discard, s)
		_ = s.Close()
	})
	s, err := streams.connect(0)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	n, err := s.Write(make([]byte, 1<<20))
	if err != EnclosErrDeadline || n >= ecWindow {
		t.Fatal(n, err)
	}
	_ = s.SetWriteDeadline(time.Time{})
	close(begin)
	if _, err := s.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	waitUntil(t, func() bool { return streams.count() == 0 })
}

func TestReadDeadline(t *testing.T) {
	var host *EnclosStream
	has := make(chan struct{})
	streams := hosted(t, func(s *EnclosStream) {
		host = s
		close(has)
	})
	s, err := streams.connect(0)
	if err != nil {
		t.Fatal(err)
	}
	<-has
	_ = s.SetReadDeadline(time.Now().Add(time.Hour))
	_ = s.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := s.Read(make([]byte, 1)); err != EnclosErrDeadline {
		t.Fatal(err)
	}
	_ = s.SetReadDeadline(time.Time{})
	_, _ = host.Write([]byte("x"))
	if n, err := s.Read(make([]byte, 9)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	_ = s.SetReadDeadline(time.Unix(1, 0))
	if _, err := s.Read(make([]byte, 1)); err != EnclosErrDeadline {
		t.Fatal(err)
	}
}

func TestAbortBreaksTheOtherEnd(t *testing.T) {
	streams := hosted(t, func(s *EnclosStream) { _ = s.Abort() })
	s, err := streams.connect(0)
	if err == nil {
		_, err = s.Read(make([]byte, 1))
		_ = s.Close()
	}
	wantCode(t, err, "STREAM_BROKEN")
	waitUntil(t, func() bool { return streams.count() == 0 })
}

func TestListenersThatAreNotDeclared(t *testing.T) {
	streams := hosted(t, func(s *EnclosStream) {})
	for place, name := range map[int]string{0: "in", 1: "", -1: "", EnclosAnyPort + 8080: ""} {
		if got := streams.listenerName(place); got != name {
			t.Fatal(place, got)
		}
	}
	streams.manifest.Network = "any"
	for place, name := range map[int]string{0: "in", 1: "", EnclosAnyPort: "", EnclosAnyPort + 1: "* 1", EnclosAnyPort + 65535: "* 65535", EnclosLoopbackPort: "",
		EnclosLoopbackPort + 80: "localhost 80", EnclosLoopbackPort + 65535: "localhost 65535", 3 << 16: "", 3<<16 + 1: "", -65535: ""} {
		if got := streams.listenerName(place); got != name {
			t.Fatal(place, got)
		}
	}
	if _, err := streams.accept(EnclosAnyPort+8080, nil); err != nil {
		t.Fatal(err)
	}
	streams.unlisten(EnclosAnyPort + 9090)
}

func TestUnlistenEndsAccept(t *testing.T) {
	streams := hosted(t, func(s *EnclosStream) {})
	stop := streams.stopOf(0)
	ended := make(chan error)
	go func() {
		for {
			if _, err := streams.accept(0, stop); err != nil {
				ended <- err
				return
			}
		}
	}()
	// The host opens every stream at once: accept stops at the limit.
	waitUntil(t, func() bool { return streams.count() == ecMaxStreams })
	streams.unlisten(0)
	if err := <-ended; err != EnclosErrClosed {
		t.Fatal(err)
	}
	_, err := streams.connect(0)
	wantCode(t, err, "STREAM_LIMIT")
}

func TestConcurrentStreams(t *testing.T) {
	streams := hosted(t, func(s *EnclosStream) {
		_, _ = io.Copy(s, s)
		_ = s.Close()
	})
	var group sync.WaitGroup
	for i := 0; i < 64; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			s, err := streams.connect(0)
			if err != nil {
				t.Error(err)
				return
			}
			message := bytes.Repeat([]byte{byte(i)}, 512)
			got := make([]byte, 512)
			for round := 0; round < 50; round++ {
				if _, err := s.Write(message); err != nil {
					t.Error(err)
				}
				if _, err := io.ReadFull(s, got); err != nil || !bytes.Equal(got, message) {
					t.Error("another answer", err)
				}
			}
			_ = s.Close()
		}(i)
	}
	group.Wait()
	waitUntil(t, func() bool { return streams.count() == 0 })
}

func (t *ecStreams) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.ports)
}

func waitUntil(t *testing.T, isOver func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !isOver(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
	}
}
