// Package der reads DER (X.690 section 10) and the X.509 values that evidence is made of, strictly: what two readers could
// understand differently is refused. It is for values that are verified to a root; crypto/x509 is for all others.
package der

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Tags of the universal types that the reader knows (X.690 section 8.1.2).
const (
	TagBoolean     = 0x01
	TagInteger     = 0x02
	TagBitString   = 0x03
	TagOctetString = 0x04
	TagIdentifier  = 0x06
	TagEnumerated  = 0x0a
	TagUTF8        = 0x0c
	TagPrintable   = 0x13
	TagIA5         = 0x16
	TagUTCTime     = 0x17
	TagTime        = 0x18
	TagSequence    = 0x30
	TagSet         = 0x31
)

// AnyTag is for an element of any tag.
const AnyTag = -1

// mostDepth is how deep constructed values may nest; X.509 needs 8.
const mostDepth = 16

// Element is one tag, length and value. Both byte fields are views of the input.
type Element struct {
	Tag     int
	Content []byte
	// Encoded is tag, length and content. Signatures cover these bytes, and names are compared by them.
	Encoded []byte
}

// Reader pulls values out of DER. After the first mistake every method returns a zero value and Done is true, so that a caller
// reads all it wants and then asks for Err once. Readers of inner values share the mistake with the outer one.
type Reader struct {
	left    []byte
	depth   int
	mistake *error
}

// NewReader returns a reader of the bytes, which must not change while values of it are in use.
func NewReader(b []byte) *Reader { return &Reader{left: b, mistake: new(error)} }

// Err is the first mistake, or nil.
func (r *Reader) Err() error { return *r.mistake }

// Done tells whether nothing is left to be read.
func (r *Reader) Done() bool { return *r.mistake != nil || len(r.left) == 0 }

// Failf notes a mistake, unless there is one.
func (r *Reader) Failf(format string, args ...any) {
	if *r.mistake == nil {
		*r.mistake = fmt.Errorf(format, args...)
	}
}

// End refuses bytes that are left.
func (r *Reader) End() {
	if !r.Done() {
		r.Failf("bytes follow the end of a DER value")
	}
}

// Peek returns the next tag, or -1 at the end.
func (r *Reader) Peek() int {
	if r.Done() {
		return -1
	}
	return int(r.left[0])
}

// Element reads the next element, of any tag or of the one given. Its content is not read.
func (r *Reader) Element(tag int) Element {
	if *r.mistake != nil {
		return Element{}
	}
	size, header, err := readHeader(r.left)
	if err != nil {
		*r.mistake = err
		return Element{}
	}
	found := int(r.left[0])
	if tag != AnyTag && found != tag {
		r.Failf("DER tag 0x%x wanted, 0x%x found", tag, found)
		return Element{}
	}
	encoded := r.left[:header+size]
	r.left = r.left[header+size:]
	return Element{Tag: found, Content: encoded[header:], Encoded: encoded}
}

// readHeader returns how many bytes the content has, and how many are before it (X.690 section 10.1).
func readHeader(b []byte) (size, header int, err error) {
	if len(b) < 2 {
		return 0, 0, errors.New("DER ends before the value does")
	}
	if b[0]&0x1f == 0x1f {
		return 0, 0, errors.New("DER with a multiple-octet tag")
	}
	size, header = int(b[1]), 2
	if b[1] >= 0x80 {
		count := int(b[1] & 0x7f)
		if count == 0 || count > 4 {
			return 0, 0, errors.New("DER with an indefinite or oversized length")
		}
		if len(b) < 2+count {
			return 0, 0, errors.New("DER ends before the value does")
		}
		length := uint64(0)
		for _, octet := range b[2 : 2+count] {
			length = length<<8 | uint64(octet)
		}
		if length < 0x80 || length < 1<<(8*(count-1)) {
			return 0, 0, errors.New("DER with a non-minimal length")
		}
		header += count
		if length > uint64(len(b)-header) {
			return 0, 0, errors.New("a DER length runs past the end of the input")
		}
		size = int(length)
	}
	if size > len(b)-header {
		return 0, 0, errors.New("a DER length runs past the end of the input")
	}
	return size, header, nil
}

func (r *Reader) inside(tag int) *Reader {
	inner := &Reader{left: r.Element(tag).Content, depth: r.depth + 1, mistake: r.mistake}
	if inner.depth > mostDepth {
		r.Failf("DER nests deeper than %d", mostDepth)
	}
	return inner
}

// Sequence returns a reader of what is inside a SEQUENCE. The caller ends it.
func (r *Reader) Sequence() *Reader { return r.inside(TagSequence) }

// Set returns a reader of what is inside a SET with one member: then the order of members needs no check.
func (r *Reader) Set() *Reader { return r.inside(TagSet) }

// OptionalExplicit returns a reader of what is inside an explicit context tag, or nil when another tag is next.
func (r *Reader) OptionalExplicit(number int) *Reader {
	if r.Peek() != 0xa0|number {
		return nil
	}
	return r.inside(0xa0 | number)
}

// Magnitude reads a non-negative INTEGER: big-endian without leading zeros; zero is one zero byte.
func (r *Reader) Magnitude(most int) []byte {
	return r.magnitude(r.Element(TagInteger).Content, most)
}

// magnitude decodes two's complement in the fewest octets (X.690 section 8.3). X.509 has no negative numbers.
func (r *Reader) magnitude(content []byte, most int) []byte {
	if *r.mistake != nil {
		return nil
	}
	switch {
	case len(content) == 0:
		r.Failf("a DER integer without content")
	case content[0] >= 0x80:
		r.Failf("a negative DER integer")
	case content[0] == 0 && len(content) > 1 && content[1] < 0x80:
		r.Failf("a non-minimal DER integer")
	}
	if *r.mistake != nil {
		return nil
	}
	if content[0] == 0 && len(content) > 1 {
		content = content[1:]
	}
	if len(content) > most {
		r.Failf("a DER integer over %d bytes", most)
		return nil
	}
	return content
}

// Integer reads a non-negative INTEGER up to most, which is at most 2^32 - 1.
func (r *Reader) Integer(most uint32) uint32 { return r.bounded(r.Magnitude(4), most) }

// Enumerated reads an ENUMERATED up to most.
func (r *Reader) Enumerated(most uint32) uint32 {
	return r.bounded(r.magnitude(r.Element(TagEnumerated).Content, 4), most)
}

func (r *Reader) bounded(magnitude []byte, most uint32) uint32 {
	value := uint32(0)
	for _, octet := range magnitude {
		value = value<<8 | uint32(octet)
	}
	if value > most {
		r.Failf("a DER integer above %d", most)
		return 0
	}
	return value
}

// Boolean reads a BOOLEAN: FALSE is 00, TRUE is FF (X.690 section 11.1).
func (r *Reader) Boolean() bool {
	content := r.Element(TagBoolean).Content
	if *r.mistake == nil && (len(content) != 1 || content[0] != 0 && content[0] != 0xff) {
		r.Failf("not a canonical DER boolean")
	}
	return *r.mistake == nil && content[0] == 0xff
}

// OctetString reads an OCTET STRING.
func (r *Reader) OctetString() []byte { return r.Element(TagOctetString).Content }

// BitString reads a BIT STRING; its last byte ends in unused bits, which are zero (X.690 section 11.2).
func (r *Reader) BitString() (bits []byte, unused int) {
	content := r.Element(TagBitString).Content
	if *r.mistake != nil {
		return nil, 0
	}
	if len(content) == 0 || content[0] > 7 {
		r.Failf("not a DER bit string")
		return nil, 0
	}
	bits, unused = content[1:], int(content[0])
	if len(bits) == 0 && unused != 0 || len(bits) > 0 && bits[len(bits)-1]&(1<<unused-1) != 0 {
		r.Failf("a DER bit string with unused bits that are set or absent")
		return nil, 0
	}
	return bits, unused
}

// Text reads a UTF8String, a PrintableString or an IA5String of at most so many bytes; the last two hold printable characters only.
func (r *Reader) Text(most int) string {
	element := r.Element(AnyTag)
	if *r.mistake != nil {
		return ""
	}
	if len(element.Content) > most {
		r.Failf("a DER string over %d bytes", most)
		return ""
	}
	isText := utf8.Valid(element.Content)
	for _, octet := range element.Content {
		isText = isText && (element.Tag == TagUTF8 || element.Tag == TagPrintable && isPrintable(octet) ||
			element.Tag == TagIA5 && octet >= 0x20 && octet <= 0x7e)
	}
	if !isText || element.Tag != TagUTF8 && element.Tag != TagPrintable && element.Tag != TagIA5 {
		r.Failf("not a DER string of a known type")
		return ""
	}
	return string(element.Content)
}

func isPrintable(octet byte) bool {
	switch {
	case octet >= 'A' && octet <= 'Z', octet >= 'a' && octet <= 'z', octet >= '0' && octet <= '9':
		return true
	}
	for _, other := range []byte(" '()+,-./:=?") {
		if octet == other {
			return true
		}
	}
	return false
}

// Whole returns a reader of what is inside a SEQUENCE that is all of the bytes. The caller ends it.
func Whole(b []byte) *Reader {
	outer := NewReader(b)
	inner := outer.Sequence()
	outer.End()
	return inner
}
