package attestedtls

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"time"

	"enclos.invalid/sdk/internal/cbor"
	"enclos.invalid/sdk/internal/strictjson"
	"enclos.invalid/sdk/oe"
)

// Object identifiers of the extensions: interoperable RA-TLS, RFC 9999, and Gramine's. Gramine put the DER of an identifier where its
// content belongs, so that it reads with 0.6.9 before it.
var (
	taggedExtension = asn1.ObjectIdentifier{2, 23, 133, 5, 4, 9}
	cmwExtension    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 35}
	// Go's parser takes the first two arcs of Gramine's identifier, 06 09, as 0.6 and 9.
	gramineExtension = asn1.ObjectIdentifier{0, 6, 9, 42, 840, 113741, 1337, 6}
)

const (
	// quoteTag is the tag of a quote with claims; its neighbours are reports that a stranger could not verify.
	quoteTag          = 60_000
	mostClaimsBytes   = 4096
	mostClaims        = 16
	ownTag            = "enclos-atls/1"
	taggedType        = "application/vnd.enclos.tagged-evidence+cbor"
	evidenceIndicator = 0b100
	mostWrapped       = 135_168
)

// CertificateEvidence is the evidence in a certificate. It is not verified: the quote must be appraised for one of the report data.
type CertificateEvidence struct {
	Quote []byte
	// ReportData are what the quote must carry for the evidence to be about the key of the certificate: one of these.
	ReportData [][64]byte
	own        *ownClaims
}

// ownClaims are what claims say that bear our tag.
type ownClaims struct {
	role     Role
	issuedAt time.Time
}

// ReadCertificate reads the evidence in a certificate, of any form that RA-TLS libraries write: interoperable RA-TLS, RFC 9999,
// Gramine, and those of package oe, in this order of preference. Names, dates and signature of the certificate mean nothing.
//
// ATLS_CERTIFICATE_INVALID names the rule in Field.
func ReadCertificate(c *x509.Certificate) (*CertificateEvidence, error) {
	if c.Version != 3 {
		return nil, refuseCertificate("well-formed", nil)
	}
	var found *CertificateEvidence
	for _, extension := range c.Extensions {
		tagged := extension.Value
		switch {
		case extension.Id.Equal(taggedExtension):
		case extension.Id.Equal(cmwExtension):
			wrapped, err := unwrapCMW(extension.Value)
			if err != nil {
				return nil, refuseCertificate("well-formed-evidence", err)
			}
			if tagged = wrapped; tagged == nil {
				continue
			}
		default:
			continue
		}
		one, err := ofTagged(tagged, c.RawSubjectPublicKeyInfo)
		if err != nil {
			return nil, err
		}
		if found != nil && !bytes.Equal(found.Quote, one.Quote) {
			return nil, refuseCertificate("one-quote", nil)
		}
		found = one
	}
	if found != nil {
		return found, nil
	}
	for _, extension := range c.Extensions {
		if extension.Id.Equal(gramineExtension) {
			return &CertificateEvidence{Quote: extension.Value, ReportData: [][64]byte{oe.ReportDataOfKey(c.RawSubjectPublicKeyInfo)}}, nil
		}
	}
	report, err := oe.ReadCertificate(c)
	switch {
	case errors.Is(err, oe.ErrNoReport):
		return nil, refuseCertificate("evidence", nil)
	case err != nil:
		return nil, refuseCertificate("well-formed-evidence", err)
	}
	return &CertificateEvidence{Quote: report.Quote, ReportData: report.ReportData}, nil
}

// ofTagged reads DICE tagged evidence: a quote, and the claims that its report data is the hash of.
func ofTagged(tagged, publicKeyInfo []byte) (*CertificateEvidence, error) {
	r := cbor.NewReader(tagged)
	if r.Tag() != quoteTag || r.Array(2) != 2 {
		r.Failf("not a quote with claims")
	}
	quote := r.Bytes(mostQuote)
	claims := r.Bytes(mostClaimsBytes)
	r.End()
	if r.Err() != nil {
		return nil, refuseCertificate("well-formed-evidence", r.Err())
	}
	algorithm, digest, own, err := readClaims(claims)
	if err != nil {
		return nil, refuseCertificate("well-formed-evidence", err)
	}
	if !bytes.Equal(digest, digestOf(algorithm, publicKeyInfo)) {
		return nil, refuseCertificate("claims-for-this-key", nil)
	}
	return &CertificateEvidence{Quote: quote, ReportData: [][64]byte{claimsReportData(claims)}, own: own}, nil
}

// digestOf is by the number of the algorithm (RFC 6920 section 9.4, as CCC's documents use it); nil for another.
func digestOf(algorithm uint64, b []byte) []byte {
	switch algorithm {
	case 1:
		digest := sha256.Sum256(b)
		return digest[:]
	case 7:
		digest := sha512.Sum384(b)
		return digest[:]
	case 8:
		digest := sha512.Sum512(b)
		return digest[:]
	}
	return nil
}

func readClaims(claims []byte) (algorithm uint64, digest []byte, own *ownClaims, err error) {
	r := cbor.NewReader(claims)
	seen := map[string]bool{}
	texts := map[string]string{}
	var issuedAt uint64
	for left := r.Map(mostClaims); left > 0 && r.Err() == nil; left-- {
		name := r.Text(64)
		if seen[name] {
			r.Failf("a claim that occurs twice")
		}
		seen[name] = true
		switch name {
		case "pubkey-hash":
			algorithm, digest = readDigest(r)
		case "enclos-tag", "enclos-role":
			texts[name] = r.Text(64)
		case "enclos-issuer":
			texts[name] = r.Text(1024)
		case "enclos-configuration":
			texts[name] = r.Text(128)
		case "enclos-issued-at":
			issuedAt = r.Unsigned(0xff_ffff_ffff)
		default:
			r.Skip()
		}
	}
	r.End()
	if !seen["pubkey-hash"] {
		r.Failf("claims without the hash of a key")
	}
	if r.Err() != nil || texts["enclos-tag"] != ownTag {
		return algorithm, digest, nil, r.Err()
	}
	// Claims that bear our tag must be complete and have a known role, or they are refused: a key for another purpose must not pass as
	// the key of a peer without claims.
	role := texts["enclos-role"]
	isForTokens := role == "token-signer"
	if !seen["enclos-issued-at"] || isForTokens != seen["enclos-issuer"] || isForTokens != seen["enclos-configuration"] ||
		!isForTokens && role != string(Client) && role != string(Server) {
		return 0, nil, nil, errors.New("claims of ours that are incomplete, or for a role that is not known")
	}
	return algorithm, digest, &ownClaims{Role(role), time.Unix(int64(issuedAt), 0)}, nil
}

func readDigest(outer *cbor.Reader) (uint64, []byte) {
	r := cbor.NewReader(outer.Bytes(mostClaimsBytes))
	if r.Array(2) != 2 {
		r.Failf("not the hash of a key")
	}
	algorithm := r.Unsigned(0xffff)
	digest := r.Bytes(64)
	r.End()
	if digestOf(algorithm, nil) == nil {
		r.Failf("the hash of a key by another algorithm than SHA-2")
	}
	if r.Err() != nil {
		outer.Failf("%w", r.Err())
		return 0, nil
	}
	return algorithm, digest
}

// unwrapCMW returns the tagged evidence in an extension id-pe-cmw (RFC 9999), of the CBOR or the JSON form; nil for a well-formed record
// of another type, or one that states that it is not evidence.
func unwrapCMW(value []byte) ([]byte, error) {
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(value, &outer)
	if err != nil || len(rest) > 0 || outer.Class != asn1.ClassUniversal || outer.IsCompound {
		return nil, errors.New("not a record of a conceptual message wrapper")
	}
	var kind string
	var content []byte
	indicator := uint64(evidenceIndicator)
	switch outer.Tag {
	case asn1.TagOctetString:
		kind, content, indicator, err = readCBORRecord(outer.Bytes)
	case asn1.TagUTF8String:
		kind, content, indicator, err = readJSONRecord(string(outer.Bytes))
	default:
		err = errors.New("not a record of a conceptual message wrapper")
	}
	if err != nil || kind != taggedType || indicator&evidenceIndicator == 0 {
		return nil, err
	}
	return content, nil
}

func readCBORRecord(b []byte) (kind string, content []byte, indicator uint64, err error) {
	r := cbor.NewReader(b)
	count := r.Array(3)
	if count < 2 {
		r.Failf("a record of %d parts", count)
	}
	if r.Peek() == cbor.Text {
		kind = r.Text(255)
	} else {
		r.Unsigned(0xffff)
	}
	content, indicator = r.Bytes(mostWrapped), evidenceIndicator
	if count == 3 {
		indicator = r.Unsigned(0xffff_ffff)
	}
	r.End()
	return kind, content, indicator, r.Err()
}

func readJSONRecord(text string) (kind string, content []byte, indicator uint64, err error) {
	value, err := strictjson.Parse(text, 2*mostWrapped)
	if err != nil {
		return "", nil, 0, err
	}
	parts, _ := value.([]any)
	indicator = evidenceIndicator
	isRecord := len(parts) == 2 || len(parts) == 3
	if isRecord {
		var isKind, isContent bool
		var encoded string
		kind, isKind = parts[0].(string)
		encoded, isContent = parts[1].(string)
		content, err = base64.RawURLEncoding.Strict().DecodeString(encoded)
		isRecord = isKind && isContent && err == nil && len(kind) <= 255 && len(content) <= mostWrapped
	}
	if isRecord && len(parts) == 3 {
		number, isNumber := parts[2].(float64)
		isRecord = isNumber && number >= 0 && number <= 1<<53-1 && number == float64(uint64(number))
		indicator = uint64(number)
	}
	if !isRecord {
		return "", nil, 0, errors.New("not a record of a conceptual message wrapper")
	}
	return kind, content, indicator, nil
}

// encodeClaims are our claims for a key: the report data of its quote is their SHA-256.
func encodeClaims(publicKeyInfo []byte, role Role, issuedAt time.Time) []byte {
	return cbor.EncodeMap(map[string][]byte{
		"pubkey-hash":      cbor.EncodeBytes(cbor.EncodeArray(cbor.EncodeUnsigned(1), cbor.EncodeBytes(digestOf(1, publicKeyInfo)))),
		"enclos-tag":       cbor.EncodeText(ownTag),
		"enclos-role":      cbor.EncodeText(string(role)),
		"enclos-issued-at": cbor.EncodeUnsigned(uint64(issuedAt.Unix())),
	})
}

// claimsReportData are the report data of a quote with claims: their SHA-256, then zeros.
func claimsReportData(claims []byte) (data [64]byte) {
	copy(data[:], digestOf(1, claims))
	return data
}
