package core

import (
	"bytes"
	"encoding/binary"
	"math/rand"
	"syscall"
	"testing"
	"time"
)

// hostileSession writes bytes to an endpoint with calls and streams under way, and returns with what it ended.
func hostileSession(t testing.TB, b []byte) error {
	ours, theirs := socketPair(t)
	options := testOptions(ours, false)
	options.limits.frame = 0
	var streams *ecStreams
	options.onStream = func(f *ecFrame) error { return streams.received(f) }
	options.dispatch = func(call *EnclosCall) ([]byte, error) {
		if call.Index%2 == 1 {
			return call.Invoke(0, 0, call.Payload, 0, 0)
		}
		return call.Payload, nil
	}
	e := ecNewEndpoint(options)
	streams = ecNewStreams(e, &EnclosManifestInfo{Connect: []EnclosDestination{{Name: "out"}}}, nil)
	for id := uint32(1); id < 4; id++ {
		s := ecNewStream(streams, id)
		streams.ports[id] = s
		go func() {
			piece := make([]byte, 4096)
			for {
				n, err := s.Read(piece)
				if err != nil {
					_ = s.Close()
					return
				}
				if _, err := s.Write(piece[:n]); err != nil {
					_ = s.Close()
					return
				}
			}
		}()
	}
	e.start()
	go func() { _, _ = e.invoke(ecRequest{payload: []byte("question")}) }()
	drained := make(chan struct{})
	go func() {
		buffer := make([]byte, 65536)
		for {
			if n, err := ecRead(theirs, buffer); n <= 0 || err != nil {
				close(drained)
				return
			}
		}
	}()
	_ = ecWriteAll(theirs, b)
	_ = syscall.Shutdown(theirs, syscall.SHUT_WR)
	select {
	case <-e.closed:
	case <-time.After(patience):
		t.Fatal("the gate did not end")
	}
	streams.lost()
	<-drained
	e.using.Wait()
	_ = syscall.Close(theirs)
	_ = syscall.Close(ours)
	return e.reason
}

// session is what a peer may send, frame by frame.
func session() []ecFrame {
	return []ecFrame{
		{kind: ecHello, payload: []byte("hello")},
		{kind: ecCallFrame, id: 1, payload: []byte("a")},
		{kind: ecCallFrame, id: 3, index: 1, payload: []byte("nested")},
		{kind: ecStreamData, id: 1, payload: bytes.Repeat([]byte{1}, 3000)},
		{kind: ecReturn, id: 2, payload: []byte("answer")},
		{kind: ecStreamData, id: 2, payload: bytes.Repeat([]byte{2}, 60000)},
		{kind: ecStreamCredit, id: 1, parent: 256},
		{kind: ecCancel, id: 3},
		{kind: ecStreamEnd, id: 1},
		{kind: ecLogFrame, index: 1, payload: []byte("line")},
		{kind: ecCallFrame, id: 5, table: 1, timeout: 1000},
		{kind: ecStreamClose, id: 2},
		{kind: ecThrow, id: 4, payload: ecThrowPayload("GATE_BUSY", "")},
		{kind: ecStreamClose, id: 1},
		{kind: ecGoodbye},
	}
}

// 10,000 mutated frames: every session ends in order or with an error of ours, and none stalls or panics.
func TestMutatedFrames(t *testing.T) {
	count := 10000
	if testing.Short() {
		count = 1000
	}
	random := rand.New(rand.NewSource(7))
	codes := map[string]int{}
	for mutated := 0; mutated < count; {
		var b []byte
		for i, f := range session() {
			frame := encoded(f)
			if i > 0 && random.Intn(3) == 0 {
				frame = mutate(random, frame)
				mutated++
			}
			b = append(b, frame...)
			if random.Intn(8) == 0 {
				b = append(b, encoded(session()[random.Intn(15)])...)
				mutated++
			}
		}
		err := hostileSession(t, b)
		if err != nil && codeOf(err) == "" && err.Error() != "EOF" && err != syscall.EPIPE && err != syscall.ECONNRESET {
			t.Fatalf("%T %v", err, err)
		}
		codes[codeOf(err)]++
	}
	if codes["GATE_PROTOCOL_VIOLATION"] == 0 || codes[""] == 0 {
		t.Fatal(codes)
	}
}

func mutate(random *rand.Rand, frame []byte) []byte {
	changed := append([]byte{}, frame...)
	switch random.Intn(4) {
	case 0:
		changed[random.Intn(len(changed))] ^= byte(1 + random.Intn(255))
	case 1:
		return changed[:random.Intn(len(changed))]
	case 2:
		binary.LittleEndian.PutUint32(changed[4*random.Intn(5):], random.Uint32()>>uint(random.Intn(32)))
	case 3:
		extra := make([]byte, random.Intn(40))
		random.Read(extra)
		return append(changed, extra...)
	}
	return changed
}

func FuzzEndpoint(f *testing.F) {
	var all []byte
	for _, frame := range session() {
		if len(frame.payload) < 100 {
			all = append(all, encoded(frame)...)
		}
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		hostileSession(t, append(encoded(ecFrame{kind: ecHello}), b...))
	})
}
