package der

import (
	"bytes"
	"errors"
)

// Object identifiers of the extensions that a chain of DCAP uses (RFC 5280 section 4.2, Intel's PCK profile).
const (
	ExtensionSubjectKey  = "2.5.29.14"
	ExtensionKeyUsage    = "2.5.29.15"
	ExtensionConstraints = "2.5.29.19"
	ExtensionListNumber  = "2.5.29.20"
	extensionReason      = "2.5.29.21"
	ExtensionListPoints  = "2.5.29.31"
	ExtensionIssuerKey   = "2.5.29.35"
	ExtensionSGX         = "1.2.840.113741.1.13.1"
)

// Bits of KeyUsage (RFC 5280 section 4.2.1.3), the first as the lowest.
const (
	UsageDigitalSignature = 1
	UsageSignCertificates = 1 << 5
	UsageSignLists        = 1 << 6
)

const mostExtensions = 32

func isKnown(id string) bool {
	switch id {
	case ExtensionSubjectKey, ExtensionKeyUsage, ExtensionConstraints, ExtensionListNumber, extensionReason, ExtensionListPoints,
		ExtensionIssuerKey, ExtensionSGX:
		return true
	}
	return false
}

// extensions reads a SEQUENCE OF Extension. Duplicates and unknown critical ones are refused (RFC 5280 section 4.2).
func (r *Reader) extensions() map[string][]byte {
	found := map[string][]byte{}
	list := r.Sequence()
	if list.Done() {
		list.Failf("an empty list of extensions")
	}
	for !list.Done() {
		extension := list.Sequence()
		id := extension.Identifier()
		critical := extension.defaultFalse()
		value := extension.OctetString()
		extension.End()
		if _, isTwice := found[id]; isTwice || len(found) == mostExtensions {
			list.Failf("an extension that occurs twice, or more than %d", mostExtensions)
		}
		if critical && !isKnown(id) {
			list.Failf("the unknown critical extension %s", id)
		}
		found[id] = value
	}
	return found
}

// defaultFalse reads a BOOLEAN DEFAULT FALSE, which DER omits when it is false (X.690 section 11.5).
func (r *Reader) defaultFalse() bool {
	if r.Peek() != TagBoolean {
		return false
	}
	value := r.Boolean()
	if !value {
		r.Failf("a default value that is spelled out")
	}
	return value
}

// Constraints reads BasicConstraints (RFC 5280 section 4.2.1.9); pathLength is -1 when there is none.
func Constraints(value []byte) (isAuthority bool, pathLength int, err error) {
	fields := Whole(value)
	isAuthority, pathLength = fields.defaultFalse(), -1
	if !fields.Done() {
		pathLength = int(fields.Integer(255))
		fields.End()
		if !isAuthority {
			fields.Failf("a path length on a certificate that is not an authority")
		}
	}
	return isAuthority, pathLength, fields.Err()
}

// Usage reads KeyUsage. A named bit list ends in a set bit (X.690 section 11.2.2).
func Usage(value []byte) (usage int, err error) {
	outer := NewReader(value)
	bits, unused := outer.BitString()
	outer.End()
	if outer.Err() != nil {
		return 0, outer.Err()
	}
	if len(bits) == 0 || len(bits) > 2 || bits[len(bits)-1]>>unused&1 != 1 {
		return 0, errors.New("a key usage that is empty or not canonical")
	}
	for bit := 0; bit < min(9, 8*len(bits)); bit++ {
		if bits[bit/8]&(0x80>>(bit%8)) != 0 {
			usage |= 1 << bit
		}
	}
	return usage, nil
}

// KeysMatch tells whether both identifiers are there, and the issuer's key in issued is the subject's key of issuer (RFC 5280
// section 4.2.1.1).
func KeysMatch(issued, issuer map[string][]byte) bool {
	identifier, hasIdentifier := issued[ExtensionIssuerKey]
	subject, hasSubject := issuer[ExtensionSubjectKey]
	if !hasIdentifier || !hasSubject {
		return false
	}
	fields := Whole(identifier)
	first := fields.Element(0x80).Content
	outer := NewReader(subject)
	second := outer.OctetString()
	outer.End()
	return fields.Err() == nil && outer.Err() == nil && bytes.Equal(first, second)
}
