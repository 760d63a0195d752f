package core

import (
	"bytes"
	"math/rand"
	"strings"
	"testing"
)

func encoded(f ecFrame) []byte {
	return append(ecPutHeader(nil, &f, len(f.payload)), f.payload...)
}

// decoded cuts bytes into frames, chunk by chunk.
func decoded(b []byte, most int, chunk func() int) ([]ecFrame, error) {
	d := &ecDecoder{max: most}
	var frames []ecFrame
	each := func(f *ecFrame) error {
		kept := *f
		kept.payload = append([]byte{}, f.payload...)
		kept.owned = false
		frames = append(frames, kept)
		return nil
	}
	for len(b) > 0 {
		n := chunk()
		if n > len(b) {
			n = len(b)
		}
		var err error
		if room := d.room(); room != nil {
			n = copy(room, b[:n])
			err = d.took(n, each)
		} else {
			err = d.feed(b[:n:n], each)
		}
		if err != nil {
			return frames, err
		}
		b = b[n:]
	}
	return frames, nil
}

var someFrames = []ecFrame{
	{kind: ecHello, payload: []byte("hi")},
	{kind: ecCallFrame, table: 1, index: 7, id: 3, parent: 2, timeout: 9, payload: bytes.Repeat([]byte{1}, 300)},
	{kind: ecReturn, id: 1, payload: bytes.Repeat([]byte{2}, 200000)},
	{kind: ecThrow, id: 1, payload: ecThrowPayload("GATE_BUSY", "wait")},
	{kind: ecCancel, id: 1, payload: []byte{}},
	{kind: ecLogFrame, index: 4, payload: []byte("line")},
	{kind: ecStreamData, id: 5, payload: bytes.Repeat([]byte{3}, ecMaxChunk)},
	{kind: ecStreamCredit, id: 5, parent: 77, payload: []byte{}},
	{kind: ecStreamEnd, id: 5, payload: []byte{}},
	{kind: ecStreamClose, id: 5, payload: []byte{}},
	{kind: ecGoodbye, payload: []byte{}},
}

func TestDecoderDoesNotDependOnChunks(t *testing.T) {
	var all []byte
	for _, f := range someFrames {
		all = append(all, encoded(f)...)
	}
	random := rand.New(rand.NewSource(1))
	for _, chunk := range []func() int{
		func() int { return 1 },
		func() int { return len(all) },
		func() int { return 1 + random.Intn(50) },
		func() int { return 1 + random.Intn(70000) },
	} {
		frames, err := decoded(all, 1<<20, chunk)
		if err != nil || len(frames) != len(someFrames) {
			t.Fatal(len(frames), err)
		}
		for i := range frames {
			if !bytes.Equal(encoded(frames[i]), encoded(someFrames[i])) {
				t.Errorf("frame %d differs", i)
			}
		}
	}
}

func TestDecoderRefusesWhatNoPeerMaySend(t *testing.T) {
	long := make([]byte, ecMaxChunk+1)
	cases := map[string][]byte{
		"shorter than its header":       {15, 0, 0, 0, 1},
		"at most 5000 are allowed":      {0, 0, 1, 0, 1},
		"an unknown kind":               encoded(ecFrame{kind: 12, id: 1}),
		"a call id of zero":             encoded(ecFrame{kind: ecReturn}),
		"a call id on a frame that has": encoded(ecFrame{kind: ecLogFrame, id: 1}),
		"an unknown function table":     encoded(ecFrame{kind: ecCallFrame, id: 1, table: 2}),
		"a credit of nothing":           encoded(ecFrame{kind: ecStreamCredit, id: 1}),
		"a reserved field":              encoded(ecFrame{kind: ecReturn, id: 1, timeout: 1}),
		"a reserved field that":         encoded(ecFrame{kind: ecReturn, id: 1, index: 1}),
		"an unknown log level":          encoded(ecFrame{kind: ecLogFrame, index: 5}),
		"a piece of a stream without":   encoded(ecFrame{kind: ecStreamData, id: 1}),
		"a payload too large for its":   encoded(ecFrame{kind: ecCancel, id: 1, payload: []byte{1}}),
		"a payload too large":           encoded(ecFrame{kind: ecStreamEnd, id: 1, payload: long[:9]}),
	}
	for want, b := range cases {
		_, err := decoded(b, 5000, func() int { return len(b) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v instead of %q", err, want)
		}
	}
	if _, err := decoded(encoded(ecFrame{kind: ecStreamData, id: 1, payload: long}), 1<<20, func() int { return 20 }); err == nil {
		t.Error("a piece of more than 64 KiB was taken")
	}
	d := &ecDecoder{max: 5000}
	none := func(*ecFrame) error { return nil }
	_ = d.feed([]byte{0, 0, 0, 0}, none)
	if d.feed(encoded(someFrames[0]), none) == nil {
		t.Error("a frame after a refused one was taken")
	}
}

func TestDecoderHoldsNoMoreThanArrived(t *testing.T) {
	d := &ecDecoder{max: 1 << 30}
	head := ecPutHeader(nil, &ecFrame{kind: ecReturn, id: 1}, 1<<29)
	if err := d.feed(append(head, 1, 2, 3), nil); err != nil || cap(d.payload) > ecFirstRoom {
		t.Fatal(cap(d.payload), err)
	}
}

func FuzzDecoder(f *testing.F) {
	for _, frame := range someFrames {
		if len(frame.payload) < 1000 {
			f.Add(encoded(frame), uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		whole, errWhole := decoded(b, 1<<16, func() int { return len(b) })
		parts, errParts := decoded(b, 1<<16, func() int { return 1 + int(step) })
		if len(whole) != len(parts) || (errWhole == nil) != (errParts == nil) {
			t.Fatal(len(whole), len(parts), errWhole, errParts)
		}
		for i := range whole {
			if !bytes.Equal(encoded(whole[i]), encoded(parts[i])) {
				t.Fatal("another frame")
			}
		}
	})
}
