// Package ratls makes the TLS configurations of EGo: certificates with a report about their key, and clients that verify them.
package ratls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"time"

	"enclos.invalid/sdk/oe"
	"github.com/edgelesssys/ego/attestation"
)

// Options are those of a client.
type Options struct{ IgnoreTCBStatus bool }

// ClientConfig accepts servers whose certificate holds a genuine report about its key that check accepts. Both forms of certificates that
// EGo writes are read, and evidence of Open Enclave.
func ClientConfig(verify func([]byte) (attestation.Report, error), options Options, check func(attestation.Report) error) *tls.Config {
	return &tls.Config{
		// The report is what the client trusts, not a certificate authority.
		InsecureSkipVerify: true,
		VerifyPeerCertificate: func(certificates [][]byte, _ [][]*x509.Certificate) error {
			if check == nil {
				return errors.New("without a function that checks the report, any enclave would be accepted")
			}
			if len(certificates) == 0 {
				return errors.New("the server has no certificate")
			}
			report, err := verifyCertificate(certificates[0], verify, options)
			if err != nil {
				return err
			}
			return check(report)
		},
	}
}

func verifyCertificate(encoded []byte, verify func([]byte) (attestation.Report, error), options Options) (attestation.Report, error) {
	none := attestation.Report{}
	certificate, err := x509.ParseCertificate(encoded)
	if err != nil {
		return none, err
	}
	// It is its own root: what is checked are its dates and critical extensions.
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots}); err != nil {
		return none, err
	}
	held, err := oe.ReadCertificate(certificate)
	if err != nil {
		return none, err
	}
	report, err := verify(oe.EncodeReport(oe.Remote, held.Quote))
	if err != nil && !(options.IgnoreTCBStatus && errors.Is(err, attestation.ErrTCBLevelInvalid)) {
		return none, err
	}
	if !slices.ContainsFunc(held.ReportData, func(data [64]byte) bool { return slices.Equal(data[:], report.Data) }) {
		return none, errors.New("the report is about another key than that of the certificate")
	}
	return report, nil
}

// ServerConfig has a new key, and a certificate that signs itself and holds a report about that key.
func ServerConfig(binding oe.Binding, quote func([]byte) ([]byte, error)) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "EGo"},
		// Clocks of clients differ.
		NotBefore: now.Add(-time.Hour),
		NotAfter:  now.AddDate(1, 0, 0),
	}
	certificate, err := oe.CreateCertificate(template, nil, key.Public(), key, binding, quote)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}, nil
}

// Certificate certifies pub with a report about it. priv is the key of parent.
func Certificate(binding oe.Binding, quote func([]byte) ([]byte, error), template, parent *x509.Certificate, pub, priv any) ([]byte, error) {
	signer, isSigner := priv.(crypto.Signer)
	if !isSigner {
		return nil, errors.New("the private key does not sign")
	}
	if parent == template {
		parent = nil
	}
	return oe.CreateCertificate(template, parent, pub, signer, binding, quote)
}
