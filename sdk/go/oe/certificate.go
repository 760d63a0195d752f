package oe

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
)

// Binding says how the report of a certificate binds its key.
type Binding int

const (
	// BindKey is EGo's way: [ReportDataOfKey].
	BindKey Binding = iota
	// BindText is Open Enclave's way: [ReportDataOfText].
	BindText
)

// CreateCertificate creates a certificate that holds remote evidence about its key, in the extension [ReportExtension]. quote makes a
// quote over 64 bytes of report data: QuoteReportData of package enclave. A parent of nil makes the certificate sign itself; with
// another parent, signer is its key. public is the key that is certified.
func CreateCertificate(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer, binding Binding,
	quote func(reportData []byte) ([]byte, error)) ([]byte, error) {
	if template == nil || signer == nil || quote == nil {
		return nil, errors.New("oe: a certificate needs a template, a key that signs, and a source of quotes")
	}
	info, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	data := ReportDataOfKey(info)
	if binding == BindText {
		data = ReportDataOfText(info)
	}
	evidence, err := quote(data[:])
	if err != nil {
		return nil, err
	}
	with := *template
	with.ExtraExtensions = append(append([]pkix.Extension(nil), template.ExtraExtensions...),
		pkix.Extension{Id: ReportExtension, Value: EncodeReport(Remote, evidence)})
	if parent == nil {
		parent = &with
	}
	return x509.CreateCertificate(rand.Reader, &with, parent, public, signer)
}

// CertificateReport is the evidence in a certificate. It is not verified: the quote must be, for one of these report data.
type CertificateReport struct {
	Quote []byte
	// ReportData are what the quote must carry for the evidence to be about the key of the certificate: one of these.
	ReportData [][64]byte
}

// ErrNoReport is for a certificate without an extension of Open Enclave.
var ErrNoReport = errors.New("oe: the certificate holds no report")

// ReadCertificate finds the report or the evidence of Open Enclave in a certificate. Two extensions with different quotes are refused.
func ReadCertificate(c *x509.Certificate) (*CertificateReport, error) {
	var found *CertificateReport
	for _, extension := range c.Extensions {
		var one *CertificateReport
		var err error
		switch {
		case extension.Id.Equal(ReportExtension), extension.Id.Equal(OldReportExtension):
			one, err = ofReport(extension.Value, c.RawSubjectPublicKeyInfo)
		case extension.Id.Equal(EvidenceExtension), extension.Id.Equal(OldEvidenceExtension):
			if IsVersionNumber(extension.Value) {
				continue
			}
			one, err = ofEvidence(extension.Value, c.RawSubjectPublicKeyInfo)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		if found != nil && !bytes.Equal(found.Quote, one.Quote) {
			return nil, errors.New("oe: the certificate holds two quotes")
		}
		if found == nil {
			found = one
		}
	}
	if found == nil {
		return nil, ErrNoReport
	}
	return found, nil
}

// ofReport: EGo hashes the key in DER and writes the header. Without the header it is Azure's, which hashes as Open Enclave does.
func ofReport(value, info []byte) (*CertificateReport, error) {
	quote, hasHeader, err := ParseExtension(value)
	if err != nil {
		return nil, err
	}
	accepted := [][64]byte{ReportDataOfText(info)}
	if hasHeader {
		accepted = append(accepted, ReportDataOfKey(info))
	}
	return &CertificateReport{quote, accepted}, nil
}

func ofEvidence(value, info []byte) (*CertificateReport, error) {
	evidence, err := ParseEvidence(value)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(evidence.CustomClaims, KeyText(info)) {
		return nil, errors.New("oe: the evidence is about another key than that of the certificate")
	}
	return &CertificateReport{evidence.Quote, [][64]byte{hashed(evidence.CustomClaims)}}, nil
}
