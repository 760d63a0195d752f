package cbor

import (
	"bytes"
	"strings"
	"testing"
)

func TestReadsWhatItWrites(t *testing.T) {
	for _, value := range []uint64{0, 23, 24, 255, 256, 65_535, 65_536, 1<<32 - 1, 1 << 32, mostArgument} {
		r := NewReader(EncodeUnsigned(value))
		found := r.Unsigned(mostArgument)
		if r.End(); found != value || r.Err() != nil {
			t.Errorf("%d reads as %d: %v", value, found, r.Err())
		}
	}
	r := NewReader(EncodeTag(60_000, EncodeArray(EncodeBytes([]byte("a")), EncodeMap(map[string][]byte{"bb": EncodeText("x"), "c": EncodeUnsigned(1)}))))
	if r.Tag() != 60_000 || r.Array(2) != 2 || !bytes.Equal(r.Bytes(1), []byte("a")) || r.Map(2) != 2 {
		t.Error("a tagged array reads otherwise")
	}
	// The shorter key comes first.
	if r.Text(9) != "c" || r.Unsigned(1) != 1 || r.Text(9) != "bb" || r.Text(9) != "x" {
		t.Error("a map reads otherwise")
	}
	if r.End(); r.Err() != nil {
		t.Error(r.Err())
	}
}

func TestRefuses(t *testing.T) {
	for name, encoded := range map[string][]byte{
		"nothing":                {},
		"a length past the end":  {0x5b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
		"a padded argument":      {0x18, 23},
		"a padded long argument": {0x19, 0, 255},
		"an indefinite length":   {0x5f, 0xff},
		"a float":                {0xf9, 0, 0},
		"undefined":              {0xf7},
		"text that is not UTF-8": {0x61, 0xff},
		"deep nesting":           bytes.Repeat([]byte{0x81}, mostDepth+2),
		"2^53":                   {0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0},
		"a huge array":           {0x9a, 0xff, 0xff, 0xff, 0xff},
	} {
		r := NewReader(encoded)
		if r.Skip(); r.Err() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	r := NewReader(EncodeText(strings.Repeat("x", 10)))
	if r.Text(9); r.Err() == nil {
		t.Error("a long text: accepted")
	}
}

// FuzzSkip: no input panics, and what is skipped is all that was read.
func FuzzSkip(f *testing.F) {
	f.Add(EncodeTag(1, EncodeArray(EncodeBytes([]byte("a")), EncodeMap(map[string][]byte{"b": EncodeUnsigned(70_000)}))))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		r := NewReader(encoded)
		r.Skip()
		if r.End(); r.Err() == nil && len(encoded) == 0 {
			t.Error("a value of no bytes")
		}
	})
}
