// Package reportdata computes what our own report data commit to. The attester computes it for its quote, the relying party for its
// appraisal.
package reportdata

import (
	"crypto/sha256"
	"encoding/binary"
)

const domain = "enclos.report-data.v1"

// Bound is SHA-256 over a domain tag, purpose, nonce and key, each with its length, then 32 zero bytes. It is false unless the purpose
// has 1 to 255 bytes, the nonce 16 to 1024 and the key at most 65535. A key of nil is none.
func Bound(purpose string, nonce, key []byte) (data [64]byte, ok bool) {
	if len(purpose) < 1 || len(purpose) > 255 || len(nonce) < 16 || len(nonce) > 1024 || len(key) > 65535 {
		return data, false
	}
	b := append([]byte{byte(len(domain))}, domain...)
	b = append(append(b, byte(len(purpose))), purpose...)
	b = append(binary.LittleEndian.AppendUint16(b, uint16(len(nonce))), nonce...)
	if key == nil {
		b = append(b, 0)
	} else {
		b = binary.LittleEndian.AppendUint16(append(b, 1), uint16(len(key)))
		b = append(b, key...)
	}
	digest := sha256.Sum256(b)
	copy(data[:], digest[:])
	return data, true
}
