// Package peer is what the two enclaves of this sample have in common: how one proves to the other, on the same machine, which enclave
// holds the key of a certificate.
package peer

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"enclos.invalid/sdk/enclave"
	"samples/internal/certificate"
)

// The products of the signer. Each side accepts the other product alone.
const (
	Server = 25
	Client = 26
)

// Introduction is what one enclave says of itself to another. Only its target can check the report.
type Introduction struct {
	// Certificate is DER.
	Certificate []byte
	// Report is about the certificate, and for the other enclave.
	Report []byte
	// Target is for whom the other has to make its report.
	Target []byte
}

// Own is the key of this enclave, and its certificate.
type Own struct{ tls.Certificate }

// New makes the key.
func New() (Own, error) {
	made, err := certificate.New()
	return Own{made}, err
}

// Introduce makes the introduction for the enclave of the target.
func (o Own) Introduce(target []byte) (*Introduction, error) {
	report, err := enclave.CreateReport(target, reportData(o.Leaf.Raw))
	if err != nil {
		return nil, err
	}
	own, err := enclave.TargetInfo()
	return &Introduction{Certificate: o.Leaf.Raw, Report: report, Target: own}, err
}

// Accept verifies an introduction: the key of the certificate was made in an enclave of this machine, which is of this product and of
// the signer of this enclave.
func Accept(shown *Introduction, product uint16) (*x509.Certificate, error) {
	// The report carries no challenge. It does not need one: the key is new with each start, and TLS proves that the peer has it.
	identity, err := enclave.VerifyReport(shown.Report, reportData(shown.Certificate))
	if err != nil {
		return nil, err
	}
	own, err := enclave.ReadIdentity()
	if err != nil {
		return nil, err
	}
	if identity.MrSigner != own.MrSigner || identity.ProductID != product {
		return nil, fmt.Errorf("enclave %x is not product %d of this signer", identity.MrEnclave, product)
	}
	return x509.ParseCertificate(shown.Certificate)
}

// MutualTLS is a configuration of either side: the peer must show one of these certificates.
func (o Own) MutualTLS(isAccepted func(certificate []byte) bool) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{o.Certificate},
		ClientAuth:   tls.RequireAnyClientCert,
		// Which certificates are good was settled by their reports. A resumed session would not ask.
		InsecureSkipVerify:     true,
		SessionTicketsDisabled: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || !isAccepted(state.PeerCertificates[0].Raw) {
				return errors.New("the certificate of the peer was not introduced")
			}
			return nil
		},
	}
}

// Only is for [Own.MutualTLS], with one peer.
func Only(accepted *x509.Certificate) func([]byte) bool {
	return func(shown []byte) bool { return bytes.Equal(shown, accepted.Raw) }
}

// reportData covers a tag of this protocol, so that a report for another purpose is never taken for one of these.
func reportData(certificate []byte) []byte {
	data := make([]byte, enclave.ReportDataSize)
	digest := sha256.Sum256(append([]byte("samples.local-attestation.v1\x00"), certificate...))
	copy(data, digest[:])
	return data
}
