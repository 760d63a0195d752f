package core

const (
	ecMaxThrowCode    = 64
	ecMaxThrowMessage = 4096
	ecMaxLogBytes     = 8192
)

// ecIsUTF8 tells whether all of b is well-formed UTF-8: ranging gives U+FFFD of one byte for anything else.
func ecIsUTF8(b []byte) bool {
	text := string(b)
	for at, r := range text {
		if r == 0xfffd && (at+3 > len(text) || text[at:at+3] != "\xef\xbf\xbd") {
			return false
		}
	}
	return true
}

// ecCut returns as much of text as fits into size bytes of UTF-8, whole characters only; what is not UTF-8 becomes U+FFFD.
func ecCut(text string, size int) string {
	if len(text) <= size && ecIsUTF8([]byte(text)) {
		return text
	}
	kept := make([]byte, 0, size)
	for _, r := range text {
		next := string(r)
		if len(kept)+len(next) > size {
			break
		}
		kept = append(kept, next...)
	}
	return string(kept)
}

// ecIsUnsafe marks control characters, which could drive a terminal that shows the text, and bidirectional and line controls,
// which could fake its content. Line feed and tab are neither.
func ecIsUnsafe(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20 || (r >= 0x7f && r <= 0x9f):
		return true
	case r == 0x61c || r == 0x200e || r == 0x200f || r == 0x2028 || r == 0x2029:
		return true
	}
	return (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069)
}

// ecSafeText is text of the peer, with characters that could attack a terminal replaced.
func ecSafeText(b []byte) (string, error) {
	if !ecIsUTF8(b) {
		return "", ecViolation("text that is not UTF-8")
	}
	safe := make([]rune, 0, len(b))
	for _, r := range string(b) {
		if ecIsUnsafe(r) {
			r = 0xfffd
		}
		safe = append(safe, r)
	}
	return string(safe), nil
}

// ecSafeLine is one log line of the peer: a line break becomes U+23CE and a tab a space, so that the peer cannot begin a line.
func ecSafeLine(b []byte) (string, error) {
	if !ecIsUTF8(b) {
		return "", ecViolation("text that is not UTF-8")
	}
	safe := make([]rune, 0, len(b))
	afterReturn := false
	for _, r := range string(b) {
		wasReturn := afterReturn
		afterReturn = r == '\r'
		switch {
		case r == '\n' && wasReturn:
			continue
		case r == '\n' || r == '\v' || r == '\f' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			r = 0x23ce
		case r == '\t':
			r = ' '
		case ecIsUnsafe(r):
			r = 0xfffd
		}
		safe = append(safe, r)
	}
	return string(safe), nil
}

func ecIsCode(code string) bool {
	if len(code) == 0 || len(code) > ecMaxThrowCode {
		return false
	}
	for i := 0; i < len(code); i++ {
		c := code[i]
		if !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_' {
			return false
		}
	}
	return true
}

// ecThrowPayload is the payload of a THROW frame: u16 length of the code | code | message.
func ecThrowPayload(code, message string) []byte {
	if !ecIsCode(code) {
		code = "GATE_REMOTE_ERROR"
	}
	message = ecCut(message, ecMaxThrowMessage)
	payload := make([]byte, 0, 2+len(code)+len(message))
	payload = append(payload, byte(len(code)), 0)
	payload = append(payload, code...)
	return append(payload, message...)
}

// ecReadThrow returns the error that a THROW frame stands for: with its own code when that is accepted, else GATE_REMOTE_ERROR
// with RemoteCode. The second result is a violation.
func ecReadThrow(payload []byte, accepted func(string) bool) (thrown, violation error) {
	if len(payload) < 2 {
		return nil, ecViolation("an error without a code")
	}
	size := int(payload[0]) + 256*int(payload[1])
	if size > ecMaxThrowCode || len(payload) < 2+size {
		return nil, ecViolation("an error code of a wrong length")
	}
	if len(payload)-2-size > ecMaxThrowMessage {
		return nil, ecViolation("an error message that is too long")
	}
	code := string(payload[2 : 2+size])
	if !ecIsCode(code) {
		return nil, ecViolation("an error code of wrong characters")
	}
	message, err := ecSafeText(payload[2+size:])
	if err != nil {
		return nil, err
	}
	if accepted(code) {
		return &EnclosError{Code: code, Message: message, Remote: true}, nil
	}
	return &EnclosError{Code: "GATE_REMOTE_ERROR", Message: message, Remote: true, RemoteCode: code}, nil
}
