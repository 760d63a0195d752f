package enclave

import (
	"encoding/binary"
)

// Bits of Identity.Attributes (SDM vol. 3D, ATTRIBUTES structure).
const (
	AttributeInit  = 0x1
	AttributeDebug = 0x2
)

// The sizes of the structures of SGX, in bytes.
const (
	TargetInfoSize = 512
	ReportSize     = 432
	ReportDataSize = 64
	KeyRequestSize = 512

	bodySize = 384
)

// Identity is what a report says of an enclave (SDM vol. 3D, REPORT structure).
type Identity struct {
	CPUSVN          [16]byte
	MiscSelect      uint32
	ExtProductID    [16]byte
	Attributes      uint64
	XFRM            uint64
	MrEnclave       [32]byte
	MrSigner        [32]byte
	ConfigID        [64]byte
	ProductID       uint16
	SecurityVersion uint16
	ConfigSVN       uint16
	FamilyID        [16]byte
	ReportData      [ReportDataSize]byte
}

// Debug tells whether it is an enclave whose memory its host may read.
func (i *Identity) Debug() bool { return i.Attributes&AttributeDebug != 0 }

// TargetInfo returns the TARGETINFO with which another enclave makes a report for this one.
func (i *Identity) TargetInfo() []byte {
	b := make([]byte, TargetInfoSize)
	copy(b, i.MrEnclave[:])
	binary.LittleEndian.PutUint64(b[32:], i.Attributes)
	binary.LittleEndian.PutUint64(b[40:], i.XFRM)
	binary.LittleEndian.PutUint16(b[50:], i.ConfigSVN)
	binary.LittleEndian.PutUint32(b[52:], i.MiscSelect)
	copy(b[64:], i.ConfigID[:])
	return b
}

// reservedOfBody are the reserved bytes of a report body, as first and end.
var reservedOfBody = [][2]int{{20, 32}, {96, 128}, {160, 192}, {262, 304}}

// ParseReport reads REPORT, whose MAC only its target can check: see [VerifyReport]. Reserved bytes must be zero.
func ParseReport(report []byte) (*Identity, error) {
	if len(report) != ReportSize {
		return nil, &Error{Code: "SGX_STRUCTURE_INVALID", Message: "A report is 432 bytes."}
	}
	if !allZero(report, reservedOfBody) {
		return nil, &Error{Code: "SGX_RESERVED_NOT_ZERO", Message: "REPORT: reserved bytes are not zero."}
	}
	i := &Identity{
		MiscSelect:      binary.LittleEndian.Uint32(report[16:]),
		Attributes:      binary.LittleEndian.Uint64(report[48:]),
		XFRM:            binary.LittleEndian.Uint64(report[56:]),
		ProductID:       binary.LittleEndian.Uint16(report[256:]),
		SecurityVersion: binary.LittleEndian.Uint16(report[258:]),
		ConfigSVN:       binary.LittleEndian.Uint16(report[260:]),
	}
	copy(i.CPUSVN[:], report)
	copy(i.ExtProductID[:], report[32:])
	copy(i.MrEnclave[:], report[64:])
	copy(i.MrSigner[:], report[128:])
	copy(i.ConfigID[:], report[192:])
	copy(i.FamilyID[:], report[304:])
	copy(i.ReportData[:], report[320:])
	return i, nil
}

// The names of keys (SDM vol. 3D, KEYREQUEST KeyNames) and the bits of their policy (Key Request Policy structure).
const (
	KeyNameReport = 3
	KeyNameSeal   = 4

	KeyPolicyMrEnclave = 0x1
	KeyPolicyMrSigner  = 0x2

	knownPolicyBits = 0x3f
)

// KeyRequest selects the key that EGETKEY derives (SDM vol. 3D, Key Request).
type KeyRequest struct {
	Name            uint16
	Policy          uint16
	SecurityVersion uint16
	CPUSVN          [16]byte
	AttributeMask   uint64
	XFRMMask        uint64
	KeyID           [32]byte
	MiscMask        uint32
	ConfigSVN       uint16
}

var reservedOfKeyRequest = [][2]int{{6, 8}, {78, KeyRequestSize}}

// Encode returns KEYREQUEST, 512 bytes.
func (k *KeyRequest) Encode() []byte {
	b := make([]byte, KeyRequestSize)
	binary.LittleEndian.PutUint16(b, k.Name)
	binary.LittleEndian.PutUint16(b[2:], k.Policy)
	binary.LittleEndian.PutUint16(b[4:], k.SecurityVersion)
	copy(b[8:], k.CPUSVN[:])
	binary.LittleEndian.PutUint64(b[24:], k.AttributeMask)
	binary.LittleEndian.PutUint64(b[32:], k.XFRMMask)
	copy(b[40:], k.KeyID[:])
	binary.LittleEndian.PutUint32(b[72:], k.MiscMask)
	binary.LittleEndian.PutUint16(b[76:], k.ConfigSVN)
	return b
}

// ParseKeyRequest reads KEYREQUEST. Reserved bytes and bits of the policy must be zero.
func ParseKeyRequest(b []byte) (*KeyRequest, error) {
	if len(b) != KeyRequestSize {
		return nil, &Error{Code: "SGX_STRUCTURE_INVALID", Message: "A key request is 512 bytes."}
	}
	k := &KeyRequest{
		Name:            binary.LittleEndian.Uint16(b),
		Policy:          binary.LittleEndian.Uint16(b[2:]),
		SecurityVersion: binary.LittleEndian.Uint16(b[4:]),
		AttributeMask:   binary.LittleEndian.Uint64(b[24:]),
		XFRMMask:        binary.LittleEndian.Uint64(b[32:]),
		MiscMask:        binary.LittleEndian.Uint32(b[72:]),
		ConfigSVN:       binary.LittleEndian.Uint16(b[76:]),
	}
	copy(k.CPUSVN[:], b[8:])
	copy(k.KeyID[:], b[40:])
	if k.Policy&^knownPolicyBits != 0 || !allZero(b, reservedOfKeyRequest) {
		return nil, &Error{Code: "SGX_RESERVED_NOT_ZERO", Message: "KEYREQUEST: reserved bytes or bits are not zero."}
	}
	return k, nil
}

func allZero(b []byte, ranges [][2]int) bool {
	for _, r := range ranges {
		for _, value := range b[r[0]:r[1]] {
			if value != 0 {
				return false
			}
		}
	}
	return true
}
