package core

// The frames of the call gate, as @enclos/gate has them. All integers are little-endian:
// u32 length of the rest | u8 kind | u8 table | u16 function | u32 call | u32 parent call | u32 timeout | payload.

const (
	ecHello        = 1
	ecCallFrame    = 2
	ecReturn       = 3
	ecThrow        = 4
	ecCancel       = 5
	ecLogFrame     = 6
	ecGoodbye      = 7
	ecStreamData   = 8
	ecStreamCredit = 9
	ecStreamEnd    = 10
	ecStreamClose  = 11
)

const (
	ecHeaderBytes   = 20
	ecLengthBytes   = 4
	ecMaxChunk      = 64 * 1024
	ecMaxLogLevel   = 4
	ecLargestFrame  = 1 << 30
	ecSmallestFrame = ecHeaderBytes + 2 + ecMaxThrowCode + ecMaxThrowMessage
)

// ecFrame is one message. Its payload is lent until the function that gets the frame returns, unless owned is set.
type ecFrame struct {
	kind    uint8
	table   uint8
	index   uint16
	id      uint32
	parent  uint32
	timeout uint32
	payload []byte
	owned   bool
}

func ecU16(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }

func ecU32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func ecU64(b []byte) uint64 { return uint64(ecU32(b)) | uint64(ecU32(b[4:]))<<32 }

func ecPut16(b []byte, v uint16) []byte { return append(b, byte(v), byte(v>>8)) }

func ecPut32(b []byte, v uint32) []byte {
	return append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
}

func ecPut64(b []byte, v uint64) []byte { return ecPut32(ecPut32(b, uint32(v)), uint32(v>>32)) }

// ecPutHeader appends the header of a frame whose payload has size bytes.
func ecPutHeader(b []byte, f *ecFrame, size int) []byte {
	b = ecPut32(b, uint32(ecHeaderBytes-ecLengthBytes+size))
	b = append(b, f.kind, f.table)
	b = ecPut16(b, f.index)
	b = ecPut32(b, f.id)
	b = ecPut32(b, f.parent)
	return ecPut32(b, f.timeout)
}

// ecReadHeader reads 20 bytes; the kind is not yet checked.
func ecReadHeader(b []byte, f *ecFrame) {
	f.kind = b[4]
	f.table = b[5]
	f.index = ecU16(b[6:])
	f.id = ecU32(b[8:])
	f.parent = ecU32(b[12:])
	f.timeout = ecU32(b[16:])
	f.payload = nil
	f.owned = false
}

// ecFrameSize is the size on the wire of the frame whose length field b begins with.
func ecFrameSize(b []byte, most int) (int, error) {
	size := ecLengthBytes + int64(ecU32(b))
	if size < ecHeaderBytes {
		return 0, ecViolation("a frame shorter than its header")
	}
	if size > int64(most) {
		return 0, ecViolation("a frame of " + ecItoa(size) + " bytes, at most " + ecItoa(int64(most)) + " are allowed")
	}
	return int(size), nil
}

func ecMaxPayload(kind uint8) int {
	switch kind {
	case ecHello, ecCallFrame, ecReturn:
		return ecLargestFrame
	case ecThrow:
		return 2 + ecMaxThrowCode + ecMaxThrowMessage
	case ecLogFrame:
		return ecMaxLogBytes
	case ecStreamData:
		return ecMaxChunk
	}
	return 0
}

// ecHeaderFault says what is wrong with a header and the size of its payload, or "".
func ecHeaderFault(f *ecFrame, size int) string {
	if f.kind < ecHello || f.kind > ecStreamClose {
		return "an unknown kind"
	}
	if fault := ecUnusedFault(f); fault != "" {
		return fault
	}
	if f.kind == ecStreamData && size == 0 {
		return "a piece of a stream without bytes"
	}
	if size > ecMaxPayload(f.kind) {
		return "a payload too large for its kind"
	}
	return ""
}

func ecUnusedFault(f *ecFrame) string {
	hasID := f.kind != ecHello && f.kind != ecLogFrame && f.kind != ecGoodbye
	switch {
	case hasID && f.id == 0:
		return "a call id of zero"
	case !hasID && f.id != 0:
		return "a call id on a frame that has none"
	case f.kind == ecCallFrame && f.table > 1:
		return "an unknown function table"
	case f.kind == ecCallFrame:
		return ""
	}
	isCredit := f.kind == ecStreamCredit
	if isCredit && f.parent == 0 {
		return "a credit of nothing"
	}
	if f.table != 0 || (f.parent != 0 && !isCredit) || f.timeout != 0 {
		return "a reserved field that is not zero"
	}
	if f.kind == ecLogFrame {
		if f.index > ecMaxLogLevel {
			return "an unknown log level"
		}
		return ""
	}
	if f.index != 0 {
		return "a reserved field that is not zero"
	}
	return ""
}
