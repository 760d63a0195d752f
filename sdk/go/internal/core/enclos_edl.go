package core

// The encoding of values of @enclos/edl, as far as this package speaks it. Integers are little-endian; counts and lengths are
// unsigned LEB128 in minimal form.

// ecReader reads a value from untrusted bytes. After the first fault every read gives zero, and end reports the fault.
type ecReader struct {
	b     []byte
	fault string
}

func (r *ecReader) refuse(what string) {
	if r.fault == "" {
		r.fault = what
	}
	r.b = nil
}

func (r *ecReader) take(n int) []byte {
	if r.fault != "" || n > len(r.b) {
		r.refuse("the bytes end early")
		return nil
	}
	taken := r.b[:n:n]
	r.b = r.b[n:]
	return taken
}

func (r *ecReader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *ecReader) u16() uint16 {
	if b := r.take(2); b != nil {
		return ecU16(b)
	}
	return 0
}

func (r *ecReader) u32() uint32 {
	if b := r.take(4); b != nil {
		return ecU32(b)
	}
	return 0
}

func (r *ecReader) u64() uint64 {
	if b := r.take(8); b != nil {
		return ecU64(b)
	}
	return 0
}

func (r *ecReader) bool() bool {
	v := r.u8()
	if v > 1 {
		r.refuse("a boolean is a byte 0 or 1")
	}
	return v == 1
}

// varint is below 2^35.
func (r *ecReader) varint() uint64 {
	var value uint64
	for shift := uint(0); shift < 35; shift += 7 {
		b := r.take(1)
		if b == nil {
			return 0
		}
		value |= uint64(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			if b[0] == 0 && shift > 0 {
				r.refuse("a number is not in its shortest form")
				return 0
			}
			return value
		}
	}
	r.refuse("a number takes more than 5 bytes")
	return 0
}

func (r *ecReader) count(least, most int) int {
	n := r.varint()
	if n < uint64(least) || n > uint64(most) {
		r.refuse("a size or a count outside its bounds")
		return 0
	}
	return int(n)
}

// bytes are a view.
func (r *ecReader) bytes(least, most int) []byte { return r.take(r.count(least, most)) }

func (r *ecReader) text(least, most int) string {
	b := r.bytes(least, most)
	if !ecIsUTF8(b) {
		r.refuse("malformed UTF-8")
		return ""
	}
	return string(b)
}

// choice is the index of an enumeration of n names.
func (r *ecReader) choice(n int) int {
	at := r.varint()
	if at >= uint64(n) {
		r.refuse("not an index of the enumeration")
		return 0
	}
	return int(at)
}

// each reads an array.
func (r *ecReader) each(least, most int, item func()) {
	n := r.count(least, most)
	if n > len(r.b) {
		r.refuse("the bytes end early")
		return
	}
	for i := 0; i < n && r.fault == ""; i++ {
		item()
	}
}

// end refuses bytes after the value.
func (r *ecReader) end() error {
	if r.fault == "" && len(r.b) > 0 {
		r.refuse("bytes after the end of the value")
	}
	if r.fault != "" {
		return ecFail("EDL_VALUE_REFUSED", "A value was refused: "+r.fault+".")
	}
	return nil
}

func ecPutVarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func ecPutBytes(b, value []byte) []byte { return append(ecPutVarint(b, uint64(len(value))), value...) }

func ecPutText(b []byte, value string) []byte {
	return append(ecPutVarint(b, uint64(len(value))), value...)
}
