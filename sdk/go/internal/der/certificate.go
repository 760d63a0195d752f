package der

import (
	"bytes"
	"encoding/hex"
	"errors"
	"time"
)

const (
	// Intel's certificates are under 1.3 KiB.
	mostCertificateBytes = 16_384
	// MostListBytes is the most bytes of a revocation list. Intel's largest has 57 entries in 2.7 KiB.
	MostListBytes = 1_048_576
	mostNames     = 256
)

// Name is a distinguished name (RFC 5280 section 4.1.2.4). Names are compared by Encoded, as Intel's QVL does.
type Name struct {
	Encoded []byte
	// CommonName is empty when the name has none.
	CommonName string
}

// Certificate is an X.509 v3 certificate with a P-256 key, signed with ECDSA and SHA-256: the only kind in a chain of DCAP.
type Certificate struct {
	// Encoded is the whole certificate.
	Encoded []byte
	// SignedBytes is tbsCertificate.
	SignedBytes []byte
	// Signature is r then s, 64 bytes.
	Signature []byte
	// Serial is hex without leading zeros.
	Serial              string
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time
	// PublicKey is x then y, 64 bytes. That the point is on the curve is checked when the key is used.
	PublicKey  []byte
	Extensions map[string][]byte
}

// RevocationList is an X.509 v2 certificate revocation list, signed as a [Certificate] is.
type RevocationList struct {
	SignedBytes []byte
	// Signature is r then s, 64 bytes.
	Signature              []byte
	Issuer                 Name
	ThisUpdate, NextUpdate time.Time
	// Revoked holds serial numbers as hex without leading zeros.
	Revoked    map[string]bool
	Extensions map[string][]byte
}

// ecdsaWithSHA256 is the AlgorithmIdentifier, without parameters (RFC 5758 section 3.2).
var ecdsaWithSHA256 = []byte{0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}

// spkiPrefix is the SubjectPublicKeyInfo of an uncompressed P-256 point up to its coordinates (RFC 5480 section 2).
var spkiPrefix = []byte{0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
	0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04}

// PublicKeyInfo returns the SubjectPublicKeyInfo of a P-256 key, x then y.
func PublicKeyInfo(key []byte) []byte { return append(append([]byte(nil), spkiPrefix...), key...) }

// signed is what certificates and revocation lists share (RFC 5280 sections 4.1 and 5.1).
type signed struct {
	encoded, content []byte
	algorithm        []byte
	signature        []byte
}

func readSigned(input []byte, most int) (s signed, err error) {
	if len(input) > most {
		return s, errors.New("a signed DER value that is too long")
	}
	s.encoded = append([]byte(nil), input...)
	parts := Whole(s.encoded)
	s.content = parts.Element(TagSequence).Encoded
	s.algorithm = parts.Element(TagSequence).Encoded
	bits, unused := parts.BitString()
	parts.End()
	if parts.Err() == nil && (unused != 0 || !bytes.Equal(s.algorithm, ecdsaWithSHA256)) {
		parts.Failf("a signature other than one of ECDSA with SHA-256")
	}
	if parts.Err() != nil {
		return s, parts.Err()
	}
	s.signature, err = readSignature(bits)
	return s, err
}

// readSignature reads an ECDSA-Sig-Value (RFC 5480 appendix A).
func readSignature(bits []byte) ([]byte, error) {
	pair := Whole(bits)
	first, second := pair.Magnitude(32), pair.Magnitude(32)
	pair.End()
	if pair.Err() != nil {
		return nil, pair.Err()
	}
	signature := make([]byte, 64)
	copy(signature[32-len(first):], first)
	copy(signature[64-len(second):], second)
	return signature, nil
}

// ParseCertificate parses one certificate (RFC 5280 section 4.1), strictly; a critical extension that is not known is refused. Which
// extensions it must have depends on its place in a chain.
func ParseCertificate(input []byte) (*Certificate, error) {
	s, err := readSigned(input, mostCertificateBytes)
	if err != nil {
		return nil, err
	}
	r := Whole(s.content)
	version := r.OptionalExplicit(0)
	if version == nil || version.Integer(2) != 2 {
		r.Failf("not an X.509 version 3 certificate")
	} else {
		version.End()
	}
	c := &Certificate{Encoded: s.encoded, SignedBytes: s.content, Signature: s.signature}
	c.Serial = hex.EncodeToString(r.Magnitude(20))
	if algorithm := r.Element(TagSequence).Encoded; !bytes.Equal(algorithm, s.algorithm) {
		r.Failf("two different signature algorithms in one signed value")
	}
	c.Issuer = r.name()
	validity := r.Sequence()
	c.NotBefore, c.NotAfter = validity.Time(), validity.Time()
	validity.End()
	c.Subject = r.name()
	info := r.Element(TagSequence).Encoded
	if len(info) != len(spkiPrefix)+64 || !bytes.HasPrefix(info, spkiPrefix) {
		r.Failf("a public key other than an uncompressed P-256 point")
	} else {
		c.PublicKey = info[len(spkiPrefix):]
	}
	wrapper := r.OptionalExplicit(3)
	r.End()
	if wrapper == nil {
		r.Failf("a certificate without extensions")
		return nil, r.Err()
	}
	c.Extensions = wrapper.extensions()
	wrapper.End()
	if r.Err() != nil {
		return nil, r.Err()
	}
	return c, nil
}

// ParseRevocationList parses a revocation list (RFC 5280 section 5.1), strictly. A delta or indirect list marks itself with a
// critical extension, and is refused for that.
func ParseRevocationList(input []byte) (*RevocationList, error) {
	s, err := readSigned(input, MostListBytes)
	if err != nil {
		return nil, err
	}
	r := Whole(s.content)
	if r.Integer(255) != 1 {
		r.Failf("not an X.509 version 2 revocation list")
	}
	if algorithm := r.Element(TagSequence).Encoded; !bytes.Equal(algorithm, s.algorithm) {
		r.Failf("two different signature algorithms in one signed value")
	}
	l := &RevocationList{SignedBytes: s.content, Signature: s.signature, Revoked: map[string]bool{}}
	l.Issuer = r.name()
	l.ThisUpdate, l.NextUpdate = r.Time(), r.Time()
	if r.Peek() == TagSequence {
		list := r.Sequence()
		// RFC 5280 section 5.1.2.6: absent, not empty, when nothing is revoked.
		if list.Done() {
			r.Failf("an empty list of revoked certificates")
		}
		for !list.Done() {
			entry := list.Sequence()
			l.Revoked[hex.EncodeToString(entry.Magnitude(20))] = true
			entry.Time()
			if !entry.Done() {
				entry.extensions()
			}
			entry.End()
		}
	}
	wrapper := r.OptionalExplicit(0)
	if wrapper == nil {
		r.Failf("a revocation list without extensions")
		return nil, r.Err()
	}
	l.Extensions = wrapper.extensions()
	wrapper.End()
	r.End()
	if r.Err() != nil {
		return nil, r.Err()
	}
	return l, nil
}

func (r *Reader) name() Name {
	encoded := r.Element(TagSequence).Encoded
	if r.Err() != nil {
		return Name{}
	}
	name := Name{Encoded: encoded}
	whole := &Reader{left: encoded, depth: r.depth, mistake: r.mistake}
	names := whole.Sequence()
	for count := 0; !names.Done(); count++ {
		if count == mostNames {
			names.Failf("a distinguished name with over %d parts", mostNames)
		}
		relative := names.Set()
		attribute := relative.Sequence()
		relative.End()
		kind := attribute.Identifier()
		text := attribute.Text(256)
		attribute.End()
		if kind != "2.5.4.3" {
			continue
		}
		if name.CommonName != "" {
			names.Failf("a distinguished name with two common names")
		}
		name.CommonName = text
	}
	return name
}
