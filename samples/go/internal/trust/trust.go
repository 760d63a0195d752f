// Package trust says whom a client believes. It is read from files that the owner of the client has made: nothing of it comes from the
// server, except for what a trusted root has signed.
package trust

import (
	"flag"
	"os"
	"time"

	"enclos.invalid/sdk/attestation"
	"enclos.invalid/sdk/attestedtls"
)

// Trust is whose platforms and which enclaves a client accepts.
type Trust struct {
	roots        []attestation.Root
	policy       *attestation.Policy
	endorsements *attestation.Endorsements
}

// Flags defines the flags with the names of the files. Call the function that it returns after flag.Parse.
func Flags() func() (*Trust, error) {
	root := flag.String("root", "root.pem", "the root of the platforms that this client trusts")
	policy := flag.String("policy", "policy.json", "which enclaves it accepts")
	collateral := flag.String("collateral", "collateral.json", "what the root has signed about its platforms")
	return func() (*Trust, error) { return read(*root, *policy, *collateral) }
}

func read(rootFile, policyFile, collateralFile string) (*Trust, error) {
	var texts [3][]byte
	for i, file := range []string{rootFile, policyFile, collateralFile} {
		var err error
		if texts[i], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	root, err := attestation.SoftwareRoot(texts[0])
	if err != nil {
		return nil, err
	}
	policy, err := attestation.ParsePolicy(texts[1])
	if err != nil {
		return nil, err
	}
	endorsements, err := attestation.ParseCollateral(texts[2])
	if err != nil {
		return nil, err
	}
	return &Trust{[]attestation.Root{root}, policy, endorsements}, nil
}

// Appraise verifies a quote and decides about it. The quote must be about this purpose, nonce and key.
func (t *Trust) Appraise(quote []byte, purpose string, nonce, key []byte) (*attestation.Evidence, error) {
	data, err := attestation.BoundReportData(purpose, nonce, key)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	verdict, err := attestation.VerifyQuote(quote, t.endorsements, attestation.VerifyOptions{Roots: t.roots, Now: now})
	if err != nil {
		return nil, err
	}
	return attestation.Appraise(verdict, t.policy, attestation.BoundTo(data), now)
}

// Appraiser does the same for connections of attested TLS.
func (t *Trust) Appraiser() attestedtls.Appraiser {
	return attestedtls.QuoteAppraiser(attestedtls.QuoteAppraiserOptions{
		Roots:        t.roots,
		Policy:       t.policy,
		Endorsements: func() (*attestation.Endorsements, error) { return t.endorsements, nil },
	})
}
