package attestation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// A quote is about 4.7 KiB; the QE authentication data may add 64 KiB.
	mostQuoteBytes  = 262_144
	headerBytes     = 48
	descriptorBytes = 6
	reportBytes     = 384
	// chainData is the type of certification data that is a PCK chain in PEM, and reportData that of what versions 4 and 5 put around
	// everything that certifies the attestation key (Intel DCAP, Quote Library Reference, appendix A.4).
	chainData  = 5
	reportData = 6
	// trustDomain is the TEE of a quote of a TD (appendix A.3).
	trustDomain = 0x81
)

var intelVendor = []byte{0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07}

// quote is a parsed quote (QVL, QuoteStructures.h). Byte fields are views of one copy.
type quote struct {
	version           int
	report            Report
	signedBytes       []byte
	signature         []byte
	attestationKey    []byte
	qeReportBytes     []byte
	qeReport          Report
	qeReportSignature []byte
	qeAuthData        []byte
	certificationType int
	certification     []byte
}

// Report is the body of a REPORT (SDM vol. 3D). Reserved bytes are not in it: newer processors may give them a meaning.
type Report struct {
	CPUSVN            [16]byte
	MiscSelect        uint32
	ExtendedProductID [16]byte
	Flags, XFRM       uint64
	MRENCLAVE         [32]byte
	MRSIGNER          [32]byte
	ConfigID          [64]byte
	ProductID         uint16
	SecurityVersion   uint16
	ConfigSVN         uint16
	FamilyID          [16]byte
	ReportData        [64]byte
}

// Attributes of an enclave (SDM vol. 3D, ATTRIBUTES).
const (
	attributeDebug = 1 << 1
	attributeKSS   = 1 << 7
)

// IsDebug tells whether a debugger can read the memory of the enclave.
func (r *Report) IsDebug() bool { return r.Flags&attributeDebug != 0 }

// parseReport reads 384 bytes.
func parseReport(b []byte) (r Report) {
	copy(r.CPUSVN[:], b)
	r.MiscSelect = binary.LittleEndian.Uint32(b[16:])
	copy(r.ExtendedProductID[:], b[32:])
	r.Flags, r.XFRM = binary.LittleEndian.Uint64(b[48:]), binary.LittleEndian.Uint64(b[56:])
	copy(r.MRENCLAVE[:], b[64:])
	copy(r.MRSIGNER[:], b[128:])
	copy(r.ConfigID[:], b[192:])
	r.ProductID, r.SecurityVersion = binary.LittleEndian.Uint16(b[256:]), binary.LittleEndian.Uint16(b[258:])
	r.ConfigSVN = binary.LittleEndian.Uint16(b[260:])
	copy(r.FamilyID[:], b[304:])
	copy(r.ReportData[:], b[320:])
	return r
}

// cursor reads fixed lengths. After the first one that is too long, all others are nil.
type cursor struct {
	left []byte
	err  error
}

func (c *cursor) take(size int, what string) []byte {
	if c.err == nil && len(c.left) < size {
		c.err = fmt.Errorf("%s wants %d bytes, %d are left", what, size, len(c.left))
	}
	if c.err != nil {
		return nil
	}
	taken := c.left[:size:size]
	c.left = c.left[size:]
	return taken
}

func (c *cursor) u16(what string) int {
	if b := c.take(2, what); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) u32(what string) int {
	if b := c.take(4, what); b != nil {
		return int(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (c *cursor) fail(what string) {
	if c.err == nil {
		c.err = errors.New(what)
	}
}

// parseQuote parses a quote of an SGX enclave. Extra bytes inside it are never accepted, those after it only on request.
func parseQuote(input []byte, allowTrailing bool) (*quote, error) {
	encoded := append([]byte(nil), input...)
	c := &cursor{left: encoded}
	if len(encoded) < headerBytes {
		return nil, errors.New("the header is not whole")
	}
	q := &quote{version: c.u16("the version")}
	if q.version < 3 || q.version > 5 {
		return nil, fmt.Errorf("version %d is not known", q.version)
	}
	if c.u16("the key type") != 2 {
		return nil, errors.New("the attestation key is not ECDSA P-256")
	}
	switch c.u32("the TEE") {
	case 0:
	case trustDomain:
		return nil, errors.New("it is one of a TDX trust domain, which this package does not verify")
	default:
		return nil, errors.New("it is not one of an SGX enclave")
	}
	c.take(headerBytes-8, "the header")
	signedBytes := headerBytes + reportBytes
	if q.version == 5 {
		signedBytes += descriptorBytes
		if c.u16("the type of the body") != 1 || c.u32("the length of the body") != reportBytes {
			c.fail("the body is not one of an SGX enclave")
		}
	}
	report := c.take(reportBytes, "the body")
	size := c.u32("the length of the signature data")
	data := c.take(size, "the signature data")
	if len(c.left) > 0 && !allowTrailing {
		c.fail("bytes follow its end")
	}
	if c.err != nil {
		return nil, c.err
	}
	q.report, q.signedBytes = parseReport(report), encoded[:signedBytes]
	return q, q.parseSignature(data)
}

func (q *quote) vendor() []byte { return q.signedBytes[12:28] }

func (q *quote) parseSignature(data []byte) error {
	c := &cursor{left: data}
	q.signature, q.attestationKey = c.take(64, "the signature"), c.take(64, "the attestation key")
	if q.version > 3 {
		if c.u16("the type of the certification data") != reportData {
			c.fail("the certification data is not that of a QE report")
		}
		if size := c.u32("the length of the certification data"); size != len(c.left) {
			c.fail("the certification data is shorter or longer than it says")
		}
	}
	q.qeReportBytes = c.take(reportBytes, "the QE report")
	q.qeReportSignature = c.take(64, "the signature of the QE report")
	q.qeAuthData = c.take(c.u16("the length of the QE authentication data"), "the QE authentication data")
	q.certificationType = c.u16("the type of the certification data")
	q.certification = c.take(c.u32("the length of the certification data"), "the certification data")
	if len(c.left) > 0 {
		c.fail("bytes follow the certification data")
	}
	if c.err == nil {
		q.qeReport = parseReport(q.qeReportBytes)
	}
	return c.err
}

// readQuote is step 1: it parses a quote, and checks what does not depend on its PCK chain.
func readQuote(input []byte, allowTrailing bool) (*quote, error) {
	const step, status = "quote-format", "UNSUPPORTED_QUOTE_FORMAT"
	if len(input) > mostQuoteBytes {
		return nil, refuse(step, status, fmt.Sprintf("The quote is over %d bytes.", mostQuoteBytes))
	}
	q, err := parseQuote(input, allowTrailing)
	if err != nil {
		return nil, refuseBecause(step, status, "The quote is not well-formed", err)
	}
	if !bytes.Equal(q.vendor(), intelVendor) {
		return nil, refuse(step, status, "The quoting enclave is of an unknown vendor.")
	}
	if q.certificationType < 1 || q.certificationType > chainData {
		return nil, refuse(step, status, fmt.Sprintf("Certification data of type %d is not known.", q.certificationType))
	}
	return q, nil
}
