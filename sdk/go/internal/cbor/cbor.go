// Package cbor reads and writes the CBOR of evidence in certificates (RFC 8949 section 4.2.1): arguments in their shortest form,
// definite lengths, no floating point numbers, nothing trailing.
package cbor

import (
	"bytes"
	"fmt"
	"sort"
	"unicode/utf8"
)

// Major types (RFC 8949 section 3.1).
const (
	Unsigned = iota
	Negative
	Bytes
	Text
	Array
	Map
	Tag
	Simple
)

// mostDepth is how deep values may nest; evidence in certificates needs 4.
const mostDepth = 16

const mostArgument = 1<<53 - 1

// Reader pulls values out of CBOR. After the first mistake every method returns a zero value, so that a caller reads all it wants and
// then asks for Err once.
type Reader struct {
	left    []byte
	mistake error
}

// NewReader returns a reader of the bytes, which must not change while values of it are in use.
func NewReader(b []byte) *Reader { return &Reader{left: b} }

// Err is the first mistake, or nil.
func (r *Reader) Err() error { return r.mistake }

// Failf notes a mistake, unless there is one.
func (r *Reader) Failf(format string, args ...any) {
	if r.mistake == nil {
		r.mistake = fmt.Errorf(format, args...)
	}
}

// End refuses bytes that are left.
func (r *Reader) End() {
	if len(r.left) > 0 {
		r.Failf("bytes follow the end of a CBOR value")
	}
}

// Peek is the major type of the next value, or -1 at the end.
func (r *Reader) Peek() int {
	if len(r.left) == 0 || r.mistake != nil {
		return -1
	}
	return int(r.left[0] >> 5)
}

func (r *Reader) view(size uint64) []byte {
	if r.mistake == nil && size > uint64(len(r.left)) {
		r.Failf("CBOR ends before the value does")
	}
	if r.mistake != nil {
		return nil
	}
	taken := r.left[:size:size]
	r.left = r.left[size:]
	return taken
}

// head reads type and argument (RFC 8949 section 3).
func (r *Reader) head() (kind int, argument uint64) {
	first := r.view(1)
	if first == nil {
		return -1, 0
	}
	kind = int(first[0] >> 5)
	short := first[0] & 0x1f
	if short < 24 {
		return kind, uint64(short)
	}
	// 28 to 30 are reserved, 31 is an indefinite length; type 7 has floats here, and unassigned simple values.
	if short > 27 || kind == Simple {
		r.Failf("CBOR of an indefinite, reserved or floating form")
		return -1, 0
	}
	size := uint64(1) << (short - 24)
	for _, octet := range r.view(size) {
		argument = argument<<8 | uint64(octet)
	}
	if argument < 24 || size > 1 && argument < 1<<(4*size) || argument > mostArgument {
		r.Failf("a CBOR argument that is not minimal, or of 2^53 or more")
		return -1, 0
	}
	return kind, argument
}

func (r *Reader) argument(wanted int) uint64 {
	kind, argument := r.head()
	if r.mistake == nil && kind != wanted {
		r.Failf("CBOR type %d wanted, %d found", wanted, kind)
		return 0
	}
	return argument
}

func (r *Reader) bounded(wanted int, most uint64) uint64 {
	argument := r.argument(wanted)
	if argument > most {
		r.Failf("a CBOR value above %d", most)
		return 0
	}
	return argument
}

// Unsigned reads an unsigned integer up to most.
func (r *Reader) Unsigned(most uint64) uint64 { return r.bounded(Unsigned, most) }

// Bytes reads a byte string of at most so many bytes.
func (r *Reader) Bytes(most uint64) []byte { return r.view(r.bounded(Bytes, most)) }

// Text reads a text string of at most so many bytes.
func (r *Reader) Text(most uint64) string { return r.text(r.bounded(Text, most)) }

func (r *Reader) text(size uint64) string {
	text := r.view(size)
	if !utf8.Valid(text) {
		r.Failf("a CBOR text that is not UTF-8")
		return ""
	}
	return string(text)
}

// Array reads the head of an array: how many values follow.
func (r *Reader) Array(most uint64) int { return int(r.bounded(Array, most)) }

// Map reads the head of a map: how many pairs follow. Duplicates are the caller's to refuse.
func (r *Reader) Map(most uint64) int { return int(r.bounded(Map, most)) }

// Tag reads the head of a tagged value.
func (r *Reader) Tag() uint64 { return r.argument(Tag) }

// Skip reads one value of any type, with all that it holds.
func (r *Reader) Skip() { r.skip(0) }

func (r *Reader) skip(depth int) {
	if depth > mostDepth {
		r.Failf("CBOR nests deeper than %d", mostDepth)
	}
	kind, argument := r.head()
	count := uint64(0)
	switch kind {
	case Bytes:
		r.view(argument)
	case Text:
		r.text(argument)
	case Simple:
		// false, true and null (RFC 8949 section 3.3).
		if argument < 20 || argument > 22 {
			r.Failf("a CBOR simple value that is not known")
		}
	case Array:
		count = argument
	case Map:
		count = 2 * argument
	case Tag:
		count = 1
	}
	// Each value takes at least one byte, so the loop ends before the input does.
	for ; count > 0 && r.mistake == nil; count-- {
		r.skip(depth + 1)
	}
}

func appendHead(b []byte, kind int, argument uint64) []byte {
	first := byte(kind) << 5
	switch {
	case argument < 24:
		return append(b, first|byte(argument))
	case argument < 1<<8:
		return append(b, first|24, byte(argument))
	case argument < 1<<16:
		return append(b, first|25, byte(argument>>8), byte(argument))
	}
	size, code := 4, byte(26)
	if argument >= 1<<32 {
		size, code = 8, 27
	}
	b = append(b, first|code)
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(argument>>(8*i)))
	}
	return b
}

// EncodeUnsigned, and the functions below, give one value in its deterministic form.
func EncodeUnsigned(value uint64) []byte { return appendHead(nil, Unsigned, value) }

// EncodeBytes gives a byte string.
func EncodeBytes(b []byte) []byte { return append(appendHead(nil, Bytes, uint64(len(b))), b...) }

// EncodeText gives a text string.
func EncodeText(text string) []byte { return append(appendHead(nil, Text, uint64(len(text))), text...) }

// EncodeArray gives an array of encoded items.
func EncodeArray(items ...[]byte) []byte {
	return append(appendHead(nil, Array, uint64(len(items))), bytes.Join(items, nil)...)
}

// EncodeTag gives a tagged value.
func EncodeTag(tag uint64, value []byte) []byte { return append(appendHead(nil, Tag, tag), value...) }

// EncodeMap gives a map with text keys, in the order of their encoded bytes.
func EncodeMap(members map[string][]byte) []byte {
	keys := make([]string, 0, len(members))
	for key := range members {
		keys = append(keys, string(EncodeText(key)))
	}
	sort.Strings(keys)
	encoded := appendHead(nil, Map, uint64(len(keys)))
	for _, key := range keys {
		r := NewReader([]byte(key))
		encoded = append(append(encoded, key...), members[r.Text(mostArgument)]...)
	}
	return encoded
}
