package core

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A peer that breaks a rule ends the gate, and is told nothing more.
func TestRulesOfTheGate(t *testing.T) {
	hello := ecFrame{kind: ecHello}
	full := bytes.Repeat([]byte{1}, ecMaxChunk)
	piece := ecFrame{kind: ecStreamData, id: 1, payload: full}
	rules := []struct {
		want   string
		frames []ecFrame
	}{
		{"something before its greeting", []ecFrame{{kind: ecCallFrame, id: 1}}},
		{"something before its greeting", []ecFrame{{kind: ecStreamData, id: 1, payload: []byte{1}}}},
		{"a second greeting", []ecFrame{hello, hello}},
		{"a call id that is not its own", []ecFrame{hello, {kind: ecCallFrame, id: 2}}},
		{"a call id that is not its own", []ecFrame{hello, {kind: ecCancel, id: 2}}},
		{"a call with the id of another one", []ecFrame{hello, {kind: ecCallFrame, id: 1, index: 9}, {kind: ecCallFrame, id: 1}}},
		{"a call nested in one that was not made", []ecFrame{hello, {kind: ecCallFrame, id: 1, parent: 8}}},
		{"an answer to a call that was not made", []ecFrame{hello, {kind: ecReturn, id: 8}}},
		{"an answer to a call that was not made", []ecFrame{hello, {kind: ecThrow, id: 8, payload: ecThrowPayload("GATE_BUSY", "")}}},
		{"an error without a code", []ecFrame{hello, {kind: ecThrow, id: 2}}},
		{"a result of 6 bytes", []ecFrame{hello, {kind: ecReturn, id: 2, payload: []byte("longer")}}},
		{"arguments of 11 bytes", []ecFrame{hello, {kind: ecCallFrame, id: 1, table: 1, payload: full[:11]}}},
		{"text that is not UTF-8", []ecFrame{hello, {kind: ecLogFrame, payload: []byte{0xff}}}},
		{"a stream that is not open", []ecFrame{hello, {kind: ecStreamEnd, id: 9}}},
		{"a stream that is not open", []ecFrame{hello, {kind: ecStreamClose, id: 9}}},
		{"a stream that it has closed", []ecFrame{hello, {kind: ecStreamClose, id: 1}, {kind: ecStreamEnd, id: 1}}},
		{"bytes after the end of a stream", []ecFrame{hello, {kind: ecStreamEnd, id: 1}, piece}},
		{"a second end of a stream", []ecFrame{hello, {kind: ecStreamEnd, id: 1}, {kind: ecStreamEnd, id: 1}}},
		{"more bytes of a stream than were granted", []ecFrame{hello, piece, piece, piece, piece}},
		{"a grant for what was not sent", []ecFrame{hello, {kind: ecStreamCredit, id: 1, parent: 1}}},
	}
	for _, rule := range rules {
		err := brokenBy(t, rule.frames)
		if codeOf(err) != "GATE_PROTOCOL_VIOLATION" || !strings.Contains(err.Error(), rule.want) {
			t.Errorf("%v instead of %q", err, rule.want)
		}
	}
}

// brokenBy sends frames to an endpoint that has made one call, with at most 5 bytes of result, and has one stream, of which nobody
// reads. The calls that it gets do not end.
func brokenBy(t *testing.T, frames []ecFrame) error {
	ours, theirs := socketPair(t)
	options := testOptions(ours, false)
	var streams *ecStreams
	over := make(chan struct{})
	defer close(over)
	options.onStream = func(f *ecFrame) error { return streams.received(f) }
	options.dispatch = func(call *EnclosCall) ([]byte, error) {
		<-over
		return nil, nil
	}
	options.maxPayload = func(table uint8, _ uint16) int { return 10 + int(1-table)*ecLargestFrame }
	e := ecNewEndpoint(options)
	streams = ecNewStreams(e, &EnclosManifestInfo{}, nil)
	streams.ports[1] = ecNewStream(streams, 1)
	e.start()
	go func() { _, _ = e.invoke(ecRequest{maxResult: 5}) }()
	waitUntil(t, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.outgoing) == 1
	})
	read := &ecDecoder{max: 1 << 20}
	for i, f := range frames {
		_ = ecWriteAll(theirs, encoded(f))
		if i > 0 || f.kind != ecHello {
			continue
		}
		// What comes now may answer the call.
		isCalled := false
		for !isCalled {
			b := make([]byte, 1000)
			n, err := ecRead(theirs, b)
			if err != nil || n == 0 {
				t.Fatal("the endpoint said nothing", err)
			}
			_ = read.feed(b[:n], func(f *ecFrame) error {
				isCalled = isCalled || f.kind == ecCallFrame
				return nil
			})
		}
	}
	waitClosed(t, e)
	_ = syscall.Close(theirs)
	return e.reason
}

func waitClosed(t *testing.T, e *ecEndpoint) {
	t.Helper()
	select {
	case <-e.closed:
	case <-time.After(patience):
		t.Fatal("the gate did not end")
	}
}

// A peer that guesses calls, and reads nothing, must not let them pile up.
func TestAnswerToWhatCannotHaveBeenRead(t *testing.T) {
	ours, theirs := socketPair(t)
	e := ecNewEndpoint(testOptions(ours, false))
	e.start()
	_ = ecWriteAll(theirs, encoded(ecFrame{kind: ecHello}))
	if err := e.waitReady(); err != nil {
		t.Fatal(err)
	}
	// The first fills the socket, the second waits behind it.
	for i := 0; i < 2; i++ {
		go func() { _, _ = e.invoke(ecRequest{payload: make([]byte, 900000)}) }()
		waitUntil(t, func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return len(e.outgoing) == i+1 && (i > 0 || e.out.hasTaken(1))
		})
	}
	_ = ecWriteAll(theirs, encoded(ecFrame{kind: ecReturn, id: 4}))
	waitClosed(t, e)
	if err := e.reason; err == nil || !strings.Contains(err.Error(), "that it cannot have read") {
		t.Fatal(err)
	}
	_ = syscall.Close(theirs)
}

func TestTimeoutsOfThePeer(t *testing.T) {
	ours, theirs := socketPair(t)
	defer syscall.Close(theirs)
	options := testOptions(ours, false)
	options.limits.hello = time.Millisecond
	e := ecNewEndpoint(options)
	e.start()
	wantCode(t, e.waitReady(), "GATE_HELLO_TIMEOUT")

	ours, other := socketPair(t)
	defer syscall.Close(other)
	options = testOptions(ours, false)
	options.limits.frame = time.Millisecond
	e = ecNewEndpoint(options)
	e.start()
	_ = ecWriteAll(other, append(encoded(ecFrame{kind: ecHello}), 1, 2))
	waitClosed(t, e)
	wantCode(t, e.reason, "GATE_FRAME_TIMEOUT")
}

func TestStreamsWhereThereAreNone(t *testing.T) {
	ours, theirs := socketPair(t)
	defer syscall.Close(theirs)
	e := ecNewEndpoint(testOptions(ours, false))
	e.start()
	_ = ecWriteAll(theirs, append(encoded(ecFrame{kind: ecHello}), encoded(ecFrame{kind: ecStreamEnd, id: 1})...))
	waitClosed(t, e)
	wantCode(t, e.reason, "GATE_PROTOCOL_VIOLATION")
}

// Refusals grow with what the peer sends: reading stops before they fill the memory.
func TestRefusalsAreBounded(t *testing.T) {
	ours, theirs := socketPair(t)
	options := testOptions(ours, false)
	over := make(chan struct{})
	options.dispatch = func(*EnclosCall) ([]byte, error) {
		<-over
		return nil, nil
	}
	e := ecNewEndpoint(options)
	e.start()
	sent := encoded(ecFrame{kind: ecHello})
	for id := uint32(1); id < 200000; id += 2 {
		sent = append(sent, encoded(ecFrame{kind: ecCallFrame, id: id})...)
	}
	written := make(chan struct{})
	go func() {
		_ = ecWriteAll(theirs, sent)
		close(written)
	}()
	most := 0
	steady := 0
	for steady < 20 {
		e.out.mu.Lock()
		waiting := e.out.queued
		e.out.mu.Unlock()
		if waiting > most {
			most, steady = waiting, 0
		} else if waiting > ecRefusalsHigh {
			steady++
		}
		time.Sleep(time.Millisecond)
	}
	if most > ecRefusalsHigh+1<<20 {
		t.Fatal(most)
	}
	close(over)
	e.fail(ecFail("GATE_CANCELLED", ""))
	// Its number becomes that of another socket.
	<-written
	_ = syscall.Close(theirs)
}
