// Package eclient verifies the reports of enclaves in programs that are not enclaves themselves.
//
// It is pure Go: no library and no quote provider have to be installed. Intel's root is trusted, and other roots only by name: the
// environment variable ENCLOS_EGO_ROOTS is a file with the certificates of software platforms. Collateral comes from Intel, or from the
// file or the service that ENCLOS_EGO_COLLATERAL names.
package eclient

import (
	"crypto/tls"

	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/internal/ratls"
)

// VerifyRemoteReport finds out whether an enclave on a genuine platform made the report. The caller then checks what the report says:
// which enclave that is. attestation.ErrTCBLevelInvalid comes with the report of a platform that is not up to date; every other error comes
// without one, and is an *attestation.Error of enclos.invalid/sdk or says what is malformed.
func VerifyRemoteReport(reportBytes []byte) (attestation.Report, error) {
	return verifyRemoteReport(reportBytes)
}

// CreateAttestationClientTLSConfig returns a configuration for clients of enclaves: it accepts a server whose certificate holds a report
// about its key, in the form of EGo or of Open Enclave. verifyReport gets what the verified report says, and must check which enclave that
// is: UniqueID, or SignerID with ProductID, SecurityVersion and Debug.
func CreateAttestationClientTLSConfig(verifyReport func(attestation.Report) error, opts ...AttestOption) *tls.Config {
	var options ratls.Options
	for _, option := range opts {
		option.apply(&options)
	}
	return ratls.ClientConfig(verifyRemoteReport, options, verifyReport)
}

// AttestOption changes what CreateAttestationClientTLSConfig accepts.
type AttestOption struct{ apply func(*ratls.Options) }

// WithIgnoreTCBStatus accepts platforms that are not up to date, and those whose level is revoked. The function that checks the report must
// then look at TCBStatus.
func WithIgnoreTCBStatus() AttestOption {
	return AttestOption{func(o *ratls.Options) { o.IgnoreTCBStatus = true }}
}
