package attestation

import (
	"strings"

	"enclos.invalid/sdk/internal/der"
)

// Origin is what a quote says of the platform that made it: enough to ask for its collateral. Nothing of it is verified.
type Origin struct {
	// FMSPC is the platform family, which chooses the TCB info.
	FMSPC [6]byte
	// CA is which authority of Intel's certified the platform, "processor" or "platform": each has its own revocation list.
	CA string
	// Root is in which root the chain of the quote ends.
	Root Root
}

// ReadOrigin reads the PCK chain in a quote. EVIDENCE_REFUSED is for what is not a quote, or does not carry its chain.
func ReadOrigin(evidence []byte) (*Origin, error) {
	q, err := readQuote(evidence, false)
	if err != nil {
		return nil, err
	}
	chain, err := readChain(q, nil)
	if err != nil {
		return nil, err
	}
	if err := checkShape(chain); err != nil {
		return nil, err
	}
	const step = "pck-certificate"
	extension, has := chain[0].Extensions[der.ExtensionSGX]
	if !has {
		return nil, refuse(step, "SGX_PCK_INVALID_EXTENSIONS", "The PCK certificate has no SGX extension.")
	}
	platform, err := parseSGXExtension(extension)
	if err != nil {
		return nil, refuseBecause(step, "SGX_PCK_INVALID_EXTENSIONS", "The SGX extension of the PCK certificate", err)
	}
	origin := &Origin{FMSPC: platform.FMSPC, CA: "processor", Root: rootOf(chain[2])}
	if strings.Contains(chain[1].Subject.CommonName, "Platform") {
		origin.CA = "platform"
	}
	return origin, nil
}
