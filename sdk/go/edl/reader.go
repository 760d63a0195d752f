// Package edl is the encoding of values that cross the boundary between an enclave and its host, as @enclos/edl has it: generated
// code reads and writes with it. Integers are little-endian, counts and lengths unsigned LEB128 in minimal form, and each value has
// exactly one encoding.
package edl

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"enclos.invalid/sdk/internal/core"
)

// Reader reads a value from untrusted bytes. Bounds are checked before anything of that size is made. After the first fault every
// read gives a zero value, and End reports the fault.
type Reader struct {
	bytes []byte
	path  path
	fault string
	where string
}

// NewReader reads a value that is called name in errors.
func NewReader(bytes []byte, name string) *Reader {
	return &Reader{bytes: bytes, path: path{name}}
}

// path are the fields and items around what is being read or written.
type path []string

func (p path) String() string {
	text := ""
	for _, part := range p {
		text += part
	}
	return text
}

// Enter begins a field or an item, for the path of an error, and Leave ends it.
func (r *Reader) Enter(part string) { r.path = append(r.path, part) }

// Leave ends what Enter began.
func (r *Reader) Leave() { r.path = r.path[:len(r.path)-1] }

// Failed tells whether something was refused.
func (r *Reader) Failed() bool { return r.fault != "" }

func (r *Reader) refuse(problem string) {
	if r.fault == "" {
		r.fault = problem
		r.where = r.path.String()
	}
	r.bytes = nil
}

// End refuses bytes after the value, and returns EDL_VALUE_REFUSED with the path and the bound, never the value.
func (r *Reader) End() error {
	if r.fault == "" && len(r.bytes) > 0 {
		r.refuse(plural(uint64(len(r.bytes)), "byte") + " after the end of the value")
	}
	if r.fault == "" {
		return nil
	}
	return refused(r.where, r.fault)
}

func refused(where, problem string) error {
	return &core.EnclosError{Code: "EDL_VALUE_REFUSED", Message: where + ": " + problem + "."}
}

func plural(count uint64, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return strconv.FormatUint(count, 10) + " " + noun + "s"
}

func (r *Reader) take(count uint64) []byte {
	if r.fault != "" {
		return nil
	}
	if count > uint64(len(r.bytes)) {
		r.refuse("the bytes end early: " + plural(count, "byte") + " wanted, " + strconv.Itoa(len(r.bytes)) + " left")
		return nil
	}
	taken := r.bytes[:count:count]
	r.bytes = r.bytes[count:]
	return taken
}

func (r *Reader) varint() uint64 {
	var value uint64
	for used := 0; used < 5; used++ {
		b := r.take(1)
		if b == nil {
			return 0
		}
		value |= uint64(b[0]&0x7f) << (7 * used)
		if b[0] >= 0x80 {
			continue
		}
		if b[0] == 0 && used > 0 {
			r.refuse("a number is not in its shortest form")
			return 0
		}
		return value
	}
	r.refuse("a number takes more than 5 bytes")
	return 0
}

func (r *Reader) size(noun string, least, most uint64) uint64 {
	count := r.varint()
	if fault := sizeFault(count, noun, least, most); fault != "" && r.fault == "" {
		r.refuse(fault)
		return 0
	}
	return count
}

func sizeFault(count uint64, noun string, least, most uint64) string {
	switch {
	case count > most:
		return plural(count, noun) + ", at most " + strconv.FormatUint(most, 10)
	case count < least:
		return plural(count, noun) + ", at least " + strconv.FormatUint(least, 10)
	}
	return ""
}

// Bool reads a boolean.
func (r *Reader) Bool() bool {
	b := r.take(1)
	if b != nil && b[0] > 1 {
		r.refuse("a boolean is a byte 0 or 1")
	}
	return b != nil && b[0] == 1
}

// Uint8 reads an integer.
func (r *Reader) Uint8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 reads an integer.
func (r *Reader) Uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads an integer.
func (r *Reader) Uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads an integer.
func (r *Reader) Uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Int8 reads an integer.
func (r *Reader) Int8() int8 { return int8(r.Uint8()) }

// Int16 reads an integer.
func (r *Reader) Int16() int16 { return int16(r.Uint16()) }

// Int32 reads an integer.
func (r *Reader) Int32() int32 { return int32(r.Uint32()) }

// Int64 reads an integer.
func (r *Reader) Int64() int64 { return int64(r.Uint64()) }

// canonicalNaN is the only NaN that crosses.
const canonicalNaN = 0x7ff8000000000000

// Float64 reads a number.
func (r *Reader) Float64() float64 {
	bits := r.Uint64()
	value := math.Float64frombits(bits)
	if math.IsNaN(value) && bits != canonicalNaN {
		r.refuse("a NaN other than the canonical one")
		return 0
	}
	return value
}

// BigInt reads an integer of at most so many bytes of magnitude.
func (r *Reader) BigInt(most int) *big.Int {
	count := r.varint()
	value := new(big.Int)
	if count == 0 {
		return value
	}
	length := count / 2
	switch {
	case length == 0:
		r.refuse("a negative zero")
		return value
	case length > uint64(most):
		r.refuse(plural(length, "byte") + " of magnitude, at most " + strconv.Itoa(most))
		return value
	}
	magnitude := append([]byte(nil), r.take(length)...)
	if len(magnitude) == 0 {
		return value
	}
	if magnitude[len(magnitude)-1] == 0 {
		r.refuse("a number is not in its shortest form")
		return value
	}
	for i, j := 0, len(magnitude)-1; i < j; i, j = i+1, j-1 {
		magnitude[i], magnitude[j] = magnitude[j], magnitude[i]
	}
	value.SetBytes(magnitude)
	if count%2 == 1 {
		value.Neg(value)
	}
	return value
}

// String reads text of so many bytes of UTF-8.
func (r *Reader) String(least, most uint64) string {
	b := r.take(r.size("byte", least, most))
	if !utf8.Valid(b) {
		r.refuse("malformed UTF-8")
		return ""
	}
	return string(b)
}

// Bytes reads so many bytes, in memory that nothing else uses.
func (r *Reader) Bytes(least, most uint64) []byte {
	return append([]byte{}, r.take(r.size("byte", least, most))...)
}

// Exact reads exactly so many bytes.
func (r *Reader) Exact(count uint64) []byte { return append([]byte{}, r.take(count)...) }

// Present reads whether an optional value is there.
func (r *Reader) Present() bool {
	b := r.take(1)
	if b != nil && b[0] > 1 {
		r.refuse("an option starts with a byte 0 or 1")
	}
	return b != nil && b[0] == 1
}

// Choice reads the index of an enumeration or of a variant.
func (r *Reader) Choice(count uint64) int {
	index := r.varint()
	if index >= count && r.fault == "" {
		r.refuse("not an index below " + strconv.FormatUint(count, 10))
	}
	if r.fault != "" {
		return 0
	}
	return int(index)
}

// ReadOption reads an optional value, nil for an absent one.
func ReadOption[T any](r *Reader, read func(*Reader) T) *T {
	if !r.Present() {
		return nil
	}
	value := read(r)
	return &value
}

// ReadArray reads a list whose items take at least smallest bytes each.
func ReadArray[T any](r *Reader, least, most, smallest uint64, read func(*Reader) T) []T {
	count := r.size("item", least, most)
	if count*smallest > uint64(len(r.bytes)) && r.fault == "" {
		r.refuse("the bytes end early: " + plural(count, "item") + " do not fit")
	}
	items := []T{}
	for i := uint64(0); i < count && r.fault == ""; i++ {
		r.Enter("[" + strconv.FormatUint(i, 10) + "]")
		items = append(items, read(r))
		r.Leave()
	}
	return items
}
