//go:build !ego_mock_eclient

package eclient

import (
	"enclos.invalid/sdk/enclave"
	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/internal/remote"
)

func verifyRemoteReport(report []byte) (attestation.Report, error) {
	// In an enclave the host chooses variables and files, and must not choose whom to trust.
	if enclave.Inside() {
		return remote.Inside().Verify(report)
	}
	return remote.Outside().Verify(report)
}
