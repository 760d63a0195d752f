package enclave

import (
	sdk "enclos.invalid/sdk/enclave"
	"enclos.invalid/sdk/oe"
	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/internal/remote"
)

// GetRemoteReport proves this enclave to anyone: a report that holds a quote. reportData are at most 64 bytes, and zero bytes follow them;
// give the hash of longer data.
func GetRemoteReport(reportData []byte) ([]byte, error) {
	quote, err := quoteOf(reportData)
	if err != nil {
		return nil, err
	}
	return oe.EncodeReport(oe.Remote, quote), nil
}

func quoteOf(reportData []byte) ([]byte, error) {
	data, err := padded(reportData)
	if err != nil {
		return nil, err
	}
	quote, err := sdk.QuoteReportData(data)
	return quote, outcome(err)
}

// VerifyRemoteReport finds out whether an enclave on a genuine platform made the report. The caller then checks what the report says:
// which enclave that is. attestation.ErrTCBLevelInvalid comes with the report of a platform that is not up to date; every other error comes
// without one.
//
// Platforms of Intel count, those under the root of the platform that this enclave runs on, and those under a root that is measured: the
// variable ENCLOS_EGO_ROOTS, with its value in enclave.json, names a file of the image. Collateral comes from the host, or from where
// ENCLOS_EGO_COLLATERAL says; it is not trusted.
func VerifyRemoteReport(reportBytes []byte) (attestation.Report, error) {
	if err := sdk.Boot(); err != nil {
		return attestation.Report{}, outcome(err)
	}
	return remote.Inside().Verify(reportBytes)
}
