package enclave

import (
	"enclos.invalid/sdk/edl"
	"enclos.invalid/sdk/internal/link"
)

const (
	hostTable = 1
	// hostCollateral is the function of the host for programs, after those of every enclave (packages/runtime/host/src/services).
	hostCollateral = 8
	// mostCollateral is the most of it in characters, and in UTF-8 no more than three bytes each.
	mostCollateral = 262_144
)

// Collateral asks the host for the endorsements of its platform: JSON in the shape of QuoteCollateralV3, for ParseCollateral of package
// attestation. The host may answer with anything and the verifier checks the signatures, so nothing is trusted that was not before.
// The host has none when its platform is endorsed elsewhere (ENDORSEMENTS_ELSEWHERE), or is not one that makes quotes.
func Collateral() ([]byte, error) {
	if err := Boot(); err != nil {
		return nil, err
	}
	answer, err := link.Host(hostTable, hostCollateral, nil, 0, 3*mostCollateral+4)
	if err != nil {
		return nil, err
	}
	reader := edl.NewReader(answer, "collateral")
	text := reader.String(0, mostCollateral)
	if err := reader.End(); err != nil {
		return nil, err
	}
	return []byte(text), nil
}
