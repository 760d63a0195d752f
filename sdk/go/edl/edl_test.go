package edl

import (
	"bytes"
	"math"
	"math/big"
	"strings"
	"testing"
)

func wantRefused(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "EDL_VALUE_REFUSED: ") || !strings.Contains(err.Error(), text) {
		t.Errorf("%v instead of %q", err, text)
	}
}

func TestReaderRefuses(t *testing.T) {
	cases := []struct {
		want  string
		bytes string
		read  func(*Reader)
	}{
		{"value: the bytes end early: 4 bytes wanted, 3 left", "abc", func(r *Reader) { r.Uint32() }},
		{"1 byte after the end", "ab", func(r *Reader) { r.Uint8() }},
		{"a boolean is a byte 0 or 1", "\x02", func(r *Reader) { r.Bool() }},
		{"an option starts with", "\x02", func(r *Reader) { r.Present() }},
		{"not an index below 3", "\x03", func(r *Reader) { r.Choice(3) }},
		{"not in its shortest form", "\x80\x00", func(r *Reader) { r.Choice(3) }},
		{"more than 5 bytes", "\xff\xff\xff\xff\xff\x01", func(r *Reader) { r.Choice(3) }},
		{"5 bytes, at most 4", "\x05abcde", func(r *Reader) { r.String(0, 4) }},
		{"1 byte, at least 2", "\x01a", func(r *Reader) { r.Bytes(2, 4) }},
		{"malformed UTF-8", "\x01\xff", func(r *Reader) { r.String(0, 4) }},
		{"a NaN other than", "\x01\x00\x00\x00\x00\x00\xf8\x7f", func(r *Reader) { r.Float64() }},
		{"a negative zero", "\x01", func(r *Reader) { r.BigInt(4) }},
		{"5 bytes of magnitude, at most 4", "\x0aabcde", func(r *Reader) { r.BigInt(4) }},
		{"not in its shortest form", "\x04a\x00", func(r *Reader) { r.BigInt(4) }},
		{"3 items, at most 2", "\x03abc", func(r *Reader) { ReadArray(r, 0, 2, 1, (*Reader).Uint8) }},
		{"2 items do not fit", "\x02abc", func(r *Reader) { ReadArray(r, 0, 2, 2, (*Reader).Uint16) }},
		{"value[1]: a boolean", "\x02\x01\x02", func(r *Reader) { ReadArray(r, 0, 2, 1, (*Reader).Bool) }},
	}
	for _, c := range cases {
		r := NewReader([]byte(c.bytes), "value")
		c.read(r)
		wantRefused(t, r.End(), c.want)
	}
}

func TestWriterRefuses(t *testing.T) {
	cases := []struct {
		want  string
		write func(*Writer)
	}{
		{"value: 5 bytes, at most 4", func(w *Writer) { w.String("abcde", 0, 4) }},
		{"malformed UTF-8", func(w *Writer) { w.String("\xff", 0, 4) }},
		{"0 bytes, at least 1", func(w *Writer) { w.Bytes(nil, 1, 4) }},
		{"3 bytes, exactly 4", func(w *Writer) { w.Exact([]byte("abc"), 4) }},
		{"not an index below 2", func(w *Writer) { w.Choice(2, 2) }},
		{"not an index below 2", func(w *Writer) { w.Choice(-1, 2) }},
		{"more than 2 bytes of magnitude", func(w *Writer) { w.BigInt(big.NewInt(1<<16), 2) }},
		{"1 item, at least 2", func(w *Writer) { WriteArray(w, []bool{true}, 2, 3, (*Writer).Bool) }},
		{"value[1].name: 1 byte, at most 0", func(w *Writer) {
			WriteArray(w, []string{"", "a"}, 0, 3, func(w *Writer, v string) {
				w.Enter(".name")
				w.String(v, 0, 0)
				w.Leave()
			})
		}},
	}
	for _, c := range cases {
		w := NewWriter("value")
		c.write(w)
		_, err := w.Encoded()
		wantRefused(t, err, c.want)
	}
}

// mixed is a value of every type.
type mixed struct {
	yes   bool
	u     uint64
	i     int32
	f     float64
	big   *big.Int
	text  string
	free  []byte
	fixed []byte
	maybe *uint16
	words []int
}

func readMixed(r *Reader) (v mixed) {
	v.yes, v.u, v.i, v.f, v.big = r.Bool(), r.Uint64(), r.Int32(), r.Float64(), r.BigInt(9)
	v.text, v.free, v.fixed = r.String(0, 300), r.Bytes(0, 300), r.Exact(4)
	v.maybe = ReadOption(r, (*Reader).Uint16)
	v.words = ReadArray(r, 0, 9, 1, func(r *Reader) int { return r.Choice(200) })
	return v
}

func writeMixed(w *Writer, v mixed) {
	w.Bool(v.yes)
	w.Uint64(v.u)
	w.Int32(v.i)
	w.Float64(v.f)
	w.BigInt(v.big, 9)
	w.String(v.text, 0, 300)
	w.Bytes(v.free, 0, 300)
	w.Exact(v.fixed, 4)
	WriteOption(w, v.maybe, (*Writer).Uint16)
	WriteArray(w, v.words, 0, 9, func(w *Writer, v int) { w.Choice(v, 200) })
}

func mixedBytes(t testing.TB, v mixed) []byte {
	w := NewWriter("mixed")
	writeMixed(w, v)
	b, err := w.Encoded()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Each value has one encoding: what is read is written as the same bytes.
func FuzzCanonical(f *testing.F) {
	seven := uint16(7)
	f.Add(mixedBytes(f, mixed{fixed: make([]byte, 4)}))
	f.Add(mixedBytes(f, mixed{true, math.MaxUint64, -1, math.NaN(), big.NewInt(-300), strings.Repeat("é", 100), make([]byte, 200),
		[]byte("abcd"), &seven, []int{1, 199}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b, "mixed")
		v := readMixed(r)
		if r.End() == nil && !bytes.Equal(mixedBytes(t, v), b) {
			t.Fatal("two forms of one value")
		}
	})
}
