package edl

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// Writer writes a value, and checks it against its type. Encoded reports the first fault.
type Writer struct {
	bytes []byte
	path  path
	fault string
	where string
}

// NewWriter writes a value that is called name in errors.
func NewWriter(name string) *Writer { return &Writer{path: path{name}} }

// Enter begins a field or an item, for the path of an error, and Leave ends it.
func (w *Writer) Enter(part string) { w.path = append(w.path, part) }

// Leave ends what Enter began.
func (w *Writer) Leave() { w.path = w.path[:len(w.path)-1] }

// Refuse refuses the value.
func (w *Writer) Refuse(problem string) {
	if w.fault == "" {
		w.fault = problem
		w.where = w.path.String()
	}
}

// Encoded returns what was written, or EDL_VALUE_REFUSED with the path and the bound, never the value.
func (w *Writer) Encoded() ([]byte, error) {
	if w.fault != "" {
		return nil, refused(w.where, w.fault)
	}
	return w.bytes, nil
}

func (w *Writer) varint(value uint64) { w.bytes = binary.AppendUvarint(w.bytes, value) }

func (w *Writer) size(count int, noun string, least, most uint64) {
	if fault := sizeFault(uint64(count), noun, least, most); fault != "" {
		w.Refuse(fault)
		return
	}
	w.varint(uint64(count))
}

// Bool writes a boolean.
func (w *Writer) Bool(value bool) {
	if value {
		w.Uint8(1)
	} else {
		w.Uint8(0)
	}
}

// Uint8 writes an integer.
func (w *Writer) Uint8(value uint8) { w.bytes = append(w.bytes, value) }

// Uint16 writes an integer.
func (w *Writer) Uint16(value uint16) { w.bytes = binary.LittleEndian.AppendUint16(w.bytes, value) }

// Uint32 writes an integer.
func (w *Writer) Uint32(value uint32) { w.bytes = binary.LittleEndian.AppendUint32(w.bytes, value) }

// Uint64 writes an integer.
func (w *Writer) Uint64(value uint64) { w.bytes = binary.LittleEndian.AppendUint64(w.bytes, value) }

// Int8 writes an integer.
func (w *Writer) Int8(value int8) { w.Uint8(uint8(value)) }

// Int16 writes an integer.
func (w *Writer) Int16(value int16) { w.Uint16(uint16(value)) }

// Int32 writes an integer.
func (w *Writer) Int32(value int32) { w.Uint32(uint32(value)) }

// Int64 writes an integer.
func (w *Writer) Int64(value int64) { w.Uint64(uint64(value)) }

// Float64 writes a number; every NaN is the same one.
func (w *Writer) Float64(value float64) {
	if math.IsNaN(value) {
		w.Uint64(canonicalNaN)
	} else {
		w.Uint64(math.Float64bits(value))
	}
}

// BigInt writes an integer of at most so many bytes of magnitude; nil is zero.
func (w *Writer) BigInt(value *big.Int, most int) {
	if value == nil || value.Sign() == 0 {
		w.varint(0)
		return
	}
	magnitude := value.Bytes()
	if len(magnitude) > most {
		w.Refuse("more than " + plural(uint64(most), "byte") + " of magnitude")
		return
	}
	count := uint64(2 * len(magnitude))
	if value.Sign() < 0 {
		count++
	}
	w.varint(count)
	for i := len(magnitude) - 1; i >= 0; i-- {
		w.Uint8(magnitude[i])
	}
}

// String writes text of so many bytes of UTF-8.
func (w *Writer) String(value string, least, most uint64) {
	if !utf8.ValidString(value) {
		w.Refuse("malformed UTF-8")
		return
	}
	w.size(len(value), "byte", least, most)
	w.bytes = append(w.bytes, value...)
}

// Bytes writes so many bytes.
func (w *Writer) Bytes(value []byte, least, most uint64) {
	w.size(len(value), "byte", least, most)
	w.bytes = append(w.bytes, value...)
}

// Exact writes exactly so many bytes.
func (w *Writer) Exact(value []byte, count uint64) {
	if uint64(len(value)) != count {
		w.Refuse(plural(uint64(len(value)), "byte") + ", exactly " + strconv.FormatUint(count, 10))
		return
	}
	w.bytes = append(w.bytes, value...)
}

// Choice writes the index of an enumeration or of a variant.
func (w *Writer) Choice(index int, count uint64) {
	if index < 0 || uint64(index) >= count {
		w.Refuse("not an index below " + strconv.FormatUint(count, 10))
		return
	}
	w.varint(uint64(index))
}

// WriteOption writes an optional value, absent for nil.
func WriteOption[T any](w *Writer, value *T, write func(*Writer, T)) {
	w.Bool(value != nil)
	if value != nil {
		write(w, *value)
	}
}

// WriteArray writes a list.
func WriteArray[T any](w *Writer, items []T, least, most uint64, write func(*Writer, T)) {
	w.size(len(items), "item", least, most)
	for i := 0; i < len(items) && w.fault == ""; i++ {
		w.Enter("[" + strconv.Itoa(i) + "]")
		write(w, items[i])
		w.Leave()
	}
}
