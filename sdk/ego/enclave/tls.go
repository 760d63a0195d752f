package enclave

import (
	"crypto/tls"
	"crypto/x509"

	"enclos.invalid/sdk/oe"
	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/internal/ratls"
)

// CreateAttestationCertificate certifies pub, with a report about it in the certificate. priv is the key of parent, which may be the
// template itself.
func CreateAttestationCertificate(template, parent *x509.Certificate, pub, priv any) ([]byte, error) {
	return ratls.Certificate(oe.BindKey, quoteOf, template, parent, pub, priv)
}

// CreateAttestationCertificateInOpenEnclaveFormat does the same with a report that clients of Open Enclave accept as well.
func CreateAttestationCertificateInOpenEnclaveFormat(template, parent *x509.Certificate, pub, priv any) ([]byte, error) {
	return ratls.Certificate(oe.BindText, quoteOf, template, parent, pub, priv)
}

// CreateAttestationServerTLSConfig returns a configuration with a new key and a certificate that holds a report about it.
func CreateAttestationServerTLSConfig() (*tls.Config, error) {
	return ratls.ServerConfig(oe.BindKey, quoteOf)
}

// CreateAttestationServerTLSConfigInOpenEnclaveFormat does the same with a report that clients of Open Enclave accept as well.
func CreateAttestationServerTLSConfigInOpenEnclaveFormat() (*tls.Config, error) {
	return ratls.ServerConfig(oe.BindText, quoteOf)
}

// CreateAttestationClientTLSConfig returns a configuration for clients of enclaves: it accepts a server whose certificate holds a report
// about its key, in the form of EGo or of Open Enclave. verifyReport gets what the verified report says, and must check which enclave that
// is: UniqueID, or SignerID with ProductID, SecurityVersion and Debug.
func CreateAttestationClientTLSConfig(verifyReport func(attestation.Report) error, opts ...AttestOption) *tls.Config {
	var options ratls.Options
	for _, option := range opts {
		option.apply(&options)
	}
	return ratls.ClientConfig(VerifyRemoteReport, options, verifyReport)
}

// AttestOption changes what CreateAttestationClientTLSConfig accepts.
type AttestOption struct{ apply func(*ratls.Options) }

// WithIgnoreTCBStatus accepts platforms that are not up to date, and those whose level is revoked. The function that checks the report must
// then look at TCBStatus.
func WithIgnoreTCBStatus() AttestOption {
	return AttestOption{func(o *ratls.Options) { o.IgnoreTCBStatus = true }}
}
