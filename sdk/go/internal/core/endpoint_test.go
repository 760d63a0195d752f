package core

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"syscall"
	"testing"
	"time"
)

const patience = 20 * time.Second

func testLimits() ecLimits {
	return ecLimits{maxFrame: 1 << 20, maxConcurrent: [2]int{4, 4}, maxQueued: 4, maxQueuedBytes: 1 << 20,
		maxPending: [2]int{16, 16}, maxDepth: 3, hello: patience, frame: patience, close: patience}
}

func testOptions(fd int, initiator bool) ecOptions {
	return ecOptions{
		fd:          fd,
		initiator:   initiator,
		hello:       []byte("hello"),
		acceptHello: func([]byte) error { return nil },
		limits:      testLimits(),
		dispatch:    func(call *EnclosCall) ([]byte, error) { return call.Payload, nil },
		describe: func(err error) (string, string) {
			if known, ok := err.(*EnclosError); ok {
				return known.Code, known.Message
			}
			return "ENCLAVE_CALL_FAILED", err.Error()
		},
		accepted:   func(code string) bool { return ecFromHost(code) },
		maxPayload: func(uint8, uint16) int { return ecLargestFrame },
		lostCode:   "ENCLAVE_HOST_LOST",
	}
}

func socketPair(t testing.TB) (int, int) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fds[0], fds[1]
}

// pair connects two endpoints.
func pair(t testing.TB, change func(a, b *ecOptions)) (*ecEndpoint, *ecEndpoint) {
	left, right := socketPair(t)
	a, b := testOptions(left, true), testOptions(right, false)
	if change != nil {
		change(&a, &b)
	}
	one, other := ecNewEndpoint(a), ecNewEndpoint(b)
	one.start()
	other.start()
	t.Cleanup(func() {
		one.fail(errors.New("the test is over"))
		other.fail(errors.New("the test is over"))
		<-one.closed
		<-other.closed
	})
	return one, other
}

func codeOf(err error) string {
	if known, ok := err.(*EnclosError); ok {
		return known.Code
	}
	return ""
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if codeOf(err) != code {
		t.Fatalf("%v instead of %s", err, code)
	}
}

func TestCallsBothWays(t *testing.T) {
	a, b := pair(t, nil)
	for _, size := range []int{0, 1, 70000, 300000, 1<<20 - ecHeaderBytes} {
		payload := bytes.Repeat([]byte{7}, size)
		for _, e := range []*ecEndpoint{a, b} {
			answer, err := e.invoke(ecRequest{payload: payload})
			if err != nil || !bytes.Equal(answer, payload) {
				t.Fatalf("%d bytes: %v", size, err)
			}
		}
	}
	_, err := a.invoke(ecRequest{payload: make([]byte, 1<<20)})
	wantCode(t, err, "GATE_FRAME_TOO_LARGE")
}

func TestNestedCalls(t *testing.T) {
	a, _ := pair(t, func(a, b *ecOptions) {
		nest := func(call *EnclosCall) ([]byte, error) {
			if len(call.Payload) == 0 {
				return []byte{byte(call.depth)}, nil
			}
			return call.Invoke(0, 0, call.Payload[1:], 0, 0)
		}
		a.dispatch, b.dispatch = nest, nest
	})
	answer, err := a.invoke(ecRequest{payload: make([]byte, 2)})
	if err != nil || answer[0] != 3 {
		t.Fatal(answer, err)
	}
	_, err = a.invoke(ecRequest{payload: make([]byte, 3)})
	wantCode(t, err, "GATE_DEPTH_EXCEEDED")
}

func TestErrorsCross(t *testing.T) {
	a, _ := pair(t, func(_, b *ecOptions) {
		b.dispatch = func(call *EnclosCall) ([]byte, error) {
			switch call.Index {
			case 0:
				return nil, ecFail("HOST_CALL_FAILED", "no \x1b[1m")
			case 1:
				return nil, ecFail("SEAL_NOT_OPENED", "mine")
			}
			panic("a fault")
		}
	})
	_, err := a.invoke(ecRequest{index: 0})
	wantCode(t, err, "HOST_CALL_FAILED")
	if known := err.(*EnclosError); !known.Remote || known.Message != "no \ufffd[1m" {
		t.Fatal(known)
	}
	_, err = a.invoke(ecRequest{index: 1})
	wantCode(t, err, "GATE_REMOTE_ERROR")
	if err.(*EnclosError).RemoteCode != "SEAL_NOT_OPENED" {
		t.Fatal(err)
	}
	_, err = a.invoke(ecRequest{index: 2})
	wantCode(t, err, "GATE_REMOTE_ERROR")
}

func TestDeadlineCancelsTheCall(t *testing.T) {
	cancelled := make(chan struct{})
	a, _ := pair(t, func(_, b *ecOptions) {
		b.dispatch = func(call *EnclosCall) ([]byte, error) {
			<-call.Done()
			close(cancelled)
			return nil, nil
		}
	})
	_, err := a.invoke(ecRequest{timeoutMs: 1})
	wantCode(t, err, "GATE_DEADLINE")
	<-cancelled
}

func TestBusy(t *testing.T) {
	release := make(chan struct{})
	a, _ := pair(t, func(_, b *ecOptions) {
		b.dispatch = func(call *EnclosCall) ([]byte, error) {
			<-release
			return nil, nil
		}
	})
	var group sync.WaitGroup
	codes := make(chan string, 10)
	for i := 0; i < 10; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			_, err := a.invoke(ecRequest{})
			codes <- codeOf(err)
		}()
	}
	// 4 run and 4 wait.
	for i := 0; i < 2; i++ {
		if code := <-codes; code != "GATE_BUSY" {
			t.Fatal(code)
		}
	}
	close(release)
	group.Wait()
	for i := 0; i < 8; i++ {
		if code := <-codes; code != "" {
			t.Fatal(code)
		}
	}
}

func TestGoodbyeLosesCalls(t *testing.T) {
	a, b := pair(t, func(_, b *ecOptions) {
		b.dispatch = func(call *EnclosCall) ([]byte, error) {
			<-call.Done()
			return nil, nil
		}
	})
	if err := b.waitReady(); err != nil {
		t.Fatal(err)
	}
	go b.sayGoodbye()
	_, err := a.invoke(ecRequest{})
	wantCode(t, err, "ENCLAVE_HOST_LOST")
	<-a.closed
	if a.reason != nil && a.reason != io.EOF {
		t.Fatal(a.reason)
	}
}

func TestLogLines(t *testing.T) {
	lines := make(chan string, 1)
	a, _ := pair(t, func(_, b *ecOptions) {
		b.onLog = func(level int, text string) { lines <- ecItoa(int64(level)) + text }
	})
	a.out.log(&ecFrame{kind: ecLogFrame, index: 3, payload: []byte("a\r\nb\tc\x1b")}, patience)
	if line := <-lines; line != "3a\u23ceb c\ufffd" {
		t.Fatalf("%q", line)
	}
}
