// Package oe reads and writes reports and certificates in the forms of Open Enclave, which EGo and Azure Attestation use: the header of
// a report, the extension of a certificate that holds one, and evidence of version 3. Nothing of it verifies a quote: package
// attestation does.
package oe

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
)

// Kind says whom a report is for.
type Kind uint32

const (
	// Local reports are for an enclave of the same machine.
	Local Kind = 1
	// Remote reports hold a quote.
	Remote Kind = 2
)

const (
	reportVersion   = 1
	headerBytes     = 16
	evidenceVersion = 3
	// quoteFixedBytes is a quote's header, its report body, and the length of its signature data.
	quoteFixedBytes = 436
	// mostBytes is above what any quote or its collateral takes.
	mostBytes = 1 << 20
)

// Object identifiers of the extensions. The second of each pair is the old one; the signing certificates of Azure Attestation have it.
var (
	ReportExtension       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 105, 1}
	OldReportExtension    = asn1.ObjectIdentifier{1, 2, 840, 113556, 10, 1, 1}
	EvidenceExtension     = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 105, 2}
	OldEvidenceExtension  = asn1.ObjectIdentifier{1, 2, 840, 113556, 10, 1, 2}
	formatSGXECDSA        = []byte{0xa3, 0xa2, 0x1e, 0x87, 0x1b, 0x4d, 0x40, 0x14, 0xb7, 0x0a, 0xa1, 0x25, 0xd2, 0xfb, 0xcd, 0x8c}
	errReportOfOtherForm  = errors.New("not a report of Open Enclave")
	errEvidenceOfSomeForm = errors.New("not evidence of Open Enclave of version 3 and format SGX_ECDSA")
)

// EncodeReport puts the header before a report or a quote: u32 1, u32 kind, u64 size (oe_report_header_t).
func EncodeReport(kind Kind, body []byte) []byte {
	report := make([]byte, headerBytes, headerBytes+len(body))
	binary.LittleEndian.PutUint32(report, reportVersion)
	binary.LittleEndian.PutUint32(report[4:], uint32(kind))
	binary.LittleEndian.PutUint64(report[8:], uint64(len(body)))
	return append(report, body...)
}

// ParseReport returns what the header says, and the bytes after it, which it must count exactly.
func ParseReport(report []byte) (Kind, []byte, error) {
	if len(report) < headerBytes || len(report) > mostBytes || binary.LittleEndian.Uint32(report) != reportVersion {
		return 0, nil, errReportOfOtherForm
	}
	kind := Kind(binary.LittleEndian.Uint32(report[4:]))
	if kind != Local && kind != Remote || binary.LittleEndian.Uint64(report[8:]) != uint64(len(report)-headerBytes) {
		return 0, nil, errReportOfOtherForm
	}
	return kind, report[headerBytes:], nil
}

// ParseExtension returns the quote in an extension for reports. Three forms are in use: the report itself, the report in an OCTET
// STRING, and a quote without the header in an OCTET STRING, as Azure Attestation certifies its signing keys.
func ParseExtension(value []byte) (quote []byte, hasHeader bool, err error) {
	content := withoutOctetString(value)
	if beginsLikeQuote(content) {
		return content, false, nil
	}
	kind, quote, err := ParseReport(content)
	if err == nil && kind != Remote {
		err = errors.New("a report that is not for remote attestation")
	}
	return quote, true, err
}

// Evidence is a quote, and the custom claims that its report data is the hash of.
type Evidence struct{ Quote, CustomClaims []byte }

// ParseEvidence reads evidence with its header (oe_attestation_header_t): version, format, four bytes of alignment and size, then the
// quote, then the custom claims.
func ParseEvidence(evidence []byte) (*Evidence, error) {
	const header = 4 + 16 + 4 + 8
	if len(evidence) < header+quoteFixedBytes || len(evidence) > mostBytes ||
		binary.LittleEndian.Uint32(evidence) != evidenceVersion || !bytes.Equal(evidence[4:20], formatSGXECDSA) {
		return nil, errEvidenceOfSomeForm
	}
	data := evidence[header:]
	// The C structure is not packed, so the size, of 64 bits, is aligned. The bytes before it mean nothing.
	if binary.LittleEndian.Uint64(evidence[24:]) != uint64(len(data)) {
		return nil, errEvidenceOfSomeForm
	}
	size := uint64(quoteFixedBytes) + uint64(binary.LittleEndian.Uint32(data[quoteFixedBytes-4:]))
	if size > uint64(len(data)) {
		return nil, fmt.Errorf("a quote of %d bytes in evidence of %d", size, len(data))
	}
	return &Evidence{data[:size], data[size:]}, nil
}

// IsVersionNumber tells whether the value is a small INTEGER. Certificates of Azure Attestation have one in the extension whose
// identifier Open Enclave used for evidence.
func IsVersionNumber(value []byte) bool {
	return len(value) == 3 && value[0] == asn1.TagInteger && value[1] == 1
}

// beginsLikeQuote tells whether the bytes begin like a DCAP quote: of version 3 to 5, with a kind of attestation key that exists.
func beginsLikeQuote(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	version, key := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	return version >= 3 && version <= 5 && (key == 2 || key == 3)
}

func withoutOctetString(value []byte) []byte {
	var content []byte
	if len(value) == 0 || value[0] != asn1.TagOctetString {
		return value
	}
	if rest, err := asn1.Unmarshal(value, &content); err != nil || len(rest) > 0 {
		return value
	}
	return content
}

// ReportDataOfKey is the report data by which EGo binds a key: the SHA-256 of its SubjectPublicKeyInfo in DER, then zeros.
func ReportDataOfKey(publicKeyInfo []byte) [64]byte { return hashed(publicKeyInfo) }

// ReportDataOfText is that of Open Enclave: the SHA-256 of [KeyText], then zeros.
func ReportDataOfText(publicKeyInfo []byte) [64]byte { return hashed(KeyText(publicKeyInfo)) }

// KeyText is a key as Open Enclave hashes it: PEM with the zero byte that ends a string of C.
func KeyText(publicKeyInfo []byte) []byte {
	return append(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicKeyInfo}), 0)
}

func hashed(b []byte) (data [64]byte) {
	digest := sha256.Sum256(b)
	copy(data[:], digest[:])
	return data
}
