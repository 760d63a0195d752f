package attestedtls

import (
	"encoding/binary"
	"errors"
	"io"
)

// What the two sides say to each other, in frames: u8 version, u8 kind, u32 length of the payload, the payload. Integers are
// little-endian. packages/evidence/atls/docs/protocol.md is the protocol.
const (
	kindChallenge = 1 + iota
	kindNonce
	kindEvidence
	kindAccepted
	kindRefused
)

const (
	frameVersion     = 1
	frameHeader      = 6
	nonceSize        = 32
	evidenceHeader   = 1 + 4 + 2 + 4
	mostQuote        = 131_072
	mostSignature    = 160
	mostEndorsements = 524_288
)

// mostPayload is what a header of each kind may announce.
var mostPayload = map[byte]int{kindChallenge: nonceSize + 1, kindNonce: nonceSize,
	kindEvidence: evidenceHeader + mostQuote + mostSignature + mostEndorsements, kindAccepted: 0, kindRefused: 1}

// Reasons of a refusal, in as many words as a stranger needs.
const (
	reasonProtocol = 1 + iota
	reasonEvidence
	reasonPolicy
	reasonNoEvidence
)

var reasonNames = map[byte]string{reasonProtocol: "protocol", reasonEvidence: "evidence", reasonPolicy: "policy",
	reasonNoEvidence: "no-evidence"}

var modeNumbers = map[Mode]byte{Cached: 1, Fresh: 2}

// message is one of any kind; only the fields of its kind are set.
type message struct {
	kind  byte
	nonce [nonceSize]byte
	// mode is the least mode of a challenge, or that of evidence.
	mode                           Mode
	quote, signature, endorsements []byte
	reason                         byte
}

func (m *message) encode() []byte {
	var payload []byte
	switch m.kind {
	case kindChallenge:
		payload = append(append(payload, m.nonce[:]...), modeNumbers[m.mode])
	case kindNonce:
		payload = append(payload, m.nonce[:]...)
	case kindEvidence:
		payload = append(payload, modeNumbers[m.mode])
		payload = binary.LittleEndian.AppendUint32(payload, uint32(len(m.quote)))
		payload = binary.LittleEndian.AppendUint16(payload, uint16(len(m.signature)))
		payload = binary.LittleEndian.AppendUint32(payload, uint32(len(m.endorsements)))
		payload = append(append(append(payload, m.quote...), m.signature...), m.endorsements...)
	case kindRefused:
		payload = append(payload, m.reason)
	}
	frame := binary.LittleEndian.AppendUint32([]byte{frameVersion, m.kind}, uint32(len(payload)))
	return append(frame, payload...)
}

var errFrame = errors.New("not a message of the protocol")

// readMessage reads one message. wanted judges its kind before the payload is waited for, so that a stranger cannot make this side
// buffer more than a challenge.
func readMessage(r io.Reader, wanted func(kind byte) error) (*message, error) {
	var header [frameHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, lost(err)
	}
	kind, size := header[1], int64(binary.LittleEndian.Uint32(header[2:]))
	most, isKnown := mostPayload[kind]
	if header[0] != frameVersion || !isKnown || size > int64(most) {
		return nil, violated("frame", errFrame)
	}
	if err := wanted(kind); err != nil {
		return nil, err
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return nil, lost(err)
	}
	m, err := decodePayload(kind, payload)
	if err != nil {
		return nil, violated("frame", err)
	}
	return m, nil
}

func lost(err error) error {
	return fail("ATLS_CONNECTION_LOST", "The connection ended before the exchange of evidence finished.", err)
}

func decodePayload(kind byte, payload []byte) (*message, error) {
	m := &message{kind: kind}
	switch kind {
	case kindChallenge, kindNonce:
		if len(payload) != mostPayload[kind] {
			return nil, errFrame
		}
		copy(m.nonce[:], payload)
		if kind == kindChallenge {
			return m, m.readMode(payload[nonceSize])
		}
	case kindEvidence:
		return m, m.readEvidence(payload)
	case kindRefused:
		if len(payload) != 1 || reasonNames[payload[0]] == "" {
			return nil, errFrame
		}
		m.reason = payload[0]
	}
	return m, nil
}

func (m *message) readMode(number byte) error {
	for mode, known := range modeNumbers {
		if known == number {
			m.mode = mode
			return nil
		}
	}
	return errFrame
}

// readEvidence: a fresh quote without a signature, or a signature without a quote. What the other mode has would be ignored.
func (m *message) readEvidence(payload []byte) error {
	if len(payload) < evidenceHeader {
		return errFrame
	}
	if err := m.readMode(payload[0]); err != nil {
		return err
	}
	quote, signature := binary.LittleEndian.Uint32(payload[1:]), binary.LittleEndian.Uint16(payload[5:])
	endorsements := binary.LittleEndian.Uint32(payload[7:])
	if quote > mostQuote || signature > mostSignature || endorsements > mostEndorsements {
		return errors.New("a part of evidence that is too long")
	}
	isWhole := quote > 0 && signature == 0
	if m.mode == Cached {
		isWhole = quote == 0 && signature > 0
	}
	rest := payload[evidenceHeader:]
	if !isWhole || uint64(len(rest)) != uint64(quote)+uint64(signature)+uint64(endorsements) {
		return errFrame
	}
	m.quote, rest = rest[:quote:quote], rest[quote:]
	m.signature, m.endorsements = rest[:signature:signature], rest[signature:]
	return nil
}
